/** What goes wrong before a destination can respond. The Action's own connection code meets each of them. */

import { once } from 'node:events';
import { Agent, type AgentOptions } from 'node:https';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { connect as connectTls, createServer } from 'node:tls';
import type { InternalAxiosRequestConfig } from 'axios';
import { createCertificate } from '../simulator/vendors/certificate.ts';
import type { VendorMock } from '../simulator/vendors/vendor-mock.ts';

export type NetworkFault = 'refused' | 'unresolvable' | 'expired';

/** Changes where a request goes, and returns the name of the destination that it is meant for. */
export type Reroute = (config: InternalAxiosRequestConfig) => string | undefined;

/** `tcpmux`, which no machine serves any more. https://www.rfc-editor.org/rfc/rfc7805 */
const CLOSED_PORT = '1';

const DAY_MS = 24 * 60 * 60 * 1000;

export class NetworkFaults {
  readonly #mocks: readonly VendorMock[];
  readonly #expired: ExpiredProxies;
  readonly #faults = new Map<VendorMock, NetworkFault>();

  private constructor(mocks: readonly VendorMock[], expired: ExpiredProxies) {
    this.#mocks = mocks;
    this.#expired = expired;
  }

  static async open(mocks: readonly VendorMock[]): Promise<NetworkFaults> {
    return new NetworkFaults(mocks, await startExpiredProxies(mocks));
  }

  set(mock: VendorMock, fault: NetworkFault | undefined): void {
    if (fault) this.#faults.set(mock, fault);
    else this.#faults.delete(mock);
  }

  reset(): void {
    this.#faults.clear();
  }

  close(): Promise<void> {
    return this.#expired.close();
  }

  readonly reroute: Reroute = (config) => {
    const url = new URL(config.url ?? '');
    const mock = this.#mocks.find((candidate) => candidate.url === url.origin);
    const fault = mock && this.#faults.get(mock);
    if (!mock || !fault) return mock?.name;
    if (fault === 'refused') url.port = CLOSED_PORT;
    if (fault === 'unresolvable') {
      // Reserved for names that do not exist: https://www.rfc-editor.org/rfc/rfc2606#section-2
      url.hostname = `${mock.name}.invalid`;
      config.lookup = failLookup;
    }
    if (fault === 'expired') {
      url.protocol = 'https:';
      url.port = this.#expired.getPort(mock);
      // Trusted, so that nothing but its age is wrong with the certificate.
      const { options } = config.httpsAgent as Agent & { options: AgentOptions };
      config.httpsAgent = new Agent({ ...options, ca: this.#expired.certificate });
    }
    config.url = url.href;
    return mock.name;
  };
}

/** As a resolver does, without asking one: the playground needs no network. */
const failLookup = (
  hostname: string,
  _options: object,
  callback: (error: Error, addresses: []) => void,
): void => {
  const details = { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname };
  callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), details), []);
};

type ExpiredProxies = Awaited<ReturnType<typeof startExpiredProxies>>;

/** In front of each mock vendor, with a certificate that expired yesterday. */
const startExpiredProxies = async (mocks: readonly VendorMock[]) => {
  const certificate = await createCertificate({
    notBefore: new Date(Date.now() - 2 * DAY_MS),
    notAfter: new Date(Date.now() - DAY_MS),
  });
  const servers = new Map(
    mocks.map((mock) => {
      const { hostname, port } = new URL(mock.url);
      const target = { host: hostname, port: Number(port) };
      const server = createServer(certificate, (socket) => {
        const upstream = mock.caCertificate
          ? connectTls({ ...target, ca: mock.caCertificate })
          : connectTcp(target);
        socket.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
        upstream.on('error', () => socket.destroy());
        socket.pipe(upstream).pipe(socket);
      });
      return [mock, server.listen(0, '127.0.0.1')] as const;
    }),
  );
  await Promise.all([...servers.values()].map((server) => once(server, 'listening')));
  return {
    certificate: certificate.cert,
    getPort: (mock: VendorMock): string =>
      String((servers.get(mock)?.address() as AddressInfo | undefined)?.port ?? ''),
    close: async (): Promise<void> => {
      for (const server of servers.values()) server.close();
    },
  };
};
