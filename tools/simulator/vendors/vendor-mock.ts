/**
 * Mock vendors: servers on loopback that validate and respond as a vendor does, store what they accept, and fail on request.
 *
 * Limitations: no HTTP/2, no rate limits, no quotas, no reports, and everything is stored before the vendor responds.
 */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { Hono } from 'hono';
import { type FaultOptions, FaultPlan } from '../fault-plan.ts';
import { type Certificate, createCertificate } from './certificate.ts';
import { type Fault, isProcessed, overrideResponse, sendResponse } from './fault.ts';
import { VendorStore } from './vendor-store.ts';

const RECORDED_BODY_CHARACTERS = 64_000;
const NOT_PROCESSED = 'A fault was injected: the event has not been processed.';

/** An event in terms that all vendors share. */
export interface VendorEvent {
  /** The sender's id of the event; '' if there is none. */
  id: string;
  type: 'SignUp' | 'Login' | 'other';
  userId: string;
  /** As the vendor stores it: what it adds to what was sent is part of it. */
  payload: unknown;
}

export interface AcceptedEvent extends VendorEvent {
  /** Whether the vendor had accepted the event before. */
  duplicate: boolean;
}

/** What the server hands to a vendor with each request. */
export interface VendorEnv {
  Bindings: {
    accept: Accept;
    store: VendorStore;
    /** The sender's IP address, by which some vendors replace a missing one of the user. */
    remoteAddress: string;
  };
}

/**
 * Accepts an event; false for a duplicate. Duplicates share a `dedupeKey`: by default the id, and '' is never a duplicate.
 */
export type Accept = (event: VendorEvent, dedupeKey?: string) => boolean;

/** What is specific to one vendor; everything else is shared. */
export interface Vendor {
  /** Name of the Action that delivers to this vendor. */
  name: string;
  /** Validates and responds as the vendor does; calls `c.env.accept` for each event that it accepts. */
  app: Hono<VendorEnv>;
  /** The secrets that make the Action deliver to the mock. */
  secrets(at: { url: string; caCertificate: string | undefined }): Record<string, string>;
  /** What the Action records with these secrets. */
  recordedTypes: ReadonlyArray<'SignUp' | 'Login'>;
  /** True where the vendor's own servers have a certificate that no public CA has signed. */
  tls?: true;
}

export interface ReceivedRequest {
  /** ISO 8601. */
  at: string;
  method: string;
  /** With the query. */
  path: string;
  /** By lower-case name. */
  headers: Record<string, string>;
  /** Decompressed, and truncated if it is long. */
  body: string;
  /** Undefined until a response is sent. */
  status: number | undefined;
  accepted: AcceptedEvent[];
}

/** A mock vendor that is running. */
export interface VendorMock {
  name: string;
  url: string;
  /** PEM; undefined without TLS. */
  caCertificate: string | undefined;
  secrets: Record<string, string>;
  recordedTypes: Vendor['recordedTypes'];
  requests: readonly ReceivedRequest[];
  /** Every event processed, duplicates included, in order. */
  events: readonly AcceptedEvent[];
  store: Readonly<Pick<VendorStore, 'profiles' | 'groups' | 'identities'>>;
  /** Number of connections accepted. */
  readonly connections: number;
  /** Injects a fault into the next requests; `undefined` ends it. */
  injectFault(fault: Fault | undefined, options?: FaultOptions): void;
  /** Closes the connections without a request in progress, as servers do after a while. */
  closeIdleConnections(): void;
  /** Forgets requests, events, what is stored and the number of connections, and ends the fault. */
  reset(): void;
  close(): Promise<void>;
}

export interface VendorMockOptions {
  /** True creates a certificate. */
  tls?: boolean | Certificate;
  /** A free one by default. */
  port?: number;
}

export const startVendorMock = async (
  vendor: Vendor,
  { tls = false, port = 0 }: VendorMockOptions = {},
): Promise<VendorMock> => {
  const certificate = tls === true ? await createCertificate() : tls || undefined;
  const faults = new FaultPlan<Fault>();
  const requests: ReceivedRequest[] = [];
  const events: AcceptedEvent[] = [];
  const dedupeKeys = new Set<string>();
  const store = new VendorStore();
  const sockets = new Map<number | undefined, Socket>();
  let connections = 0;

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const request = recordRequest(incoming);
    const fault = faults.next(request.method, request.path) ?? {};
    // By port, because a TLS socket cannot be reset: only the TCP socket under it can.
    const resetConnection = () => void sockets.get(incoming.socket.remotePort)?.resetAndDestroy();
    requests.push(request);

    if (fault.reset === 'before') return resetConnection();
    const body = await readBody(incoming);
    request.body = body.toString().slice(0, RECORDED_BODY_CHARACTERS);

    if (fault.delayMs) await sleep(fault.delayMs, undefined, { ref: false });
    const { remoteAddress = '' } = incoming.socket;
    const response = isProcessed(fault)
      ? await processRequest(request, body, remoteAddress)
      : new Response(NOT_PROCESSED);

    if (fault.hang) return;
    if (fault.reset === 'after') return resetConnection();
    const overridden = await overrideResponse(response, fault);
    request.status = overridden.status;
    await sendResponse(overridden, outgoing, fault, resetConnection);
  };

  const processRequest = async (
    request: ReceivedRequest,
    body: Buffer,
    remoteAddress: string,
  ): Promise<Response> => {
    const { path, method, headers, accepted } = request;
    const accept: Accept = (event, dedupeKey = event.id) => {
      const acceptedEvent = { ...event, duplicate: dedupeKey !== '' && dedupeKeys.has(dedupeKey) };
      dedupeKeys.add(dedupeKey);
      accepted.push(acceptedEvent);
      events.push(acceptedEvent);
      return !acceptedEvent.duplicate;
    };
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const init = { method, headers, body: hasBody ? body : null };
    return vendor.app.fetch(new Request(url + path, init), { accept, store, remoteAddress });
  };

  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    // A request that cannot be read ends its connection, not the server: its sender may be gone.
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
    recordedTypes: vendor.recordedTypes,
    requests,
    events,
    store,
    get connections() {
      return connections;
    },
    injectFault: (fault, options) => faults.inject(fault, options),
    closeIdleConnections: () => server.closeIdleConnections(),
    reset() {
      requests.length = 0;
      events.length = 0;
      dedupeKeys.clear();
      store.clear();
      connections = 0;
      faults.inject(undefined);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets.values()) socket.destroy();
      }),
  };
};

const recordRequest = ({ method = '', url = '', headersDistinct }: IncomingMessage): ReceivedRequest => ({
  at: new Date().toISOString(),
  method,
  path: url,
  headers: Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
  ),
  body: '',
  status: undefined,
  accepted: [],
});

const DECOMPRESS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

const readBody = async (incoming: IncomingMessage): Promise<Buffer> => {
  const bytes = await buffer(incoming);
  return DECOMPRESS[incoming.headers['content-encoding'] ?? '']?.(bytes) ?? bytes;
};
