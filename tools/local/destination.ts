/**
 * Embedded destinations: servers on loopback that take, validate and answer as a vendor's service does, record what
 * arrived, and misbehave on request.
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
import { type Certificate, makeCertificate } from './certificate.ts';

const RECORDED_BODY_CHARACTERS = 64_000;
/** Long enough for the client to read the first half of a body before the reset, which discards what is under way. */
const RESET_BODY_AFTER_MS = 20;
const MISBEHAVING = 'This destination was told to misbehave and has not taken the event.';

/** An event in terms every destination shares. */
export interface ServiceEvent {
  /** What the sender identified it by; '' if by nothing. */
  id: string;
  type: 'SignUp' | 'Login' | 'other';
  userId: string;
  payload: unknown;
}

export interface AcceptedEvent extends ServiceEvent {
  /** The destination had taken it before. */
  duplicate: boolean;
}

/** What the server hands to a service with each request. */
export interface ServiceEnv {
  Bindings: { accept: Accept };
}

/** Takes an event. A repetition is known by `dedupeKey`: by default the id, and '' is never one. */
export type Accept = (event: ServiceEvent, dedupeKey?: string) => void;

/** What is peculiar to one vendor; everything else is shared. */
export interface Service {
  /** Name of the Action that sends here. */
  name: string;
  /** Validates and answers as the vendor does; calls `c.env.accept` for each event it takes. */
  app: Hono<ServiceEnv>;
  /** The secrets that point the Action here. */
  secrets(at: { url: string; caCertificate: string | undefined }): Record<string, string>;
  /** What the Action records with these secrets. */
  records: ReadonlyArray<'SignUp' | 'Login'>;
  /** What its answers mean, in the vendor's terms, for `npm run doctor`. The first that applies. */
  answers: readonly Answer[];
  /** True where the vendor's own servers come with a certificate that no public authority has signed. */
  tls?: true;
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
  /** Answers this; what is left out is the service's own, or without `taken` a 200 with some text. */
  answer?: { status?: number; headers?: Record<string, string>; body?: string };
  /** Fills the body of the answer up with spaces, which leaves JSON valid. */
  bodyBytes?: number;
  /** Sends the head of the answer at once and its body byte by byte. */
  dripBytesPerSecond?: number;
  /** Drips the head of the answer, too. */
  dripHead?: true;
  /** Never answers. */
  hang?: true;
  /** Resets the connection: before the request's body is read, after it, or half way through the answer's body. */
  reset?: 'before' | 'after' | 'body';
  /** Whether the service sees the request, so that events are taken although the sender may never learn of it. */
  taken?: boolean;
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

export interface Destination {
  name: string;
  url: string;
  /** PEM; undefined without TLS. */
  caCertificate: string | undefined;
  secrets: Record<string, string>;
  records: Service['records'];
  requests: readonly ReceivedRequest[];
  /** Every event taken, duplicates included, in order. */
  events: readonly AcceptedEvent[];
  /** How many connections were accepted. */
  readonly connections: number;
  /** Misbehaves in the next requests, so many `times` or until told otherwise, `after` so many good ones. */
  misbehave(fault: Fault | undefined, times?: number, after?: number): void;
  /** Closes the connections on which no request is under way, as servers do after a while. */
  closeIdleConnections(): void;
  /** Forgets requests, events and the count of connections, and is well again. */
  reset(): void;
  close(): Promise<void>;
}

export interface DestinationOptions {
  /** True makes a certificate for the occasion. */
  tls?: boolean | Certificate;
  /** A free one by default. */
  port?: number;
}

export const startDestination = async (
  service: Service,
  { tls = false, port = 0 }: DestinationOptions = {},
): Promise<Destination> => {
  const certificate = tls === true ? await makeCertificate() : tls || undefined;
  const requests: ReceivedRequest[] = [];
  const events: AcceptedEvent[] = [];
  const dedupeKeys = new Set<string>();
  const sockets = new Map<number | undefined, Socket>();
  let connections = 0;
  let misbehaviour: { fault: Fault; times: number; after: number } | undefined;

  const nextFault = (): Fault => {
    if (!misbehaviour || misbehaviour.after-- > 0) return {};
    return misbehaviour.times-- > 0 ? misbehaviour.fault : {};
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
    const answer = Buffer.from((fault.answer?.body ?? (await response.text())).padEnd(fault.bodyBytes ?? 0));
    request.status = fault.answer?.status ?? response.status;
    outgoing.statusCode = request.status;
    outgoing.setHeaders(response.headers).setHeader('Content-Length', answer.length);
    for (const [name, value] of Object.entries(fault.answer?.headers ?? {})) outgoing.setHeader(name, value);

    if (fault.reset === 'body') {
      outgoing.write(answer.subarray(0, answer.length / 2));
      await sleep(RESET_BODY_AFTER_MS);
      resetConnection(incoming);
    } else if (fault.dripBytesPerSecond) {
      const [stream, bytes] = fault.dripHead
        ? [incoming.socket, Buffer.concat([headOf(outgoing), answer])]
        : [outgoing, answer];
      await drip(stream, bytes, fault.dripBytesPerSecond);
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
    return service.app.fetch(request, { accept });
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
    name: service.name,
    url,
    caCertificate,
    secrets: service.secrets({ url, caCertificate }),
    records: service.records,
    requests,
    events,
    get connections() {
      return connections;
    },
    misbehave(fault, times = Number.POSITIVE_INFINITY, after = 0) {
      misbehaviour = fault && { fault, times, after };
    },
    closeIdleConnections: () => server.closeIdleConnections(),
    reset() {
      requests.length = 0;
      events.length = 0;
      dedupeKeys.clear();
      connections = 0;
      misbehaviour = undefined;
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
const isTaken = ({ delayMs, taken, ...misbehaviour }: Fault): boolean =>
  taken ?? Object.keys(misbehaviour).length === 0;

/** What goes over the wire before the body. */
const headOf = (outgoing: ServerResponse): Buffer => {
  const headers = Object.entries(outgoing.getHeaders()).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`HTTP/1.1 ${outgoing.statusCode} \r\n${headers.join('')}Connection: close\r\n\r\n`);
};

const drip = async (stream: Writable, bytes: Buffer, bytesPerSecond: number): Promise<void> => {
  for (const byte of bytes) {
    if (stream.destroyed) return;
    stream.write(Uint8Array.of(byte));
    await sleep(1000 / bytesPerSecond, undefined, { ref: false });
  }
  stream.end();
};
