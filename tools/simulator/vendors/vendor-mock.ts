/**
 * Embedded destinations: servers on loopback that take, validate and answer as a vendor's vendor does, record what
 * arrived, and injectFault on request.
 *
 * Not reproduced: HTTP/2, rate limits, quotas, and anything that happens after the vendor has answered.
 */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { Hono } from 'hono';
import { type Certificate, createCertificate } from './certificate.ts';

const RECORDED_BODY_CHARACTERS = 64_000;
/** Long enough for the client to read the first half of a body before the reset, which discards what is under way. */
const RESET_BODY_AFTER_MS = 20;
const MISBEHAVING = 'This destination was told to fail and has not processed the event.';

/** An event in terms every destination shares. */
export interface VendorEvent {
  /** What the sender identified it by; '' if by nothing. */
  id: string;
  type: 'SignUp' | 'Login' | 'other';
  userId: string;
  payload: unknown;
}

export interface AcceptedEvent extends VendorEvent {
  /** The destination had taken it before. */
  duplicate: boolean;
}

/** What the server hands to a vendor with each request. */
export interface VendorEnv {
  Bindings: { accept: Accept };
}

/** Takes an event. A repetition is known by `dedupeKey`: by default the id, and '' is never one. */
export type Accept = (event: VendorEvent, dedupeKey?: string) => void;

/** What is peculiar to one vendor; everything else is shared. */
export interface Vendor {
  /** Name of the Action that sends here. */
  name: string;
  /** Validates and answers as the vendor does; calls `c.env.accept` for each event it takes. */
  app: Hono<VendorEnv>;
  /** The secrets that point the Action here. */
  secrets(at: { url: string; caCertificate: string | undefined }): Record<string, string>;
  /** What the Action records with these secrets. */
  records: ReadonlyArray<'SignUp' | 'Login'>;
  /** What its answers mean, in the vendor's terms, for `npm run doctor`. The first that applies. */
  answers: readonly Answer[];
  /** True where the vendor's own servers come with a certificate that no public authority has signed. */
  tls?: true;
}

/** How often a fault is injected. */
export interface FaultOptions {
  /** Number of requests; all by default. */
  readonly count?: number | undefined;
  /** Number of requests that are answered normally first; 0 by default. */
  readonly skip?: number | undefined;
}

/** What an answer means, and who must change what. */
export interface Answer {
  readonly status: number;
  /** How its text begins, where the status alone does not tell. */
  readonly text?: string;
  readonly means: string;
}

/** How a destination misbehaves: plain data, parts can be combined. An empty fault is none. */
export interface Fault {
  /** Waits before anything else. Alone it is no more than that: the event is taken and answered. */
  delayMs?: number;
  /** Answers this; what is left out is the vendor's own, or without `taken` a 200 with some text. */
  response?: { status?: number; headers?: Record<string, string>; body?: string };
  /** Fills the body of the answer up with spaces, which leaves JSON valid. */
  bodyBytes?: number;
  /** Sends the head of the answer at once and its body byte by byte. */
  trickleBytesPerSecond?: number;
  /** Drips the head of the answer, too. */
  trickleHead?: true;
  /** Never answers. */
  hang?: true;
  /** Resets the connection: before the request's body is read, after it, or half way through the answer's body. */
  reset?: 'before' | 'after' | 'body';
  /** Whether the vendor sees the request, so that events are processed although the sender may never learn of it. */
  processed?: boolean;
}

export interface ReceivedRequest {
  /** ISO 8601. */
  at: string;
  method: string;
  /** With the query. */
  path: string;
  /** By lower-case name. */
  headers: Record<string, string>;
  /** Decompressed; the beginning of it if it is long. */
  body: string;
  /** Undefined as long as no answer was begun. */
  status: number | undefined;
  accepted: AcceptedEvent[];
}

export interface VendorMock {
  name: string;
  url: string;
  /** PEM; undefined without TLS. */
  caCertificate: string | undefined;
  secrets: Record<string, string>;
  records: Vendor['records'];
  requests: readonly ReceivedRequest[];
  /** Every event processed, duplicates included, in order. */
  events: readonly AcceptedEvent[];
  /** How many connections were accepted. */
  readonly connections: number;
  /** Injects a fault into the next requests; `undefined` ends it. */
  injectFault(fault: Fault | undefined, options?: FaultOptions): void;
  /** Closes the connections on which no request is under way, as servers do after a while. */
  closeIdleConnections(): void;
  /** Forgets requests, events and the count of connections, and is well again. */
  reset(): void;
  close(): Promise<void>;
}

export interface VendorMockOptions {
  /** True makes a certificate for the occasion. */
  tls?: boolean | Certificate;
  /** A free one by default. */
  port?: number;
}

export const startVendorMock = async (
  vendor: Vendor,
  { tls = false, port = 0 }: VendorMockOptions = {},
): Promise<VendorMock> => {
  const certificate = tls === true ? await createCertificate() : tls || undefined;
  const requests: ReceivedRequest[] = [];
  const events: AcceptedEvent[] = [];
  const dedupeKeys = new Set<string>();
  const sockets = new Map<number | undefined, Socket>();
  let connections = 0;
  let activeFault: { fault: Fault; count: number; skip: number } | undefined;

  const nextFault = (): Fault => {
    if (!activeFault || activeFault.skip-- > 0) return {};
    return activeFault.count-- > 0 ? activeFault.fault : {};
  };

  // By port, because a TLS socket cannot be reset: only the TCP socket under it can.
  const resetConnection = ({ socket }: IncomingMessage) => sockets.get(socket.remotePort)?.resetAndDestroy();

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const fault = nextFault();
    const request: ReceivedRequest = {
      at: new Date().toISOString(),
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: Object.fromEntries(
        Object.entries(incoming.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
      ),
      body: '',
      status: undefined,
      accepted: [],
    };
    requests.push(request);

    if (fault.reset === 'before') {
      resetConnection(incoming);
      return;
    }
    const sent = await buffer(incoming);
    const body = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    request.body = body.toString().slice(0, RECORDED_BODY_CHARACTERS);

    if (fault.delayMs) await sleep(fault.delayMs, undefined, { ref: false });
    const response = isTaken(fault) ? await ask(request, body) : new Response(MISBEHAVING);
    if (fault.hang) return;
    if (fault.reset === 'after') {
      resetConnection(incoming);
      return;
    }
    const answer = Buffer.from(
      (fault.response?.body ?? (await response.text())).padEnd(fault.bodyBytes ?? 0),
    );
    request.status = fault.response?.status ?? response.status;
    outgoing.statusCode = request.status;
    outgoing.setHeaders(response.headers).setHeader('Content-Length', answer.length);
    for (const [name, value] of Object.entries(fault.response?.headers ?? {}))
      outgoing.setHeader(name, value);

    if (fault.reset === 'body') {
      outgoing.write(answer.subarray(0, answer.length / 2));
      await sleep(RESET_BODY_AFTER_MS);
      resetConnection(incoming);
    } else if (fault.trickleBytesPerSecond) {
      const [stream, bytes] = fault.trickleHead
        ? [incoming.socket, Buffer.concat([headOf(outgoing), answer])]
        : [outgoing, answer];
      await trickle(stream, bytes, fault.trickleBytesPerSecond);
    } else {
      outgoing.end(answer);
    }
  };

  const ask = async (
    { path, method, headers, accepted }: ReceivedRequest,
    body: Buffer,
  ): Promise<Response> => {
    const accept: Accept = (event, dedupeKey = event.id) => {
      const acceptedEvent = { ...event, duplicate: dedupeKey !== '' && dedupeKeys.has(dedupeKey) };
      dedupeKeys.add(dedupeKey);
      accepted.push(acceptedEvent);
      events.push(acceptedEvent);
    };
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const request = new Request(url + path, { method, headers, body: hasBody ? body : null });
    return vendor.app.fetch(request, { accept });
  };

  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    // A request that cannot be read, its sender being gone for example, ends the connection and not the server.
    handle(incoming, outgoing).catch(() => incoming.socket.destroy());
  };
  const server = certificate ? createHttpsServer(certificate, onRequest) : createHttpServer(onRequest);
  server.on('connection', (socket: Socket) => {
    const { remotePort } = socket;
    connections += 1;
    sockets.set(remotePort, socket);
    socket.on('close', () => sockets.delete(remotePort));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  const url = `${certificate ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const caCertificate = certificate?.cert;
  return {
    name: vendor.name,
    url,
    caCertificate,
    secrets: vendor.secrets({ url, caCertificate }),
    records: vendor.records,
    requests,
    events,
    get connections() {
      return connections;
    },
    injectFault(fault, { count = Infinity, skip = 0 } = {}) {
      activeFault = fault && { fault, count, skip };
    },
    closeIdleConnections: () => server.closeIdleConnections(),
    reset() {
      requests.length = 0;
      events.length = 0;
      dedupeKeys.clear();
      connections = 0;
      activeFault = undefined;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets.values()) socket.destroy();
      }),
  };
};

/** For services: what a vendor's JSON holds is not known before it is checked. */
export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Undefined for anything but a JSON object. */
export const parseObject = (json: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

export const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A destination that is merely slow takes the event; any other fault loses it unless it says otherwise. */
const isTaken = ({ delayMs, processed, ...activeFault }: Fault): boolean =>
  processed ?? Object.keys(activeFault).length === 0;

/** What goes over the wire before the body. */
const headOf = (outgoing: ServerResponse): Buffer => {
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
