/** Access to the tenant's Management API: https://auth0.com/docs/api/management/v2 */
import { ManagementClient } from 'auth0';
import { UsageError } from '../shared/usage-error.ts';
import type { Context } from './context.ts';

/** The scopes that a command needs. Deploying an Action needs `create:actions`, according to Auth0. */
export const SCOPES = {
  setup: ['read:actions', 'create:actions', 'update:actions'],
  deploy: ['read:actions', 'create:actions', 'update:actions'],
  bind: ['read:actions', 'update:actions'],
  unbind: ['read:actions', 'update:actions'],
  secrets: ['read:actions', 'create:actions', 'update:actions'],
  doctor: ['read:actions'],
  backfill: ['read:logs'],
} as const;

/** For --help. */
export const toCredentialsHelp = (command: keyof typeof SCOPES): string =>
  `Access to the tenant: AUTH0_DOMAIN, and AUTH0_CLIENT_ID with AUTH0_CLIENT_SECRET of a machine-to-machine application, or AUTH0_ACCESS_TOKEN, from the environment or the file .env. Scopes: ${SCOPES[command].join(', ')}.`;

export interface TenantConnection {
  readonly client: ManagementClient;
  readonly domain: string;
  /** As environment variables of the Deploy CLI: https://auth0.com/docs/deploy-monitor/deploy-cli-tool */
  readonly credentials: Readonly<Record<string, string>>;
}

const VARIABLES = ['AUTH0_DOMAIN', 'AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET', 'AUTH0_ACCESS_TOKEN'];

export const hasTenant = ({ env }: Context): boolean => VARIABLES.some((name) => env[name]);

/** Reads domain and credentials from the environment. Nothing is requested yet. */
export const connect = ({ env, io }: Pick<Context, 'env' | 'io'>): TenantConnection => {
  const { AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_ACCESS_TOKEN } = env;
  const needed = AUTH0_ACCESS_TOKEN
    ? { AUTH0_DOMAIN, AUTH0_ACCESS_TOKEN }
    : { AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value?.trim() ? [] : [name]));
  if (missing.length > 0) {
    throw new UsageError(`set ${missing.join(', ')} in the environment or in .env to reach the tenant`);
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
  const options = { domain, ...(io.fetch && { fetch: io.fetch }) };
  const client = new ManagementClient(token ? { ...options, token } : { ...options, clientId, clientSecret });
  return { client, domain, credentials };
};
