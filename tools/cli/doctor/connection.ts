/** Does the host of a destination exist, does it respond, and is it the one it claims to be? */
import dns from 'node:dns';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { DeliveryError } from '../../../lib/errors.ts';
import { type TlsOptions, withDeadline } from '../../../lib/http.ts';
import { type Check, fail, pass, warn } from './check.ts';

/** Where an Action sends to, and which of its secrets determine that. */
export interface Target {
  readonly url: URL;
  readonly tls: TlsOptions;
  readonly timeoutMs: number;
  /** The secret that holds the URL; undefined if it is a default. */
  readonly urlSecret: string | undefined;
  /** The secret that holds the certificate of a private CA. */
  readonly caSecret: string;
  /** The secret that disables the verification of certificates. */
  readonly verifySecret: string | undefined;
}

const HOST = 'host';
const CONNECTION = 'connection';

/** Auth0 calls from the Internet. https://www.rfc-editor.org/rfc/rfc6890 */
const PRIVATE_ADDRESSES = new net.BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE_ADDRESSES.addSubnet(network, prefix);
}
PRIVATE_ADDRESSES.addAddress('::1', 'ipv6');
PRIVATE_ADDRESSES.addSubnet('fc00::', 7, 'ipv6');
PRIVATE_ADDRESSES.addSubnet('fe80::', 10, 'ipv6');

const ALLOW_LIST = 'https://auth0.com/docs/secure/security-guidance/data-security/allowlist';

/** What to do about network errors. https://nodejs.org/docs/latest-v22.x/api/errors.html#common-system-errors */
const NETWORK_REMEDIES: Readonly<Record<string, string>> = {
  EAI_AGAIN: "this machine's name resolution does not respond: try again, or from another network",
  ECONNREFUSED: 'nothing listens there: check the port, and that the service is running',
  ECONNRESET: 'the connection is closed immediately: check the port, and the proxies in front of the service',
  EHOSTUNREACH: 'this machine has no route to it: try again from another network',
  ENETUNREACH: 'this machine has no route to it: try again from another network',
  ETIMEDOUT: `a firewall may block it, which must let Auth0's IP addresses through as well (${ALLOW_LIST})`,
  EPROTO: 'this port does not speak TLS: check port and protocol',
  ERR_SSL_WRONG_VERSION_NUMBER: 'this port does not speak TLS: check port and protocol',
};

export const checkHost = async (target: Target): Promise<Check> => {
  const name = hostname(target);
  try {
    const addresses = await withDeadline(target.timeoutMs, () => promisify(dns.lookup)(name, { all: true }));
    if (
      !addresses.every(({ address, family }) =>
        PRIVATE_ADDRESSES.check(address, family === 6 ? 'ipv6' : 'ipv4'),
      )
    ) {
      return pass(HOST, `${label(target)} can be resolved.`);
    }
    return warn(
      HOST,
      `${label(target)} has a private IP address: it can be reached from here, but not from Auth0.`,
    );
  } catch (error) {
    const code = getCode(error);
    const remedy = code === 'ENOTFOUND' && target.urlSecret ? `check ${target.urlSecret}` : getRemedy(code);
    return fail(HOST, `${label(target)} cannot be resolved from this machine (${code}): ${remedy}.`);
  }
};

export const checkConnection = async (target: Target): Promise<Check> => {
  let socket: net.Socket | undefined;
  try {
    socket = connect(target);
    // An error after the check must not end the process.
    socket.on('error', () => {});
    const event = socket instanceof tls.TLSSocket ? 'secureConnect' : 'connect';
    const connected = once(socket, event);
    await withDeadline(target.timeoutMs, () => connected);
    return socket instanceof tls.TLSSocket
      ? checkCertificate(socket, target)
      : warn(CONNECTION, `${label(target)} responds, without TLS: that is for this machine alone.`);
  } catch (error) {
    const code = getCode(error);
    return fail(CONNECTION, `${label(target)} cannot be connected to (${code}): ${getRemedy(code)}.`);
  } finally {
    socket?.destroy();
  }
};

/** The certificate is verified afterwards, so that its names can be reported. Nothing is sent. */
const connect = (target: Target): net.Socket => {
  const { url } = target;
  const host = hostname(target);
  if (url.protocol === 'http:') return net.connect({ host, port: Number(url.port || 80) });
  return tls.connect({
    host,
    port: Number(url.port || 443),
    // An IP address is not a server name: https://www.rfc-editor.org/rfc/rfc6066#section-3
    servername: net.isIP(host) ? '' : host,
    ...(target.tls.ca && { ca: target.tls.ca }),
    rejectUnauthorized: false,
  });
};

const checkCertificate = (socket: tls.TLSSocket, target: Target): Check => {
  const problem = socket.authorized ? undefined : describeProblem(socket, target);
  if (target.tls.rejectUnauthorized === false) {
    const remedy = problem ?? `the certificate is valid, so remove ${target.verifySecret}`;
    const danger = 'no certificate is verified, so anyone in between can read along';
    return warn(CONNECTION, `With ${target.verifySecret}=false ${danger}; ${remedy}.`);
  }
  return problem
    ? fail(CONNECTION, `${capitalize(problem)}.`)
    : pass(CONNECTION, `${label(target)} responds, and its certificate is valid.`);
};

/** https://nodejs.org/docs/latest-v22.x/api/tls.html#x509-certificate-error-codes */
const describeProblem = (socket: tls.TLSSocket, target: Target): string => {
  const { caSecret, urlSecret = 'the URL' } = target;
  const renew = `the operator of the destination must renew it, ${caSecret} does not help`;
  const trust = (what: string) =>
    target.tls.ca
      ? `${caSecret} holds another certificate: replace it with the PEM of ${what}`
      : `put the PEM of ${what} into ${caSecret}`;
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
      return `the certificate is signed by a private CA: ${trust('that CA')}`;
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `the certificate is signed by an unknown CA, or the server does not send the whole chain: ${trust('that CA')}`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate is for other hosts (${getNames(socket)}): use one of them in ${urlSecret}, or ${renew}`;
    default:
      return `the certificate is not accepted (${code}): ${trust('its CA')}`;
  }
};

const NAMES_LIMIT_CHARS = 120;

/** Of `DNS:localhost, IP Address:127.0.0.1`. Untrusted: the server chooses them. */
const getNames = (socket: tls.TLSSocket): string =>
  (socket.getPeerCertificate().subjectaltname ?? 'none')
    .replace(/(DNS|IP Address):/g, '')
    .replace(/[^\w.*:, -]/g, '')
    .slice(0, NAMES_LIMIT_CHARS);

const getCode = (error: unknown): string => {
  if (error instanceof DeliveryError) return 'ETIMEDOUT';
  return String(Reflect.get(Object(error), 'code') ?? error);
};

const getRemedy = (code: string): string =>
  NETWORK_REMEDIES[code] ?? 'check the URL, and the network in between';

const hostname = ({ url }: Target): string => url.hostname.replace(/^\[|\]$/g, '');

/** A URL that was given as a secret is not shown. */
const label = ({ url, urlSecret }: Target): string => (urlSecret ? `The host in ${urlSecret}` : url.hostname);

const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
