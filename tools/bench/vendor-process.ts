/**
 * Destinations that cost little: each repeats, over TLS, the first acceptance that its embedded counterpart gave, and
 * looks at nothing. Checking every request, as the counterparts do, would take longer than sending it.
 */
import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { vendors } from '../simulator/vendors/all-vendors.ts';
import type { Certificate } from '../simulator/vendors/certificate.ts';
import type { Vendor } from '../simulator/vendors/vendor-mock.ts';
import { input, output } from './child.ts';

export interface Ports {
  /** Name of a destination → where it listens. */
  readonly destinations: Readonly<Record<string, number>>;
  /** Takes requests and never answers. */
  readonly hanging: number;
}

/** Longer than any subject is left alone. */
const KEEP_ALIVE_MS = 120_000;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const ask = async ({ app }: Vendor, incoming: IncomingMessage, sent: Buffer): Promise<Answer> => {
  const { method = '', url, headers } = incoming;
  const init = { method, headers: headers as Record<string, string>, body: sent };
  const response = await app.fetch(new Request(`https://127.0.0.1${url}`, init), { accept() {} });
  const body = Buffer.from(await response.arrayBuffer());
  const own = { ...Object.fromEntries(response.headers), 'content-length': String(body.length) };
  return { status: response.status, headers: own, body };
};

const repeating = (vendor: Vendor): RequestListener => {
  let acceptance: Answer | undefined;
  return async (incoming, outgoing) => {
    const sent = await buffer(incoming);
    const { status, headers, body } = acceptance ?? (await ask(vendor, incoming, sent));
    if (status < 300) acceptance = { status, headers, body };
    outgoing.writeHead(status, headers).end(body);
  };
};

const listen = async (certificate: Certificate, listener: RequestListener): Promise<number> => {
  const server = createServer({ ...certificate, keepAliveTimeout: KEEP_ALIVE_MS }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const certificate = await input<Certificate>();
const destinations = await Promise.all(
  vendors.map(async (vendor) => [vendor.name, await listen(certificate, repeating(vendor))]),
);
const hanging = await listen(certificate, (incoming) => void incoming.resume());
output({ destinations: Object.fromEntries(destinations), hanging } satisfies Ports);
