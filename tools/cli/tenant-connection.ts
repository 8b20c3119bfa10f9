/** The tenant, as the command line tools reach it: https://auth0.com/docs/api/management/v2 */
import { existsSync } from 'node:fs';
import type { ParseArgsConfig } from 'node:util';
import { ManagementClient, ManagementError, ManagementTimeoutError } from 'auth0';
import { runTool, UsageError } from './command.ts';

/** The scopes that each command needs, and no more. Deploying an Action takes `create:actions`, says Auth0. */
export const SCOPES = {
  deploy: ['read:actions', 'create:actions', 'update:actions'],
  bind: ['read:actions', 'update:actions'],
  unbind: ['read:actions', 'update:actions'],
  secrets: ['read:actions', 'create:actions', 'update:actions'],
  doctor: ['read:actions'],
  backfill: ['read:logs'],
} as const;

/** For --help. */
export const credentialsHelp = (
  command: keyof typeof SCOPES,
): string => `The tenant: AUTH0_DOMAIN, and AUTH0_CLIENT_ID with AUTH0_CLIENT_SECRET of a machine-to-machine application, or
AUTH0_ACCESS_TOKEN; from the environment, or else from the file .env. Scopes: ${SCOPES[command].join(', ')}.`;

export interface Connection {
  readonly client: ManagementClient;
  readonly domain: string;
  /** What the Deploy CLI takes from its environment: https://auth0.com/docs/deploy-monitor/deploy-cli-tool */
  readonly credentials: Readonly<Record<string, string>>;
}

/** Reads .env, where there is one; what the environment has already stays. */
export const loadEnvironment = (): void => {
  if (existsSync('.env')) process.loadEnvFile('.env');
};

/** The tenant of the environment or .env. Nothing is requested yet. */
export const connect = (): Connection => {
  loadEnvironment();
  const { AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_ACCESS_TOKEN } = process.env;
  const needed = AUTH0_ACCESS_TOKEN
    ? { AUTH0_DOMAIN, AUTH0_ACCESS_TOKEN }
    : { AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value?.trim() ? [] : [name]));
  if (missing.length > 0) {
    throw new UsageError(`Set ${missing.join(', ')} in the environment or in .env to reach the tenant`);
  }

  const credentials = Object.fromEntries(
    Object.entries(needed).map(([name, value = '']) => [name, value.trim()]),
  );
  const { AUTH0_DOMAIN: domain = '' } = credentials;
  if (!/^[a-z\d.-]+(:\d+)?$/i.test(domain)) {
    throw new UsageError('AUTH0_DOMAIN must be a domain like example.eu.auth0.com, without https://');
  }
  const {
    AUTH0_ACCESS_TOKEN: token,
    AUTH0_CLIENT_ID: clientId = '',
    AUTH0_CLIENT_SECRET: clientSecret = '',
  } = credentials;
  const client = new ManagementClient(token ? { domain, token } : { domain, clientId, clientSecret });
  return { client, domain, credentials };
};

/** What a list has on all its pages. */
export const readAll = async <T>(pages: AsyncIterable<T>): Promise<readonly T[]> => {
  const all: T[] = [];
  for await (const item of pages) all.push(item);
  return all;
};

/** The tenant, or the state it is in, does not allow what was asked for. The message says what to do. */
export class TenantError extends Error {
  override readonly name = 'TenantError';
}

/** `runTool` for what talks to a tenant: a refusal is one line, and exit code 1. */
export const runTenantTool = <T extends NonNullable<ParseArgsConfig['options']>>(
  help: string,
  options: T,
  main: Parameters<typeof runTool<T>>[2],
): Promise<void> =>
  runTool(help, options, async (args) => {
    try {
      return await main(args);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      console.error(refusal);
      return 1;
    }
  });

/** What to do about an error of the tenant, in one line; undefined for any other error. */
export const refusalOf = (error: unknown): string | undefined => {
  if (error instanceof TenantError) return error.message;
  if (error instanceof ManagementError && error.statusCode) return adviceOn(error.statusCode, textOf(error));
  if (error instanceof ManagementTimeoutError) return `The tenant did not answer in time: ${error.message}`;
  const code = networkCodeOf(error);
  return code && `The tenant cannot be reached (${code}): check AUTH0_DOMAIN and the network`;
};

const adviceOn = (status: number, text: string): string => {
  switch (status) {
    case 401:
      return `The tenant refuses the credentials (401 ${text}): check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, or get a new AUTH0_ACCESS_TOKEN`;
    case 403:
      return (
        scopeAdvice(text) ??
        `The tenant refuses this (403 ${text}): check that the application may use the Management API`
      );
    case 404:
      return `The tenant has no such thing (404 ${text}): was it deleted meanwhile?`;
    case 409:
      return `The tenant reports a conflict (409 ${text}): look at what is there, and run this again`;
    case 429:
      return `The tenant's rate limit is reached (429 ${text}): run this again in a minute`;
    default:
      return status >= 500
        ? `The tenant failed (${status} ${text}): run this again, and see https://status.auth0.com`
        : `The tenant refuses this (${status} ${text})`;
  }
};

/** Auth0 says "Insufficient scope, expected any of: read:actions". */
export const scopeAdvice = (text: string): string | undefined => {
  const scopes = /expected any of: (\w+:\w+(?:, ?\w+:\w+)*)/.exec(text)?.[1];
  return (
    scopes &&
    `The scope ${scopes.replace(/, ?/g, ' or ')} is missing: grant it to the application, under Applications > APIs > Auth0 Management API`
  );
};

/** Auth0's own words. */
const textOf = ({ body }: ManagementError): string => {
  const { message, error_description } = Object(body);
  return String(message ?? error_description ?? 'without a reason').replace(/\s+/g, ' ');
};

const NETWORK_CODE =
  /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|UND_ERR_|CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** `ENOTFOUND`, say: of the error or of what caused it. */
const networkCodeOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code === 'string' && NETWORK_CODE.test(code)) return code;
  return networkCodeOf(error.cause);
};
