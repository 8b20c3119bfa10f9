/** Does the host of a destination exist, does it answer, and is it who it says it is? */
import dns from 'node:dns';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { DeliveryError } from '../../../lib/errors.ts';
import { Deadline, type TlsOptions } from '../../../lib/http.ts';
import { type Check, fail, note, ok } from './check.ts';

/** Where an Action sends to, and which of its secrets say so. */
export interface Target {
  readonly url: URL;
  readonly tls: TlsOptions;
  readonly timeoutMs: number;
  /** The secret with the address, if it is not a default. */
  readonly addressSecret: string | undefined;
  /** The secret that takes the certificate of an authority. */
  readonly caSecret: string | undefined;
  /** The secret that switches the check of certificates off. */
  readonly verifySecret: string | undefined;
}

const HOST = 'host';
const CONNECTION = 'connection';

/** Auth0 calls from the Internet. https://www.rfc-editor.org/rfc/rfc6890 */
const PRIVATE = new net.BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, prefix);
}
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

const ALLOW_LIST = 'https://auth0.com/docs/secure/security-guidance/data-security/allowlist';

/** Codes of Node's and the system's network errors. https://nodejs.org/docs/latest-v22.x/api/errors.html#common-system-errors */
const NETWORK: Readonly<Record<string, string>> = {
  EAI_AGAIN: "this machine's name resolution does not answer: try again, or from another network",
  ECONNREFUSED: 'nothing listens there: check the port, and that the service is up',
  ECONNRESET: 'the connection is closed at once: check the port, and what stands in front of the service',
  EHOSTUNREACH: 'this machine has no way there: try again from another network',
  ENETUNREACH: 'this machine has no way there: try again from another network',
  ETIMEDOUT: `a firewall may be in the way, which must let Auth0's addresses pass, too (${ALLOW_LIST})`,
  EPROTO: 'this port does not speak TLS: check port and protocol',
  ERR_SSL_WRONG_VERSION_NUMBER: 'this port does not speak TLS: check port and protocol',
};

export const checkHost = async (target: Target): Promise<Check> => {
  const name = hostname(target);
  try {
    const addresses = await within(target.timeoutMs, promisify(dns.lookup)(name, { all: true }));
    if (!addresses.every(({ address, family }) => PRIVATE.check(address, family === 6 ? 'ipv6' : 'ipv4'))) {
      return ok(HOST, `${label(target)} exists.`);
    }
    return note(
      HOST,
      `${label(target)} has a private address: from here it can be reached, from Auth0 it cannot.`,
    );
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOTFOUND')
      return fail(HOST, `${label(target)} is not found (${code}): ${adviceFor(code)}.`);
    return fail(HOST, `${label(target)} does not exist: correct ${target.addressSecret ?? 'the address'}.`);
  }
};

export const checkConnection = async (target: Target): Promise<Check> => {
  let socket: net.Socket | undefined;
  try {
    socket = open(target);
    // An error after the answer is of no interest, and must not end the program.
    socket.on('error', () => {});
    const event = socket instanceof tls.TLSSocket ? 'secureConnect' : 'connect';
    await within(target.timeoutMs, once(socket, event));
    return socket instanceof tls.TLSSocket
      ? judge(socket, target)
      : note(CONNECTION, `${label(target)} answers, without TLS: that is for this machine alone.`);
  } catch (error) {
    const code = codeOf(error);
    return fail(CONNECTION, `${label(target)} cannot be connected to (${code}): ${adviceFor(code)}.`);
  } finally {
    socket?.destroy();
  }
};

/** The certificate is judged afterwards, so that its names can be told. Nothing is sent. */
const open = (target: Target): net.Socket => {
  const { url } = target;
  const host = hostname(target);
  if (url.protocol === 'http:') return net.connect({ host, port: Number(url.port || 80) });
  return tls.connect({
    host,
    port: Number(url.port || 443),
    // An address is no server name: https://www.rfc-editor.org/rfc/rfc6066#section-3
    servername: net.isIP(host) ? '' : host,
    ...(target.tls.ca && { ca: target.tls.ca }),
    rejectUnauthorized: false,
  });
};

const judge = (socket: tls.TLSSocket, target: Target): Check => {
  const problem = socket.authorized ? undefined : describe(socket, target);
  if (target.tls.rejectUnauthorized === false) {
    const remedy = problem ?? `the certificate is in order, so remove ${target.verifySecret}`;
    const danger = 'no certificate is checked, so that anyone on the way can read along';
    return note(CONNECTION, `With ${target.verifySecret}=false ${danger}; ${remedy}.`);
  }
  return problem
    ? fail(CONNECTION, `${capitalized(problem)}.`)
    : ok(CONNECTION, `${label(target)} answers, and its certificate is in order.`);
};

/** https://nodejs.org/docs/latest-v22.x/api/tls.html#x509-certificate-error-codes */
const describe = (socket: tls.TLSSocket, target: Target): string => {
  const { caSecret, addressSecret = 'the address' } = target;
  const renew = `whoever runs the destination must renew it${caSecret ? `, ${caSecret} does not help` : ''}`;
  const trust = (what: string) => {
    if (!caSecret) return `the destination needs one of a public authority`;
    return target.tls.ca
      ? `${caSecret} holds another one: replace it with the PEM of ${what}`
      : `put the PEM of ${what} into ${caSecret}`;
  };
  // The types say Error, the documentation says code.
  const code = String(socket.authorizationError);
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return `the certificate has expired: ${renew}`;
    case 'CERT_NOT_YET_VALID':
      return `the certificate is not valid yet: check the clocks, otherwise ${renew}`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return `the certificate is self-signed: ${trust('the certificate itself')}`;
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return `the certificate is signed by an authority of its own: ${trust('that authority')}`;
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `the certificate is signed by an unknown authority, or the server does not send the whole chain: ${trust('that authority')}`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate is for other hosts (${namesIn(socket)}): use one of them in ${addressSecret}, or ${renew}`;
    default:
      return `the certificate is not accepted (${code}): ${trust('its authority')}`;
  }
};

const NAMES_LIMIT_CHARS = 120;

/** `DNS:localhost, IP Address:127.0.0.1`: whoever made the certificate chose them. */
const namesIn = (socket: tls.TLSSocket): string =>
  (socket.getPeerCertificate().subjectaltname ?? 'it names none')
    .replace(/(DNS|IP Address):/g, '')
    .replace(/[^\w.*:, -]/g, '')
    .slice(0, NAMES_LIMIT_CHARS);

const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  const deadline = new Deadline(ms);
  return deadline.race(work).finally(() => deadline.end());
};

const codeOf = (error: unknown): string => {
  if (error instanceof DeliveryError) return 'ETIMEDOUT';
  return String(Reflect.get(Object(error), 'code') ?? error);
};

const adviceFor = (code: string): string => NETWORK[code] ?? 'check the address, and the network in between';

const hostname = ({ url }: Target): string => url.hostname.replace(/^\[|\]$/g, '');

/** An address that was given as a secret is treated as one. */
const label = ({ url, addressSecret }: Target): string =>
  addressSecret ? `The host in ${addressSecret}` : url.hostname;

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
