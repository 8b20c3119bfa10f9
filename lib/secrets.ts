/**
 * Declare and read `event.secrets`: the configuration of an Action, set in Auth0's dashboard.
 * https://auth0.com/docs/customize/actions/write-your-first-action#add-a-secret
 */
import type { Activity } from './activity.ts';
import { ConfigError } from './errors.ts';
import { baseUrl, type Format, oneOf, string } from './formats.ts';

/** A secret as an Action declares it. */
export interface Secret<T = unknown> extends Format<T> {
  readonly description: string;
  readonly required: boolean;
  /** Used where none is set. */
  readonly defaultValue?: string;
}

/** Name → secret. */
export type SecretDeclarations = Readonly<Record<string, Secret>>;

/** The values of declared secrets, checked and converted. */
export type SecretValues<S extends SecretDeclarations> = {
  readonly [Name in keyof S]: S[Name] extends Secret<infer T> ? T : never;
};

/** Name of a secret → what is wrong with it. */
export type Problems = Readonly<Record<string, string>>;

export const required = <T>(format: Format<T>, description: string): Secret<T> => ({
  ...format,
  description,
  required: true,
});

export function optional<T>(format: Format<T>, description: string): Secret<T | undefined>;
export function optional<T>(format: Format<T>, description: string, defaultValue: string): Secret<T>;
export function optional<T>(
  format: Format<T>,
  description: string,
  defaultValue?: string,
): Secret<T | undefined> {
  return { ...format, description, required: false, ...(defaultValue !== undefined && { defaultValue }) };
}

/**
 * The secrets that choose a vendor's server, `ACME_REGION` or `ACME_HOST`, and the base URL they choose.
 * @param hosts region → base URL; the first is the default.
 */
export const regional = <P extends string, R extends string>(
  prefix: P,
  hosts: Readonly<Record<R, string>>,
  descriptions: { readonly region: string; readonly host: string },
) => {
  type Region = { readonly [Name in `${P}_REGION`]: R };
  type Host = { readonly [Name in `${P}_HOST`]: string | undefined };
  const region = `${prefix}_REGION` as keyof Region;
  const host = `${prefix}_HOST` as keyof Host;
  const regions = Object.keys(hosts) as R[];
  return {
    secrets: {
      [region]: optional(oneOf(...regions), descriptions.region, String(regions[0])),
      [host]: optional(baseUrl, descriptions.host),
    } as { [Name in keyof Region]: Secret<R> } & { [Name in keyof Host]: Secret<string | undefined> },
    getHost: (secrets: Region & Host): string =>
      (secrets[host] as string | undefined) ?? hosts[secrets[region] as R],
  };
};

/** The secrets that name a vendor's events, `ACME_SIGNUP_EVENT` and `ACME_LOGIN_EVENT`, and the name they give. */
export const eventNames = <P extends string>(prefix: P, signUp: string, login: string) => {
  type Names = { readonly [Name in `${P}_SIGNUP_EVENT` | `${P}_LOGIN_EVENT`]: string };
  const names = {
    SignUp: `${prefix}_SIGNUP_EVENT` as keyof Names,
    Login: `${prefix}_LOGIN_EVENT` as keyof Names,
  };
  return {
    secrets: {
      [names.SignUp]: optional(string, 'Name of the event for a SignUp', signUp),
      [names.Login]: optional(string, 'Name of the event for a Login', login),
    } as { [Name in keyof Names]: Secret<string> },
    getEventName: ({ type }: Activity, secrets: Names): string => secrets[names[type]],
  };
};

/**
 * Checks and converts what an Action was given.
 * @param check finds what is wrong with a combination of secrets, each of which is well-formed.
 * @throws {ConfigError} that names every secret that is missing or malformed, never a value.
 */
export const parseDeclared = <S extends SecretDeclarations>(
  declarations: S,
  input: unknown,
  check?: (values: SecretValues<S>) => Problems | undefined,
): SecretValues<S> => {
  const problems = new Map<string, string>();
  const entries = Object.entries(declarations).map(([name, secret]) => {
    const value = readSecret(input, name) ?? secret.defaultValue;
    if (value === undefined) {
      if (secret.required) problems.set(name, 'is missing');
      return [name, undefined];
    }
    const parsed = secret.parse(value);
    if ('value' in parsed) return [name, parsed.value];
    problems.set(name, parsed.problem);
    return [name, undefined];
  });
  const values = Object.fromEntries(entries);
  const combined = problems.size === 0 ? (check?.(values) ?? {}) : {};
  for (const [name, problem] of Object.entries(combined)) problems.set(name, problem);
  if (problems.size > 0) throw new ConfigError(problems);
  return values;
};

/** The names of the secrets that must be given. */
export const getRequiredSecrets = (secrets: SecretDeclarations): string[] =>
  Object.keys(secrets).filter((name) => secrets[name]?.required);

/** Those of several destinations that are meant to be used: a required secret is given. A single one always is. */
export const selectConfigured = <T>(
  destinations: readonly T[],
  getSecrets: (destination: T) => SecretDeclarations,
  input: unknown,
): readonly T[] => {
  const isConfigured = (destination: T) =>
    getRequiredSecrets(getSecrets(destination)).some((name) => readSecret(input, name));
  return destinations.length === 1 ? destinations : destinations.filter(isConfigured);
};

/** One secret as the operator meant it: trimmed, absent if empty. Checks nothing. */
export const readSecret = (input: unknown, name: string): string | undefined => {
  const value: unknown = (input as Record<string, unknown> | undefined)?.[name];
  return (typeof value === 'string' && value.trim()) || undefined;
};

/** The sensitive values among the secrets that were given. Of a list of headers, the credentials behind their names. */
export const getSensitiveValues = (secrets: SecretDeclarations, input: unknown): string[] =>
  Object.entries(secrets).flatMap(([name, secret]) => {
    const value = readSecret(input, name);
    if (!secret.sensitive || value === undefined) return [];
    const parsed = secret.parse(value);
    return 'value' in parsed && isHeaders(parsed.value)
      ? Object.values(parsed.value).flatMap(toCredentials)
      : value;
  });

const isHeaders = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((item) => typeof item === 'string');

/** What follows the scheme, and what `Basic` encodes. https://www.rfc-editor.org/rfc/rfc9110#section-11.4 */
const toCredentials = (header: string): string[] => {
  const credentials = header.replace(/^[\w-]+ +/, '');
  return [credentials, Buffer.from(credentials, 'base64').toString()];
};
