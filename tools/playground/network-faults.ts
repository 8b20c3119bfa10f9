/** What goes wrong before a destination can respond. The Action's own connection code meets each of them. */

import { once } from 'node:events';
import { Agent, type RequestOptions } from 'node:https';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { connect as connectTls, createServer } from 'node:tls';
import { createCertificate } from '../simulator/vendors/certificate.ts';
import type { VendorMock } from '../simulator/vendors/vendor-mock.ts';

export type NetworkFault = 'refused' | 'unresolvable' | 'expired';

/** What a request of an Action meets on its way. */
export interface Network {
  /** Name of the destination that a URL belongs to; undefined for a real one. */
  getDestination(url: URL): string | undefined;
  /** Where a request goes instead. */
  reroute(url: URL, options: RequestOptions): { readonly url: URL; readonly options: RequestOptions };
}

/** `tcpmux`, which no machine serves any more. https://www.rfc-editor.org/rfc/rfc7805 */
const CLOSED_PORT = '1';

const DAY_MS = 24 * 60 * 60 * 1000;

export class NetworkFaults implements Network {
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

  getDestination(url: URL): string | undefined {
    return this.#getMock(url)?.name;
  }

  reroute(url: URL, options: RequestOptions): { readonly url: URL; readonly options: RequestOptions } {
    const mock = this.#getMock(url);
    const fault = mock && this.#faults.get(mock);
    if (!mock || !fault) return { url, options };
    const target = new URL(url);
    switch (fault) {
      case 'refused':
        target.port = CLOSED_PORT;
        return { url: target, options };
      case 'unresolvable':
        // Reserved for names that do not exist: https://www.rfc-editor.org/rfc/rfc2606#section-2
        target.hostname = `${mock.name}.invalid`;
        return { url: target, options: { ...options, lookup: failLookup } };
      case 'expired': {
        target.protocol = 'https:';
        target.port = this.#expired.getPort(mock);
        // Trusted, so that nothing but its age is wrong with the certificate.
        const agentOptions = { ...(options.agent as Agent).options, ca: this.#expired.certificate };
        return { url: target, options: { ...options, agent: new Agent(agentOptions) } };
      }
    }
  }

  #getMock(url: URL): VendorMock | undefined {
    return this.#mocks.find((mock) => mock.url === url.origin);
  }
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
