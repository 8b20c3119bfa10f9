/** The mock vendors, and the relay through which they are a round trip away. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCertificate } from '../simulator/vendors/certificate.ts';
import { startChild } from './child-process.ts';
import type { RelayTask } from './relay-process.ts';
import type { VendorPorts } from './vendor-process.ts';

/** Where the servers listen. Plain data: it is sent to the processes of the suites. */
export interface Network {
  readonly rttMs: number;
  /** By name: through the relay, and without it. */
  readonly vendors: Readonly<Record<string, { url: string; directUrl: string }>>;
  /** A server behind the relay that never responds. */
  readonly hangingUrl: string;
  /** A port on which nothing listens. */
  readonly closedUrl: string;
  /** PEM. */
  readonly caCertificate: string;
  /** The same as a file, for NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
}

/** Starts the mock vendors and the relay, each in its own process. */
export const startNetwork = async (rttMs: number): Promise<{ network: Network; close(): void }> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const certificate = await createCertificate();
  const caFile = path.join(folder, 'ca.pem');
  writeFileSync(caFile, certificate.cert);

  const vendorProcess = startChild<VendorPorts>('vendor-process.ts', certificate);
  const { vendors, hanging } = await vendorProcess.ready();
  const ports = Object.values(vendors);
  const task: RelayTask = { rttMs, targets: [...ports, hanging] };
  const relayProcess = startChild<readonly number[]>('relay-process.ts', task);
  const relayedPorts = await relayProcess.ready();

  const network: Network = {
    rttMs,
    vendors: Object.fromEntries(
      Object.keys(vendors).map((name, index) => [
        name,
        { url: toUrl(relayedPorts[index]), directUrl: toUrl(ports[index]) },
      ]),
    ),
    hangingUrl: toUrl(relayedPorts.at(-1)),
    closedUrl: toUrl(await findClosedPort()),
    caCertificate: certificate.cert,
    caFile,
  };
  const close = () => {
    relayProcess.kill();
    vendorProcess.kill();
    rmSync(folder, { recursive: true });
  };
  return { network, close };
};

const findClosedPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const toUrl = (port: number | undefined): string => `https://127.0.0.1:${port}`;
