/** How a mock vendor fails, and how such a failure goes over the wire. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** Long enough for the client to read the first half of a body: a reset discards what is still in transit. */
const RESET_BODY_AFTER_MS = 20;

/** A failure as plain data. Its parts can be combined; an empty fault is none. */
export interface Fault {
  /** Waits before anything else. Alone it only delays: the event is processed. */
  delayMs?: number;
  /** Overrides the response; what is absent is the vendor's own, or status 200 if the event is not processed. */
  response?: { status?: number; headers?: Record<string, string>; body?: string };
  /** Pads the body of the response with spaces, which leaves JSON valid. */
  bodyBytes?: number;
  /** Sends the head of the response immediately and its body byte by byte. */
  trickleBytesPerSecond?: number;
  /** Sends the head of the response byte by byte as well. */
  trickleHead?: true;
  /** Never responds. */
  hang?: true;
  /** Resets the connection: before the request's body is read, after it, or halfway through the response's body. */
  reset?: 'before' | 'after' | 'body';
  /** Whether the vendor processes the request, although the sender may never learn of it. */
  processed?: boolean;
}

/** By default only a slow vendor processes the request. */
export const isProcessed = ({ delayMs, processed, ...failure }: Fault): boolean =>
  processed ?? Object.keys(failure).length === 0;

/** A response on its way to the sender. */
export interface OutgoingResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export const overrideResponse = async (
  response: Response,
  { response: override = {}, bodyBytes = 0 }: Fault,
): Promise<OutgoingResponse> => {
  const body = Buffer.from((override.body ?? (await response.text())).padEnd(bodyBytes));
  const headers = new Headers(response.headers);
  headers.set('Content-Length', String(body.length));
  for (const [name, value] of Object.entries(override.headers ?? {})) headers.set(name, value);
  return { status: override.status ?? response.status, headers, body };
};

export const sendResponse = async (
  { status, headers, body }: OutgoingResponse,
  outgoing: ServerResponse,
  { reset, trickleBytesPerSecond, trickleHead }: Fault,
  resetConnection: () => void,
): Promise<void> => {
  outgoing.statusCode = status;
  outgoing.setHeaders(headers);
  if (reset === 'body') {
    outgoing.write(body.subarray(0, body.length / 2));
    await sleep(RESET_BODY_AFTER_MS);
    resetConnection();
  } else if (trickleBytesPerSecond && trickleHead) {
    const { socket } = outgoing.req as IncomingMessage;
    await trickle(socket, Buffer.concat([serializeHead(outgoing), body]), trickleBytesPerSecond);
  } else if (trickleBytesPerSecond) {
    await trickle(outgoing, body, trickleBytesPerSecond);
  } else {
    outgoing.end(body);
  }
};

/** Status line and headers. */
const serializeHead = (outgoing: ServerResponse): Buffer => {
  const headers = Object.entries(outgoing.getHeaders()).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`HTTP/1.1 ${outgoing.statusCode} \r\n${headers.join('')}Connection: close\r\n\r\n`);
};

const trickle = async (stream: Writable, bytes: Buffer, bytesPerSecond: number): Promise<void> => {
  for (const byte of bytes) {
    if (stream.destroyed) return;
    stream.write(Uint8Array.of(byte));
    await sleep(1000 / bytesPerSecond, undefined, { ref: false });
  }
  stream.end();
};
