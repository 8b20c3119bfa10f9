/**
 * Vendors that respond quickly: for each URL, one repeats over TLS the first acceptance of its mock, and checks nothing. To check
 * every request, as the mocks do, would take longer than to send it.
 */
import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { vendors } from '../simulator/vendors/all-vendors.ts';
import type { Certificate } from '../simulator/vendors/certificate.ts';
import type { Vendor } from '../simulator/vendors/vendor-mock.ts';
import { VendorStore } from '../simulator/vendors/vendor-store.ts';
import { receiveTask, report } from './child-process.ts';

/** Where the servers listen on loopback. */
export interface VendorPorts {
  readonly vendors: Readonly<Record<string, number>>;
  /** Accepts requests and never responds. */
  readonly hanging: number;
}

/** Longer than any subject is idle. */
const KEEP_ALIVE_MS = 120_000;

interface VendorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const askMock = async (
  { app }: Vendor,
  { method = '', url, headers }: IncomingMessage,
  requestBody: Buffer,
): Promise<VendorResponse> => {
  const init = { method, headers: headers as Record<string, string>, body: requestBody };
  const environment = { accept() {}, store: new VendorStore() };
  const response = await app.fetch(new Request(`https://127.0.0.1${url}`, init), environment);
  const body = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: { ...Object.fromEntries(response.headers), 'content-length': String(body.length) },
    body,
  };
};

const repeatAcceptance = (vendor: Vendor): RequestListener => {
  const acceptances = new Map<string | undefined, VendorResponse>();
  return async (incoming, outgoing) => {
    const requestBody = await buffer(incoming);
    const response = acceptances.get(incoming.url) ?? (await askMock(vendor, incoming, requestBody));
    if (response.status < 300) acceptances.set(incoming.url, response);
    outgoing.writeHead(response.status, response.headers).end(response.body);
  };
};

const listen = async (certificate: Certificate, listener: RequestListener): Promise<number> => {
  const server = createServer({ ...certificate, keepAliveTimeout: KEEP_ALIVE_MS }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const certificate = await receiveTask<Certificate>();
const ports = await Promise.all(
  vendors.map(async (vendor) => [vendor.name, await listen(certificate, repeatAcceptance(vendor))]),
);
report<VendorPorts>({
  vendors: Object.fromEntries(ports),
  hanging: await listen(certificate, (incoming) => void incoming.resume()),
});
