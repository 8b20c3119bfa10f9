/** Auth0's Deploy CLI imports a0deploy.yaml into a tenant where others are at work, too. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ManagementClient } from 'auth0';
import { expect, it, onTestFinished } from 'vitest';
import { startDestination } from '../tools/local/destination.ts';
import { services } from '../tools/local/destinations/index.ts';
import { type ManagementApi, startManagementApi } from '../tools/local/management.ts';
import { Tenant } from '../tools/local/tenant.ts';
import { ROOT, readManifest } from '../tools/manifest.ts';

const IMPORT_TIMEOUT_MS = 120_000;
const USER = 'auth0|ada';

const { actions: OURS } = readManifest();

const importManifest = async ({ domain, caCertificate, credentials }: ManagementApi): Promise<string> => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'deploy-cli-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const certificate = path.join(directory, 'ca.pem');
  await writeFile(certificate, caCertificate);

  const cli = path.join(ROOT, 'node_modules', 'auth0-deploy-cli', 'lib', 'index.js');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cli, 'import', '--input_file', 'a0deploy.yaml'],
    {
      cwd: ROOT,
      env: {
        AUTH0_DOMAIN: domain,
        AUTH0_CLIENT_ID: credentials.clientId,
        AUTH0_CLIENT_SECRET: credentials.clientSecret,
        AUTH0_INCLUDED_ONLY: '["actions"]',
        AUTH0_ALLOW_DELETE: 'false',
        NODE_EXTRA_CA_CERTS: certificate,
      },
    },
  );
  return stdout;
};

it('deploys our Actions beside others, and a login then runs them', {
  timeout: IMPORT_TIMEOUT_MS,
}, async () => {
  const tenant = new Tenant();
  tenant.addConnection({ id: 'con_1', name: 'Username-Password-Authentication', strategy: 'auth0' });
  tenant.addApplication({ client_id: 'shop', name: 'Shop' });
  tenant.addUser({ user_id: USER, connection: 'Username-Password-Authentication' });
  const api = await startManagementApi(tenant, { buildMs: 200 });
  onTestFinished(() => api.close());

  const code = 'exports.onExecutePostLogin = async () => {};';
  const theirs = api.addAction({ name: 'theirs', code, secrets: { TOKEN: 'theirs' } });
  const splunk = api.addAction({ name: 'splunk', code, secrets: { SPLUNK_INDEX: 'set in the dashboard' } });
  api.bind('theirs', 'Their Action');
  const untouched = structuredClone({ draft: theirs.draft, number: theirs.deployed?.number });

  expect(await importManifest(api)).toContain('Import Successful');

  for (const { name, code, dependencies } of OURS) {
    const { deployed } = api.actions.find((action) => action.name === name) ?? {};
    expect(deployed?.code).toBe(await readFile(path.join(ROOT, code), 'utf8'));
    expect(deployed?.dependencies).toEqual(dependencies);
  }
  expect(splunk.deployed).toMatchObject({ number: 2, secrets: [{ value: 'set in the dashboard' }] });
  expect({ draft: theirs.draft, number: theirs.deployed?.number }).toEqual(untouched);
  expect(api.bindings.map(({ display_name }) => display_name)).toEqual(['Their Action']);
  expect(api.requests.filter(({ method, path }) => method === 'DELETE' || path.includes('bindings'))).toEqual(
    [],
  );

  const { domain, credentials, fetch } = api;
  const client = new ManagementClient({ domain, ...credentials, fetch });
  const destinations = await Promise.all(
    services.map((service) => startDestination(service, { tls: service.tls ?? false })),
  );
  onTestFinished(async () => {
    await Promise.all(destinations.map((destination) => destination.close()));
  });
  for (const { name, secrets } of destinations) {
    const { id = '' } = api.actions.find((action) => action.name === name) ?? {};
    const named = Object.entries(secrets).map(([name, value]) => ({ name, value }));
    await client.actions.update(id, { secrets: named });
    await expect.poll(() => client.actions.get(id)).toMatchObject({ status: 'built' });
    await client.actions.deploy(id);
  }
  const { data: bound } = await client.actions.triggers.bindings.list('post-login');
  await client.actions.triggers.bindings.updateMany('post-login', {
    bindings: [
      ...bound.map(({ id }) => ({ ref: { type: 'binding_id' as const, value: id } })),
      ...OURS.map(({ name }) => ({ ref: { type: 'action_name' as const, value: name } })),
    ],
  });

  const flow = await tenant.login({ user: USER, application: 'shop' });
  expect(flow.actions.map(({ name, logs, error }) => ({ name, logs, error }))).toEqual(
    ['theirs', ...OURS.map(({ name }) => name)].map((name) => ({ name, logs: '', error: undefined })),
  );
  for (const { name, events } of destinations) {
    const types = events.map(({ type }) => type).filter((type) => type !== 'other');
    expect({ [name]: types }).toEqual({ [name]: ['SignUp'] });
  }
  const marks = Object.fromEntries(OURS.map(({ name }) => [name, true]));
  expect(tenant.user(USER).app_metadata).toEqual({ signedUp: marks });
});
