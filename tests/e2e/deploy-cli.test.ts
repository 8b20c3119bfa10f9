/** From a deployment to a recorded login, with Auth0's Deploy CLI, in a tenant that other teams use as well. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { bind } from '../../tools/cli/commands/bind.ts';
import { setSecrets } from '../../tools/cli/commands/secrets.ts';
import { findAction } from '../../tools/cli/select-actions.ts';
import { SCOPES } from '../../tools/cli/tenant-connection.ts';
import { readBuiltCode } from '../../tools/shared/built-code.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import { readManifest } from '../../tools/shared/manifest.ts';
import {
  type ManagementApi,
  startManagementApi,
} from '../../tools/simulator/auth0/management-api/management-api.ts';
import { Tenant } from '../../tools/simulator/auth0/tenant.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { startVendorMock, type VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { startCommand } from '../support/command.ts';
import { fastDeployCli, IMPORT_TIMEOUT_MS } from '../support/deploy-cli.ts';
import { createClient, toEnvironment } from '../support/management-api.ts';

const USER = 'auth0|ada';
const CODE = 'exports.onExecutePostLogin = async () => {};';

const { actions: ENTRIES } = readManifest();

const startTenant = async () => {
  const tenant = new Tenant();
  tenant.addConnection({ id: 'con_1', name: 'Username-Password-Authentication', strategy: 'auth0' });
  tenant.addApplication({ client_id: 'shop', name: 'Shop' });
  tenant.addUser({ user_id: USER, connection: 'Username-Password-Authentication' });
  const api = await startManagementApi(tenant, { buildMs: 200 });
  onTestFinished(() => api.close());
  return { tenant, api };
};

const deployAll = (api: ManagementApi) =>
  startCommand(['deploy', '--yes'], {
    env: {
      ...toEnvironment(api),
      // A setting of other imports, which must not apply to this one.
      AUTH0_ALLOW_DELETE: 'true',
      ...fastDeployCli(),
    },
  });

const startMocks = async (): Promise<readonly VendorMock[]> => {
  const mocks = await Promise.all(
    vendors.map((vendor) => startVendorMock(vendor, { tls: vendor.tls ?? false })),
  );
  onTestFinished(async () => {
    await Promise.all(mocks.map((mock) => mock.close()));
  });
  return mocks;
};

describe('auth0-login-analytics deploy', { timeout: IMPORT_TIMEOUT_MS }, () => {
  it('deploys every Action with the Deploy CLI, and a login runs them after those of other teams', async () => {
    const { tenant, api } = await startTenant();
    const theirs = api.addAction({ name: 'theirs', code: CODE, secrets: { TOKEN: 'theirs' } });
    const splunk = api.addAction({ name: 'splunk', code: CODE, secrets: { SPLUNK_INDEX: 'main' } });
    api.bind('theirs', 'Their Action');
    const getTheirs = () => structuredClone({ draft: theirs.draft, number: theirs.deployed?.number });
    const before = getTheirs();

    api.scopes = SCOPES.deploy;
    const { code, out } = await deployAll(api);
    expect(code).toBe(0);
    expect(out).toMatch(/^splunk +not managed by this project, dependencies\nkeen +new$/m);
    expect(out).toContain(`Deployed: ${ENTRIES.map(({ name }) => name).join(', ')}.`);
    for (const entry of ENTRIES) {
      const { deployed } = api.actions.find(({ name }) => name === entry.name) ?? {};
      expect(deployed?.code).toBe(await readBuiltCode(entry));
      expect(deployed?.dependencies).toEqual(entry.dependencies);
    }
    expect(splunk.deployed).toMatchObject({ number: 2, secrets: [{ value: 'main' }] });
    expect(getTheirs()).toEqual(before);
    expect(api.bindings.map(({ display_name }) => display_name)).toEqual(['Their Action']);
    const harmful = api.requests.filter(
      ({ method, path }) => method === 'DELETE' || path.includes('bindings'),
    );
    expect(harmful).toEqual([]);

    const client = createClient(api);
    const names = (await loadSinks()).map(({ name }) => name);
    await bind(client, names);
    const mocks = await startMocks();
    for (const { name, secrets } of mocks) {
      const given = name === 'splunk' ? { SPLUNK_INDEX: 'main', ...secrets } : secrets;
      await setSecrets(client, await findAction(name), given);
    }
    expect(api.bindings.map(({ display_name }) => display_name)).toEqual(['Their Action', ...names]);
    expect(getTheirs()).toEqual(before);

    const flow = await tenant.login({ user: USER, application: 'shop' });
    expect(flow.actions.map(({ name, logs, error }) => ({ name, logs, error }))).toEqual(
      ['theirs', ...names].map((name) => ({ name, logs: '', error: undefined })),
    );
    for (const { name, events } of mocks) {
      const types = events.map(({ type }) => type).filter((type) => type !== 'other');
      expect({ [name]: types }).toEqual({ [name]: ['SignUp'] });
    }
    const flags = Object.fromEntries(names.map((name) => [name, true]));
    expect(tenant.user(USER).app_metadata).toEqual({ signedUp: flags });
  });
});
