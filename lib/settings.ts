/** The secrets that every Action understands, and those of a sink together with them. */
import { isDeepStrictEqual } from 'node:util';
import { certificates, commaSeparated, integer, oneOf, sensitiveString } from './formats.ts';
import {
  optional,
  type Problems,
  parseDeclared,
  readSecret,
  type SecretDeclarations,
  type SecretValues,
} from './secrets.ts';

export const settings = {
  DELIVERY_TIMEOUT_MS: optional(
    integer(250, 10_000),
    'Milliseconds that a login waits for a delivery at most, 250 to 10000',
    '3000',
  ),
  ON_FAILURE: optional(
    oneOf('continue', 'deny'),
    '`deny` denies a login that could not be recorded',
    'continue',
  ),
  RECORD: optional(
    oneOf('interactive', 'all'),
    '`all` also records token exchanges and silent authentication as Logins',
    'interactive',
  ),
  LOG: optional(oneOf('failures', 'all'), '`all` logs a line for every login', 'failures'),
  SIGNUP_WINDOW_DAYS: optional(
    integer(0, 365),
    'Days after the creation of a profile in which its SignUp can be recorded',
    '7',
  ),
  OMIT_FIELDS: optional(
    commaSeparated('name', 'email', 'ip', 'userAgent'),
    'Fields that are not sent, of `name,email,ip,userAgent`',
    '',
  ),
  HASH_FIELDS: optional(
    commaSeparated('userId', 'name', 'email', 'ip', 'userAgent'),
    'Fields that are sent as a hash (HMAC-SHA256), of `userId,name,email,ip,userAgent`',
    '',
  ),
  TLS_CA_CERT: optional(
    certificates,
    'PEM of the CA that signed the certificate of a destination, if it is not a public one',
  ),
  HASH_KEY: optional(sensitiveString, 'Key of the hashes, required with `HASH_FIELDS`'),
};

export type Settings = SecretValues<typeof settings>;

/** What declares secrets of its own: a sink. */
interface Declaring<S extends SecretDeclarations> {
  readonly secrets: S;
  check?(secrets: SecretValues<S>): Problems | undefined;
}

/**
 * The settings and a sink's secrets, checked. A warm instance gets the same secrets again and again: then the same
 * object is returned, and its identity stands for the configuration.
 * @throws {ConfigError} that names every secret that is missing or malformed, never a value.
 */
export const parseSecrets = <S extends SecretDeclarations>(
  sink: Declaring<S>,
  input: unknown,
): Settings & SecretValues<S> => {
  const declarations = { ...settings, ...sink.secrets };
  const inputs = Object.keys(declarations).map((name) => readSecret(input, name));
  const last = lastParsed.get(sink);
  if (last && isDeepStrictEqual(inputs, last.inputs)) return last.values as Settings & SecretValues<S>;

  const check = (values: Settings & SecretValues<S>): Problems => ({
    ...(values.HASH_FIELDS.length > 0 && values.HASH_KEY === undefined && { HASH_KEY: 'is missing' }),
    ...sink.check?.(values),
  });
  const values = parseDeclared(declarations, input, check as (values: object) => Problems);
  lastParsed.set(sink, { inputs, values });
  return values as Settings & SecretValues<S>;
};

const lastParsed = new WeakMap<object, { inputs: readonly unknown[]; values: unknown }>();
