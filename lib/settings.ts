/** The secrets that every Action understands, and those of a sink together with them. */
import { isDeepStrictEqual } from 'node:util';
import { FIXED_PROPERTIES } from './activity.ts';
import { exclusionList } from './exclusions.ts';
import { certificates, commaSeparated, integer, nameList, oneOf, sensitiveString } from './formats.ts';
import { eventPath, propertyList } from './properties.ts';
import {
  optional,
  type Problems,
  parseDeclared,
  readSecret,
  type SecretDeclarations,
  type SecretValues,
} from './secrets.ts';

/** What of a user can be omitted, as can properties by their names. Not the id: an event always belongs to somebody. */
export const OMITTABLE_FIELDS =
  'name,givenName,familyName,username,email,phone,picture,ip,userAgent,coordinates'.split(',');

/** What of a user can be hashed, as can properties. Not coordinates: there are so few that a hash could be guessed. */
export const HASHABLE_FIELDS = ['userId', ...OMITTABLE_FIELDS.filter((name) => name !== 'coordinates')];

/** Not sent by default, unless they are to be hashed: no destination needs them to tell one user from another. */
export const OMITTED_BY_DEFAULT = ['phone', 'picture', 'coordinates'];

export const settings = {
  EVENTS: optional(commaSeparated('SignUp', 'Login'), 'Events that are recorded', 'SignUp,Login'),
  EXCLUDE: optional(
    exclusionList,
    'Logins that are not recorded: `application=Admin,connection=Test,organization=acme,domain=acme.com,flag=user.user_metadata.no_analytics`; `flag=!path` where the flag is missing',
    '',
  ),
  PROPERTIES: optional(
    propertyList,
    "Properties of the event, from anywhere in Auth0's event: `plan=user.app_metadata.plan,env='prod'`",
    '',
  ),
  USER_PROPERTIES: optional(propertyList, "Properties of the user's profile, likewise", ''),
  USER_ID: optional(
    eventPath,
    "Path of the user's id in the application: `user.app_metadata.external_id`; without a value there, Auth0's id",
  ),
  ANONYMOUS_ID: optional(
    eventPath,
    "Path of the visitor's id before the login",
    'request.query.ext-anonymous_id',
  ),
  GROUPS: optional(
    oneOf('organization', 'off'),
    "`off` does not send the organization as the vendor's group or account",
    'organization',
  ),
  RECORD: optional(
    oneOf('interactive', 'all'),
    '`all` also records token exchanges and silent authentication as Logins',
    'interactive',
  ),
  SIGNUP_WINDOW_DAYS: optional(
    integer(0, 365),
    'Days after the creation of a profile in which its SignUp can be recorded; 0 records none',
    '7',
  ),
  OMIT_FIELDS: optional(
    nameList(...OMITTABLE_FIELDS),
    `Fields and properties that are not sent, of \`${OMITTABLE_FIELDS.join(',')}\`; \`none\` sends all`,
    OMITTED_BY_DEFAULT.join(','),
  ),
  HASH_FIELDS: optional(
    nameList(...HASHABLE_FIELDS),
    `Fields and properties that are sent as a hash (HMAC-SHA256), of \`${HASHABLE_FIELDS.join(',')}\``,
    'none',
  ),
  HASH_KEY: optional(sensitiveString, 'Key of the hashes, required with `HASH_FIELDS`'),
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
  LOG: optional(oneOf('failures', 'all'), '`all` logs a line for every login', 'failures'),
  TLS_CA_CERT: optional(
    certificates,
    'PEM of the CA that signed the certificate of a destination, if it is not a public one',
  ),
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
  const declarations = { ...sink.secrets, ...settings };
  const inputs = Object.keys(declarations).map((name) => readSecret(input, name));
  const last = lastParsed.get(sink);
  if (last && isDeepStrictEqual(inputs, last.inputs)) return last.values as Settings & SecretValues<S>;

  const check = (values: Settings & SecretValues<S>): Problems => ({
    ...checkSettings(values),
    ...sink.check?.(values),
  });
  const parsed = parseDeclared(declarations, input, check as (values: object) => Problems);
  const values =
    readSecret(input, 'OMIT_FIELDS') === undefined ? { ...parsed, ...omitByDefault(parsed) } : parsed;
  lastParsed.set(sink, { inputs, values });
  return values as Settings & SecretValues<S>;
};

/** An operator who asks for the hash of a field wants it sent. */
const omitByDefault = ({ HASH_FIELDS }: Settings): Pick<Settings, 'OMIT_FIELDS'> => ({
  OMIT_FIELDS: OMITTED_BY_DEFAULT.filter((name) => !HASH_FIELDS.includes(name)),
});

const checkSettings = (values: Settings): Problems => {
  const declared = [...values.PROPERTIES, ...values.USER_PROPERTIES].map(({ name }) => name);
  // What is unknown is not quoted: it can be a credential in the wrong secret.
  const findUnknown = (setting: 'OMIT_FIELDS' | 'HASH_FIELDS', known: readonly string[]): Problems => {
    const isKnown = (name: string) => known.includes(name) || declared.includes(name);
    if (values[setting].every(isKnown)) return {};
    return { [setting]: `must be some of ${known.join(',')} or of your properties` };
  };
  const findFixed = (setting: 'PROPERTIES' | 'USER_PROPERTIES'): Problems => {
    const fixed = values[setting].find(({ name }) => FIXED_PROPERTIES.includes(name));
    return fixed ? { [setting]: `cannot redefine ${fixed.name}` } : {};
  };
  return {
    ...findUnknown('OMIT_FIELDS', OMITTABLE_FIELDS),
    ...findUnknown('HASH_FIELDS', HASHABLE_FIELDS),
    ...(values.HASH_FIELDS.length > 0 && values.HASH_KEY === undefined && { HASH_KEY: 'is missing' }),
    ...findFixed('PROPERTIES'),
    ...findFixed('USER_PROPERTIES'),
  };
};

const lastParsed = new WeakMap<object, { inputs: readonly unknown[]; values: unknown }>();
