/** From deploying to a recorded login, with Auth0's Deploy CLI, in a tenant where others are at work, too. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ManagementClient } from 'auth0';
import { expect, it, onTestFinished } from 'vitest';
import { bind } from '../../tools/cli/commands/bind.ts';
import { setSecrets } from '../../tools/cli/commands/secrets.ts';
import { SCOPES } from '../../tools/cli/tenant-connection.ts';
import { findAction, loadSinks } from '../../tools/shared/catalog.ts';
import { ROOT, readManifest } from '../../tools/shared/manifest.ts';
import {
  type ManagementApi,
  startManagementApi,
} from '../../tools/simulator/auth0/management-api/management-api.ts';
import { Tenant } from '../../tools/simulator/auth0/tenant.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { startVendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';

const DEPLOY_CLI = path.join(ROOT, 'node_modules/auth0-deploy-cli/lib');
/**
 * What the Deploy CLI loads first. It compiles the schema of everything that it could import, twice, and of that the
 * texts of prompts, in each language, take half a minute. They are not what we import; all else is the CLI's own.
 */
const WITHOUT_PROMPTS = `const cli = ${JSON.stringify(DEPLOY_CLI)};
if (process.argv[1]?.startsWith(cli)) require(cli + '/tools/auth0/handlers/prompts').schema = {};`;
const IMPORT_TIMEOUT_MS = 120_000;
const USER = 'auth0|ada';

const { actions: OURS } = readManifest();

/** `npm run deploy -- --yes`, as a person runs it. */
const deployAll = async ({ domain, caCertificate, credentials }: ManagementApi): Promise<string> => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'deploy-cli-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const certificate = path.join(directory, 'ca.pem');
  await writeFile(certificate, caCertificate);
  const preload = path.join(directory, 'preload.cjs');
  await writeFile(preload, WITHOUT_PROMPTS);

  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'tools/cli/commands/deploy.ts', '--yes'],
    {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        AUTH0_DOMAIN: domain,
        AUTH0_CLIENT_ID: credentials.clientId,
        AUTH0_CLIENT_SECRET: credentials.clientSecret,
        // Of another import, and kept away from this one.
        AUTH0_ALLOW_DELETE: 'true',
        NODE_EXTRA_CA_CERTS: certificate,
        NODE_OPTIONS: `--require "${preload}"`,
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

  api.scopes = SCOPES.deploy;
  const out = await deployAll(api);
  expect(out).toMatch(/^splunk +somebody else's code, dependencies\nkeen +new$/m);
  expect(out).toContain(`Deployed: ${OURS.map(({ name }) => name).join(', ')}.`);

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
    vendors.map((service) => startVendorMock(service, { tls: service.tls ?? false })),
  );
  onTestFinished(async () => {
    await Promise.all(destinations.map((destination) => destination.close()));
  });
  const names = (await loadSinks()).map(({ name }) => name);
  await bind(client, names);
  for (const { name, secrets } of destinations) {
    const given = name === 'splunk' ? { SPLUNK_INDEX: 'main', ...secrets } : secrets;
    await setSecrets(client, await findAction([name]), given);
  }
  expect(api.bindings.map(({ display_name }) => display_name)).toEqual(['Their Action', ...names]);
  expect({ draft: theirs.draft, number: theirs.deployed?.number }).toEqual(untouched);

  const flow = await tenant.login({ user: USER, application: 'shop' });
  expect(flow.actions.map(({ name, logs, error }) => ({ name, logs, error }))).toEqual(
    ['theirs', ...names].map((name) => ({ name, logs: '', error: undefined })),
  );
  for (const { name, events } of destinations) {
    const types = events.map(({ type }) => type).filter((type) => type !== 'other');
    expect({ [name]: types }).toEqual({ [name]: ['SignUp'] });
  }
  const marks = Object.fromEntries(names.map((name) => [name, true]));
  expect(tenant.user(USER).app_metadata).toEqual({ signedUp: marks });
});
