import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCertificate } from '../simulator/vendors/certificate.ts';
import { type Child, startChild } from './child.ts';
import type { RelayOrder } from './relay.ts';
import type { Ports } from './vendor-process.ts';

/** Where things listen. */
export interface Link {
  readonly rttMs: number;
  /** By name: through the relay, and past it. */
  readonly destinations: Readonly<Record<string, { url: string; directUrl: string }>>;
  /** Takes requests and never answers, through the relay. */
  readonly hanging: string;
  /** Nobody listens here. */
  readonly refusing: string;
  /** PEM. */
  readonly caCertificate: string;
  /** The same as a file, for NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
}

/** Starts the destinations and the relay in front of them, each in a process of its own. */
export const openLink = async (rttMs: number): Promise<{ link: Link; close(): void }> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const certificate = await createCertificate();
  const caFile = path.join(folder, 'ca.pem');
  writeFileSync(caFile, certificate.cert);

  const serving = startChild<Ports>('destination.ts', certificate);
  const { destinations, hanging } = await first(serving);
  const [names, targets] = [Object.keys(destinations), Object.values(destinations)];
  const order: RelayOrder = { rttMs, targets: [...targets, hanging] };
  const relaying = startChild<readonly number[]>('relay.ts', order);
  const relayed = await first(relaying);

  const addresses = names.map((name, index) => {
    const [url, directUrl] = [urlOf(relayed[index]), urlOf(targets[index])];
    return [name, { url, directUrl }];
  });
  const link: Link = {
    rttMs,
    destinations: Object.fromEntries(addresses),
    hanging: urlOf(relayed.at(-1)),
    refusing: urlOf(await closedPort()),
    caCertificate: certificate.cert,
    caFile,
  };
  const close = () => {
    relaying.end();
    serving.end();
    rmSync(folder, { recursive: true });
  };
  return { link, close };
};

const first = async <Message>({ messages }: Child<Message>): Promise<Message> => {
  const { value } = await messages.next();
  if (!value) throw new Error('A server of the bench ended before it began');
  return value;
};

const closedPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const urlOf = (port: number | undefined): string => `https://127.0.0.1:${port}`;
