/**
 * Declare, read and check `event.secrets`: the configuration of an Action, set in Auth0's dashboard.
 * https://auth0.com/docs/customize/actions/write-your-first-action#add-a-secret
 */
import { X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { ConfigError } from './errors.ts';

/**
 * The secrets an Action reads: each is required, optional or has a default, and says what it is for. What concerns
 * several of them is checked in a pipe behind the object, and forwarded to the one to correct.
 */
export type SecretsSchema = v.ObjectSchema<v.ObjectEntries, undefined>;

/** Any text. */
export const text = v.string();

/** A token or key, fit for a header: a line break inside is a mistake in copying. */
export const credential = v.pipe(text, v.regex(/^[!-~]+$/, 'must be ASCII characters without blanks'));

/** `true` or `false`. */
export const flag = v.pipe(
  text,
  v.toLowerCase(),
  v.picklist(['true', 'false'], 'must be true or false'),
  v.transform((value) => value === 'true'),
);

/** A whole number. */
export const integer = (min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`;
  return v.pipe(
    text,
    v.regex(/^\d{1,9}$/, message),
    v.transform(Number),
    v.minValue(min, message),
    v.maxValue(max, message),
  );
};

/** Some of the given names, separated by commas. */
const listOf = <const T extends readonly string[]>(names: T) => {
  const message = `must be some of ${names.join(',')}`;
  return v.pipe(
    text,
    v.transform((value) => value.split(',').flatMap((name) => name.trim() || [])),
    v.array(v.picklist(names, message)),
  );
};

/** The address of a server, without a slash at its end. Secrets travel to it, so plain http is for loopback only. */
export const serverUrl = v.pipe(
  text,
  v.check(isServerUrl, 'must be an https URL without user, query and fragment'),
  v.transform((value) => value.replace(/\/+$/, '')),
);

/** PEM certificates, also as a text field gives them back: line breaks turned into blanks or `\n`. */
export const certificates = v.pipe(
  text,
  v.transform((value) =>
    Array.from(
      value.replaceAll('\\n', '\n').matchAll(/-----BEGIN CERTIFICATE-----([^-]+)/g),
      ([, base64 = '']) =>
        `-----BEGIN CERTIFICATE-----\n${base64.trim().replace(/\s+/g, '\n')}\n-----END CERTIFICATE-----\n`,
    ),
  ),
  v.check((pems) => pems.length > 0 && pems.every(isCertificate), 'must be PEM certificates'),
);

/** The secrets that every Action understands. */
export const settings = v.object({
  DELIVERY_TIMEOUT_MS: v.optional(
    v.pipe(
      integer(250, 10_000),
      v.description('Milliseconds a login waits for a delivery at most, 250 to 10000'),
    ),
    '3000',
  ),
  ON_FAILURE: v.optional(
    v.pipe(
      v.picklist(['continue', 'deny'], 'must be continue or deny'),
      v.description('`deny` refuses a login that could not be recorded'),
    ),
    'continue',
  ),
  RECORD: v.optional(
    v.pipe(
      v.picklist(['interactive', 'all'], 'must be interactive or all'),
      v.description('`all` records token exchanges and silent authentication as Logins, too'),
    ),
    'interactive',
  ),
  LOG: v.optional(
    v.pipe(
      v.picklist(['failures', 'all'], 'must be failures or all'),
      v.description('`all` logs a line for every login'),
    ),
    'failures',
  ),
  SIGNUP_WINDOW_DAYS: v.optional(
    v.pipe(
      integer(0, 365),
      v.description('Days after the creation of a profile in which its SignUp can be recorded'),
    ),
    '7',
  ),
  OMIT_FIELDS: v.optional(
    v.pipe(
      listOf(['name', 'email', 'ip', 'userAgent']),
      v.description('What is not sent, of `name,email,ip,userAgent`'),
    ),
    '',
  ),
  HASH_FIELDS: v.optional(
    v.pipe(
      listOf(['userId', 'name', 'email', 'ip', 'userAgent']),
      v.description('What is sent as a hash (HMAC-SHA256), of `userId,name,email,ip,userAgent`'),
    ),
    '',
  ),
  HASH_KEY: v.optional(v.pipe(text, v.description('Key of the hashes, required with `HASH_FIELDS`'))),
});

export type Settings = v.InferOutput<typeof settings>;

/** Checks what an Action was given. Throws one ConfigError that names everything missing or malformed, never a value. */
export const readSecrets = <S extends SecretsSchema>(
  schema: S,
  given: unknown,
): Settings & v.InferOutput<S> => {
  const known = lastChecks.get(schema);
  const names = known ? Object.keys(known.values) : Object.keys({ ...settings.entries, ...schema.entries });
  const values = Object.fromEntries(names.map((name) => [name, readSecret(given, name)]));
  if (known && isDeepStrictEqual(values, known.values)) return known.output as Settings & v.InferOutput<S>;
  const results = [settings, schema].map((part) =>
    v.safeParse(part, values, { message: () => 'is malformed' }),
  );
  const problems = new Map(
    results.flatMap(({ issues = [] }) =>
      issues.map((issue) => {
        const name = String(issue.path?.[0].key);
        return [name, values[name] === undefined ? 'is missing' : issue.message];
      }),
    ),
  );
  if (values.HASH_FIELDS && !values.HASH_KEY) problems.set('HASH_KEY', 'is missing');
  if (problems.size > 0) throw new ConfigError(problems);
  const output = Object.assign({}, ...results.map((result) => result.output));
  lastChecks.set(schema, { values, output });
  return output;
};

/** A warm instance is given the same secrets again and again, and checking them is a good part of its work. */
const lastChecks = new WeakMap<SecretsSchema, { values: object; output: unknown }>();

/** The names of the secrets that must be given. */
export const requiredSecrets = ({ entries }: SecretsSchema): string[] =>
  Object.entries(entries).flatMap(([name, schema]) => (schema.type === 'optional' ? [] : [name]));

/**
 * Of several destinations those that are meant to be used: one of the secrets that it requires is given. One alone is
 * always meant. Throws a ConfigError if none is.
 */
export const configured = <T extends { readonly name: string; readonly secrets: SecretsSchema }>(
  sinks: readonly T[],
  given: unknown,
): readonly T[] => {
  if (sinks.length === 1) return sinks;
  const meant = sinks.filter(({ secrets }) =>
    requiredSecrets(secrets).some((name) => readSecret(given, name)),
  );
  if (meant.length > 0) return meant;
  const names = sinks.map(({ name }) => name).join(', ');
  throw new ConfigError(new Map([[names, 'have no secrets: set those of one at least']]));
};

/** One secret as the operator meant it: trimmed, absent if empty. Checks nothing, so it also serves before the check. */
export const readSecret = (given: unknown, name: string): string | undefined => {
  const value: unknown = (given as Record<string, unknown> | undefined)?.[name];
  return (typeof value === 'string' && value.trim()) || undefined;
};

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function isServerUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  const isPrivate = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  // URL forgets a `?` or `#` at the end; a path appended to it would be no path.
  return isPrivate && `${username}${password}` === '' && !/[?#]/.test(value);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem) !== undefined;
  } catch {
    return false;
  }
}
