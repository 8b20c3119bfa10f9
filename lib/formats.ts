/** How the string of a secret is read and checked. */
import { X509Certificate } from 'node:crypto';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import * as v from 'valibot';

/** How the string of a secret is read. */
export interface Format<T> {
  /** True if the value must never be shown. */
  readonly sensitive: boolean;
  /** The value, or what is wrong with the string: `must be an https URL`. */
  parse(input: string): { readonly value: T } | { readonly problem: string };
}

export const format = <T>(schema: v.GenericSchema<string, T>, { sensitive = false } = {}): Format<T> => ({
  sensitive,
  parse(input) {
    const { success, output, issues } = v.safeParse(schema, input, { message: () => 'is malformed' });
    return success ? { value: output } : { problem: issues[0].message };
  },
});

/** Any string. */
export const string = format(v.string());

export const credentialSchema = v.pipe(
  v.string(),
  v.regex(/^[!-~]+$/, 'must be ASCII characters without spaces'),
);

/** Any string that must never be shown. */
export const sensitiveString = format(v.string(), { sensitive: true });

/** A token or key, fit for a header: a line break inside is a mistake in copying. */
export const credential = format(credentialSchema, { sensitive: true });

/** `true` or `false`. */
export const booleanString = format(
  v.pipe(
    v.string(),
    v.toLowerCase(),
    v.picklist(['true', 'false'], 'must be true or false'),
    v.transform((value) => value === 'true'),
  ),
);

/** A whole number. */
export const integer = (min: number, max: number): Format<number> => {
  const message = `must be a whole number from ${min} to ${max}`;
  return format(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,9}$/, message),
      v.transform(Number),
      v.minValue(min, message),
      v.maxValue(max, message),
    ),
  );
};

/** One of the given names, in upper or lower case. */
export const oneOf = <const T extends string>(...names: readonly T[]): Format<T> => {
  const byLowerCase = new Map(names.map((name) => [name.toLowerCase(), name]));
  const message = `must be ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
  return format(
    v.pipe(
      v.string(),
      v.transform((value) => byLowerCase.get(value.toLowerCase())),
      v.nonOptional(v.picklist(names, message), message),
    ) as v.GenericSchema<string, T>,
  );
};

/** Some of the given names, separated by commas, in upper or lower case. */
export const commaSeparated = <const T extends string>(...names: readonly T[]): Format<readonly T[]> => {
  const one = oneOf(...names);
  return {
    sensitive: false,
    parse(input) {
      const results = input
        .split(',')
        .filter((item) => item.trim())
        .map((item) => one.parse(item.trim()));
      return results.some((result) => 'problem' in result)
        ? { problem: `must be some of ${names.join(',')}` }
        : { value: results.flatMap((result) => ('value' in result ? result.value : [])) };
    },
  };
};

/** Any names, separated by commas; `none` for the empty list. */
export const nameList: Format<readonly string[]> = {
  sensitive: false,
  parse(input) {
    const names = input.split(',').flatMap((name) => name.trim() || []);
    const malformed = names.some((name) => !/^[\w-]{1,64}$/.test(name));
    if (malformed) return { problem: 'must be names, separated by commas' };
    return { value: input.toLowerCase() === 'none' ? [] : names };
  },
};

/** The URL of a server, without a slash at its end. Secrets travel to it, so plain http is for loopback only. */
export const baseUrlSchema = v.pipe(
  v.string(),
  v.check(isServerUrl, 'must be an https URL without user, query and fragment'),
  v.transform((value) => value.replace(/\/+$/, '')),
);

export const baseUrl = format(baseUrlSchema);

/** PEM certificates, also as a one-line field gives them back: line breaks turned into spaces or `\n`. */
export const certificates = format(
  v.pipe(
    v.string(),
    v.transform((value) =>
      Array.from(
        value.replaceAll('\\n', '\n').matchAll(/-----BEGIN CERTIFICATE-----([^-]+)/g),
        ([, base64 = '']) =>
          `-----BEGIN CERTIFICATE-----\n${base64.trim().replace(/\s+/g, '\n')}\n-----END CERTIFICATE-----\n`,
      ),
    ),
    v.check((pems) => pems.length > 0 && pems.every(isCertificate), 'must be PEM certificates'),
  ),
);

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function isServerUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  const isPrivate = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  // URL repairs `https:/host`, which the HTTP client does not, and forgets a `?` or `#` at the end.
  return isPrivate && `${username}${password}` === '' && /^https?:\/\/[^/?#][^?#]*$/i.test(value);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem) !== undefined;
  } catch {
    return false;
  }
}

/** Headers that are the Action's own, or Node's. */
const RESERVED_HEADER = /^(content-.*|transfer-.*|host)$/i;

const toHeader = (pair: string): readonly [name: string, value: string] => {
  const [name = '', ...rest] = pair.split('=');
  const value = decodeURIComponent(rest.join('='));
  validateHeaderName(name);
  validateHeaderValue(name, value);
  if (RESERVED_HEADER.test(name) || value === '') throw new TypeError(`${name} cannot be set`);
  return [name, value];
};

/** `name=value,name=value`, percent-encoded. https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables */
export const headerList: Format<Readonly<Record<string, string>>> = {
  sensitive: true,
  parse(input) {
    try {
      return { value: Object.fromEntries(v.parse(credentialSchema, input).split(',').map(toHeader)) };
    } catch {
      return { problem: 'must be name=value,name=value, percent-encoded' };
    }
  },
};
