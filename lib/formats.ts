/** How the string of a secret is read and checked. */
import { X509Certificate } from 'node:crypto';
import { validateHeaderName } from 'node:http';

export interface Format<T> {
  /** True if the value must never be shown. */
  readonly sensitive: boolean;
  /** The only strings that it accepts, where they can be listed. */
  readonly choices?: readonly string[];
  /** The value, or what is wrong with the string: `must be an https URL`. */
  parse(input: string): { readonly value: T } | { readonly problem: string };
}

/** @param toValue returns undefined, or throws, for a string with the problem. */
export const format = <T>(
  problem: string,
  toValue: (input: string) => T | undefined,
  options: Partial<Omit<Format<T>, 'parse'>> = {},
): Format<T> => ({
  sensitive: false,
  ...options,
  parse(input) {
    try {
      const value = toValue(input);
      return value === undefined ? { problem } : { value };
    } catch {
      return { problem };
    }
  },
});

/** Strings that match a pattern. */
export const matching = (pattern: RegExp, problem: string, { sensitive = false } = {}): Format<string> =>
  format(problem, (input) => (pattern.test(input) ? input : undefined), { sensitive });

/** Any string. */
export const string = matching(/^/, 'must be a string');

/** Any string that must never be shown. */
export const sensitiveString = matching(/^/, 'must be a string', { sensitive: true });

/** A token or key, fit for a header: a line break inside is a mistake in copying. */
export const credential = matching(/^[!-~]+$/, 'must be ASCII characters without spaces', {
  sensitive: true,
});

/** One of the given names, in upper or lower case. */
export const oneOf = <const T extends string>(...names: readonly T[]): Format<T> =>
  format(
    `must be ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`,
    (input) => names.find((name) => name.toLowerCase() === input.toLowerCase()),
    { choices: names },
  );

/** `true` or `false`. */
export const booleanString = format(
  'must be true or false',
  (input) => (/^(true|false)$/i.test(input) ? input.toLowerCase() === 'true' : undefined),
  { choices: ['true', 'false'] },
);

/** A whole number. */
export const integer = (min: number, max: number): Format<number> =>
  format(`must be a whole number from ${min} to ${max}`, (input) => {
    const value = /^\d{1,9}$/.test(input) ? Number(input) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  });

/** Names, separated by commas. */
const splitList = (input: string): string[] => input.split(',').flatMap((name) => name.trim() || []);

/** Some of the given names, separated by commas, in upper or lower case. */
export const commaSeparated = <const T extends string>(...names: readonly T[]): Format<readonly T[]> =>
  format(`must be some of ${names.join(',')}`, (input) =>
    splitList(input).map((item) => {
      const name = names.find((known) => known.toLowerCase() === item.toLowerCase());
      if (name === undefined) throw new RangeError(item);
      return name;
    }),
  );

/** Names, separated by commas, of which the known ones are found in upper or lower case; `none` for the empty list. */
export const nameList = (...known: readonly string[]): Format<readonly string[]> =>
  format('must be names, separated by commas', (input) => {
    const names = input.toLowerCase() === 'none' ? [] : splitList(input);
    if (!names.every((name) => /^[\w-]{1,64}$/.test(name))) return undefined;
    return names.map((name) => known.find((one) => one.toLowerCase() === name.toLowerCase()) ?? name);
  });

export const NOT_A_BASE_URL = 'must be an https URL without user, query and fragment';

/** The URL of a server, without a slash at its end. Secrets travel to it, so plain http is for loopback only. */
export const toBaseUrl = (input: string): string | undefined => {
  const { protocol, hostname, username, password } = new URL(input);
  const isPrivate = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  // URL repairs `https:/host`, which the HTTP client does not, and forgets a `?` or `#` at the end.
  const isPlain = `${username}${password}` === '' && /^https?:\/\/[^/?#][^?#]*$/i.test(input);
  return isPrivate && isPlain ? input.replace(/\/+$/, '') : undefined;
};

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export const baseUrl = format(NOT_A_BASE_URL, toBaseUrl);

/** PEM certificates, also as a one-line field gives them back: line breaks turned into spaces or `\n`. */
export const certificates = format('must be PEM certificates', (input) => {
  const pems = Array.from(
    input.replaceAll('\\n', '\n').matchAll(/-----BEGIN CERTIFICATE-----([^-]+)/g),
    ([, base64 = '']) =>
      `-----BEGIN CERTIFICATE-----\n${base64.trim().replace(/\s+/g, '\n')}\n-----END CERTIFICATE-----\n`,
  );
  return pems.length > 0 && pems.every((pem) => new X509Certificate(pem)) ? pems : undefined;
});

/** Headers that are the Action's own, or Node's. */
const RESERVED_HEADER = /^(content-.*|transfer-.*|host)$/i;

const toHeader = (pair: string): readonly [name: string, value: string] => {
  const [name = '', ...rest] = pair.split('=');
  const value = decodeURIComponent(rest.join('='));
  validateHeaderName(name);
  // A `%` would be valid in a name, but is the sign of an encoded one.
  const isValid = !RESERVED_HEADER.test(name) && !name.includes('%') && /^[ -~]+$/.test(value);
  if (!isValid) throw new RangeError(name);
  return [name, value];
};

/** `name=value,name=value`, percent-encoded. https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables */
export const headerList = format(
  'must be name=value,name=value, percent-encoded',
  (input): Readonly<Record<string, string>> | undefined =>
    /^[!-~]+$/.test(input) ? Object.fromEntries(input.split(',').map(toHeader)) : undefined,
  { sensitive: true },
);
