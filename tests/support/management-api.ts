/** A mock Management API that lives as long as its test. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ManagementClient } from 'auth0';
import { onTestFinished } from 'vitest';
import { selectActions } from '../../tools/cli/select-actions.ts';
import { ROOT } from '../../tools/shared/manifest.ts';
import {
  type ManagementApi,
  startManagementApi,
} from '../../tools/simulator/auth0/management-api/management-api.ts';
import { Tenant } from '../../tools/simulator/auth0/tenant.ts';
import { createFile } from './command.ts';

export interface ApiAndClient {
  readonly api: ManagementApi;
  readonly client: ManagementClient;
}

/** @param maxRetries of the client. */
export const startApi = async (maxRetries = 0): Promise<ApiAndClient> => {
  const api = await startManagementApi(new Tenant());
  onTestFinished(() => api.close());
  return { api, client: createClient(api, { maxRetries }) };
};

export const createClient = (
  { domain, credentials, fetch }: ManagementApi,
  options: Partial<ManagementClient.ManagementClientOptionsWithClientSecret> = {},
): ManagementClient => new ManagementClient({ domain, ...credentials, fetch, ...options });

/** A tenant to which Actions have been deployed. */
export const startApiWith = async (...names: readonly string[]): Promise<ApiAndClient> => {
  const { api, client } = await startApi();
  for (const { name, code, dependencies } of names.length > 0 ? selectActions(names) : []) {
    const content = await readFile(path.join(ROOT, code), 'utf8');
    api.addAction({ name, code: content, dependencies: dependencies.map((entry) => ({ ...entry })) });
  }
  return { api, client };
};

/** The environment of a command that has access to the tenant. */
export const toEnvironment = ({ domain, credentials, caCertificate }: ManagementApi) => ({
  AUTH0_DOMAIN: domain,
  AUTH0_CLIENT_ID: credentials.clientId,
  AUTH0_CLIENT_SECRET: credentials.clientSecret,
  NODE_EXTRA_CA_CERTS: createFile('ca.pem', caCertificate),
});

/** The requests that change something. */
export const getWrites = (api: ManagementApi) =>
  api.requests.filter(({ method, path }) => method !== 'GET' && path !== '/oauth/token');
