/**
 * What Auth0 does around post-login Actions, one test for each rule that the local tenant reproduces.
 *
 * Unless a test says otherwise, the source is the reference of the api and event objects:
 * https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-api-object
 */
import { describe, expect, it } from 'vitest';
import { IDENTITY_ACCESS_TOKEN } from '../../tools/simulator/auth0/event.ts';
import { loadAction } from '../../tools/simulator/auth0/runtime.ts';
import {
  type BoundAction,
  type LoginRequest,
  Tenant,
  type User,
} from '../../tools/simulator/auth0/tenant.ts';

const USER = 'auth0|ada';

/** An Action whose handler has this body; what it returns is logged as JSON. */
const action = (body: string, { name = 'example', secrets = {} } = {}): BoundAction => ({
  name,
  secrets,
  action: loadAction({
    name,
    dependencies: [],
    code: `
      const { setTimeout: sleep } = require('node:timers/promises');
      const handler = async (event, api) => { ${body} };
      exports.onExecutePostLogin = async (event, api) => console.log(JSON.stringify(await handler(event, api)));
    `,
  }),
});

function tenantWith(
  actions: BoundAction[],
  user: Partial<User> = {},
  options: ConstructorParameters<typeof Tenant>[0] = {},
): Tenant {
  const tenant = new Tenant(options);
  tenant.addConnection({ id: 'con_1', name: 'Username-Password-Authentication', strategy: 'auth0' });
  tenant.addApplication({ client_id: 'shop', name: 'Shop' });
  tenant.addUser({ user_id: USER, connection: 'Username-Password-Authentication', ...user });
  tenant.bind(...actions);
  return tenant;
}

const login = (tenant: Tenant, request: Partial<LoginRequest> = {}) =>
  tenant.login({ user: USER, application: 'shop', ...request });

/** Logs in and returns what the last Action returned. */
async function returned(tenant: Tenant, request?: Partial<LoginRequest>) {
  const flow = await login(tenant, request);
  expect(flow).not.toHaveProperty('errorDescription');
  return JSON.parse(flow.actions.at(-1)?.logs ?? '');
}

describe('the event', () => {
  it('describes the login', async () => {
    const tenant = tenantWith([action('return event;', { secrets: { TOKEN: 'secret' } })], {
      created_at: '2026-01-01T00:00:00.000Z',
      email: 'ada@example.com',
    });
    tenant.addOrganization({ id: 'org_1', name: 'acme' });

    expect(await returned(tenant, { organization: 'org_1', request: { ip: '198.51.100.1' } })).toMatchObject({
      client: { client_id: 'shop', name: 'Shop', metadata: {} },
      connection: { id: 'con_1', name: 'Username-Password-Authentication', strategy: 'auth0' },
      organization: { id: 'org_1', name: 'acme', display_name: 'acme' },
      request: { ip: '198.51.100.1', geoip: { countryCode: 'US' }, query: { client_id: 'shop' } },
      secrets: { TOKEN: 'secret' },
      stats: { logins_count: 1 },
      tenant: { id: 'local-tenant' },
      transaction: { id: expect.any(String), protocol: 'oidc-basic-profile' },
      user: { user_id: USER, email: 'ada@example.com', created_at: '2026-01-01T00:00:00.000Z' },
    });
  });

  // Auth0's example event, in the published test harness.
  it('carries the access token of the identity provider', async () => {
    const [identity] = await returned(tenantWith([action('return event.user.identities;')]));
    expect(identity).toMatchObject({ user_id: 'ada', accessToken: IDENTITY_ACCESS_TOKEN });
  });

  it('tells silent authentication by the prompt of the request', async () => {
    const tenant = tenantWith([action('return event.request.query.prompt ?? null;')]);
    expect(await returned(tenant, { kind: 'silent' })).toBe('none');
    expect(await returned(tenant)).toBeNull();
  });

  it('tells a refresh-token exchange by its protocol and refresh token', async () => {
    const tenant = tenantWith([action('return event;')]);
    expect(await returned(tenant, { kind: 'refresh' })).toMatchObject({
      refresh_token: { id: expect.any(String), client_id: 'shop', user_id: USER },
      transaction: { protocol: 'oauth2-refresh-token' },
    });
    expect(await returned(tenant)).not.toHaveProperty('refresh_token');
  });

  it('has a transaction id in browser-based flows only', async () => {
    const tenant = tenantWith([action('return "id" in event.transaction;')]);
    expect(await returned(tenant, { protocol: 'samlp' })).toBe(true);
    expect(await returned(tenant, { kind: 'sso' })).toBe(true);
    expect(await returned(tenant, { protocol: 'oauth2-password' })).toBe(false);
    expect(await returned(tenant, { kind: 'refresh' })).toBe(false);
  });

  // Auth0's published test harness.
  it('has an empty session where there is none', async () => {
    const tenant = tenantWith([action('return event.session;')]);
    expect(await returned(tenant, { protocol: 'oauth2-password' })).toEqual({});
  });

  it("is each Action's own, with its own secrets", async () => {
    const tenant = tenantWith([
      action('event.user.user_id = "changed"; event.secrets.A = "changed";', { secrets: { A: '1' } }),
      action('return [event.user.user_id, event.secrets];', { secrets: { B: '2' } }),
    ]);
    expect(await returned(tenant)).toEqual([USER, { B: '2' }]);
    expect(tenant.bindings[0]?.secrets).toEqual({ A: '1' });
  });
});

// https://community.auth0.com/t/how-logins-count-work/91318
describe('logins_count', () => {
  it('is incremented before the Actions', async () => {
    const tenant = tenantWith([action('return event.stats.logins_count;')]);
    expect(await returned(tenant)).toBe(1);
    expect(await returned(tenant)).toBe(2);
  });

  it.each(['sso', 'silent', 'refresh'] as const)(
    'is not incremented without authentication: %s',
    async (kind) => {
      const tenant = tenantWith([action('return event.stats.logins_count;')], { logins_count: 5 });
      expect(await returned(tenant, { kind })).toBe(5);
    },
  );

  it('is incremented also when the login then fails', async () => {
    const tenant = tenantWith([action('throw new Error("failed");')]);
    await login(tenant);
    expect(tenant.user(USER).logins_count).toBe(1);
  });
});

describe('bound Actions', () => {
  it('are executed in their order, which can change between logins', async () => {
    const tenant = tenantWith([action('', { name: 'first' }), action('', { name: 'second' })]);
    const executed = async () => (await login(tenant)).actions.map(({ name }) => name);

    expect(await executed()).toEqual(['first', 'second']);
    tenant.bindings.reverse();
    expect(await executed()).toEqual(['second', 'first']);
    tenant.bindings = tenant.bindings.filter(({ name }) => name === 'first');
    expect(await executed()).toEqual(['first']);
  });

  it('get the secrets of the moment', async () => {
    const bound = action('return event.secrets.TOKEN;', { secrets: { TOKEN: 'old' } });
    const tenant = tenantWith([bound]);
    expect(await returned(tenant)).toBe('old');
    bound.secrets = { TOKEN: 'new' };
    expect(await returned(tenant)).toBe('new');
  });
});

// https://auth0.com/docs/manage-users/user-accounts/metadata/manage-user-metadata
describe('api.user.setAppMetadata', () => {
  const READ = 'return event.user.app_metadata;';

  it('is not visible in the same Action', async () => {
    const tenant = tenantWith([action(`api.user.setAppMetadata("a", 1); ${READ}`)]);
    expect(await returned(tenant)).toEqual({});
  });

  it('is visible in later Actions of the flow', async () => {
    const tenant = tenantWith([action('api.user.setAppMetadata("a", 1);'), action(READ)]);
    expect(await returned(tenant)).toEqual({ a: 1 });
  });

  it('is written in one update at the end of the flow', async () => {
    const tenant = tenantWith([
      action('api.user.setAppMetadata("a", 1).user.setAppMetadata("b", 2);'),
      action('api.user.setAppMetadata("c", 3).user.setUserMetadata("d", 4); await sleep(10);'),
    ]);
    const flow = login(tenant);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(tenant.user(USER)).toMatchObject({ app_metadata: {}, metadataWrites: 0 });

    expect(await flow).toMatchObject({
      appMetadataBefore: {},
      appMetadataAfter: { a: 1, b: 2, c: 3 },
      actions: [
        {
          setAppMetadata: [
            { key: 'a', value: 1 },
            { key: 'b', value: 2 },
          ],
        },
        { setAppMetadata: [{ key: 'c', value: 3 }] },
      ],
    });
    expect(tenant.user(USER)).toMatchObject({ app_metadata: { a: 1, b: 2, c: 3 }, metadataWrites: 1 });
  });

  it('merges by top-level key and replaces nested objects whole', async () => {
    const tenant = tenantWith([action('api.user.setAppMetadata("nested", { b: 2 });')], {
      app_metadata: { kept: true, nested: { a: 1 } },
    });
    await login(tenant);
    expect(tenant.user(USER).app_metadata).toEqual({ kept: true, nested: { b: 2 } });
  });

  it('removes a key with null', async () => {
    const tenant = tenantWith([action('api.user.setAppMetadata("a", null);'), action(READ)], {
      app_metadata: { a: 1, b: 2 },
    });
    expect(await returned(tenant)).toEqual({ b: 2 });
    expect(tenant.user(USER).app_metadata).toEqual({ b: 2 });
  });

  it('costs no write for a value equal to the stored one, and always one for null', async () => {
    const tenant = tenantWith([action('api.user.setAppMetadata("a", { b: 1 });')], {
      app_metadata: { a: { b: 1 } },
    });
    await login(tenant);
    expect(tenant.user(USER).metadataWrites).toBe(0);

    tenant.bindings = [action('api.user.setAppMetadata("absent", null);')];
    await login(tenant);
    expect(tenant.user(USER).metadataWrites).toBe(1);
  });

  it('merges onto what is stored at the end, when flows of one user interleave', async () => {
    const tenant = tenantWith([
      action('await sleep(5); api.user.setAppMetadata(event.client.client_id, true);'),
    ]);
    tenant.addApplication({ client_id: 'blog', name: 'Blog' });
    const flows = await Promise.all([login(tenant), login(tenant, { application: 'blog' })]);
    expect(flows.map(({ appMetadataBefore }) => appMetadataBefore)).toEqual([{}, {}]);
    expect(tenant.user(USER)).toMatchObject({ app_metadata: { shop: true, blog: true }, metadataWrites: 2 });
  });

  // Auth0's published test harness.
  it.each([null, 'text', [1]])(
    'throws if the app_metadata of the user is no object: %j',
    async (app_metadata) => {
      const tenant = tenantWith([action('api.user.setAppMetadata("a", 1);')], { app_metadata });
      expect(await login(tenant)).toMatchObject({
        outcome: 'access_denied',
        errorDescription: 'event.user.app_metadata is not an object',
        appMetadataAfter: app_metadata,
      });
    },
  );

  // https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data
  it.each(['a.b', '$a'])('throws for a key with a dot or a dollar sign: %s', async (key) => {
    const tenant = tenantWith([action(`api.user.setAppMetadata('${key}', 1);`)]);
    expect((await login(tenant)).errorDescription).toBe(`A metadata key must not contain '.' or '$': ${key}`);
  });

  it('is lost if work that was not awaited calls it', async () => {
    const tenant = tenantWith([
      action('setTimeout(() => api.user.setAppMetadata("late", true), 1);'),
      action('await sleep(10);'),
    ]);
    await login(tenant);
    expect(tenant.user(USER).app_metadata).toEqual({});
  });
});

// https://auth0.com/docs/manage-users/user-accounts/metadata/manage-user-metadata
describe('api.user.setUserMetadata', () => {
  it('follows the rules of setAppMetadata', async () => {
    const tenant = tenantWith(
      [
        action('api.user.setUserMetadata("a", 1).user.setUserMetadata("b", null);'),
        action('return event.user;'),
      ],
      { user_metadata: { b: 2 } },
    );
    expect(await returned(tenant)).toMatchObject({ user_metadata: { a: 1 }, app_metadata: {} });
    expect(tenant.user(USER)).toMatchObject({ user_metadata: { a: 1 }, app_metadata: {}, metadataWrites: 1 });
  });
});

// The published test harness rejects with the Action's error; https://auth0.com/docs/customize/actions/limitations
describe('a failing Action', () => {
  it('fails the login, discards the metadata and stops the flow', async () => {
    const tenant = tenantWith([
      action('api.user.setAppMetadata("a", 1);'),
      action('api.user.setAppMetadata("b", 2); throw new Error("out of order");', { name: 'broken' }),
      action(''),
    ]);
    const flow = await login(tenant);
    expect(flow).toMatchObject({
      outcome: 'access_denied',
      errorDescription: 'out of order',
      deniedBy: 'broken',
      actions: [{}, { error: 'out of order' }],
    });
    expect(tenant.user(USER)).toMatchObject({ app_metadata: {}, metadataWrites: 0 });
  });

  it('fails the login also after it denied it', async () => {
    const tenant = tenantWith([
      action('api.access.deny("denied"); api.user.setAppMetadata("a", 1); throw new Error("broken");'),
    ]);
    expect(await login(tenant)).toMatchObject({ errorDescription: 'broken', appMetadataAfter: {} });
  });

  it('fails the login when the Actions together exceed the time limit', async () => {
    const tenant = tenantWith(
      [
        action('await sleep(20); api.user.setAppMetadata("a", 1);', { name: 'in time' }),
        action('await sleep(60);', { name: 'too late' }),
        action(''),
      ],
      {},
      { flowLimitMs: 60 },
    );
    const flow = await login(tenant);
    expect(flow).toMatchObject({
      outcome: 'access_denied',
      errorDescription: 'The Actions of the flow exceeded their time limit',
      deniedBy: 'too late',
      appMetadataAfter: {},
    });
    expect(flow.actions).toHaveLength(2);
    expect(flow.durationMs).toBeLessThan(100);
  });
});

describe('api.access.deny', () => {
  it('lets the Action finish, ends the flow and keeps the metadata', async () => {
    const tenant = tenantWith([
      action('api.user.setAppMetadata("a", 1);'),
      action(
        'api.access.deny("not today"); await sleep(1); api.user.setAppMetadata("b", 2); return "finished";',
        {
          name: 'strict',
        },
      ),
      action(''),
    ]);
    const flow = await login(tenant);
    expect(flow).toMatchObject({
      outcome: 'access_denied',
      errorDescription: 'not today',
      deniedBy: 'strict',
      actions: [{}, { logs: '"finished"\n' }],
    });
    expect(flow.actions[1]).not.toHaveProperty('error');
    expect(tenant.user(USER).app_metadata).toEqual({ a: 1, b: 2 });
  });
});

// https://auth0.com/docs/customize/actions/transaction-metadata
describe('api.transaction.setMetadata', () => {
  it('is visible at once and in later Actions, not in other flows', async () => {
    const tenant = tenantWith([
      action(
        'api.transaction.setMetadata("a", 1); api.transaction.setMetadata("b", true); return event.transaction.metadata;',
      ),
      action('api.transaction.setMetadata("a", null); return event.transaction.metadata;'),
    ]);
    const flow = await login(tenant);
    expect(flow.actions.map(({ logs }) => JSON.parse(logs))).toEqual([{ a: 1, b: true }, { b: true }]);

    tenant.bindings = [action('return event.transaction.metadata;')];
    expect(await returned(tenant)).toEqual({});
  });

  it.each([
    [
      'api.transaction.setMetadata("a", {});',
      'Transaction metadata takes a string, number, boolean or null: a',
    ],
    [
      'api.transaction.setMetadata("a", "x".repeat(8193));',
      'A value of transaction metadata is limited to 8192 bytes: a',
    ],
    [
      'for (const key of ["a", "b", "c"]) api.transaction.setMetadata(key, "x".repeat(8000));',
      'Transaction metadata is limited to 16384 bytes in all: c',
    ],
  ])('has limits: %s', async (body, message) => {
    expect((await login(tenantWith([action(body)]))).errorDescription).toBe(message);
  });
});

// https://auth0.com/docs/customize/actions/limitations
describe('api.cache', () => {
  const NOW = Date.parse('2026-01-01T00:00:00Z');

  it('is shared by the Actions and flows of the trigger', async () => {
    const tenant = tenantWith([
      action('api.cache.set("a", "1");'),
      action('return api.cache.get("a")?.value;'),
    ]);
    expect(await returned(tenant)).toBe('1');
    tenant.bindings = [action('return [api.cache.delete("a"), api.cache.get("a") ?? null];')];
    expect(await returned(tenant)).toEqual([{ type: 'success' }, null]);
  });

  it('keeps a value for 15 minutes, or until the earlier of ttl and expires_at', async () => {
    let now = NOW;
    const tenant = tenantWith(
      [
        action(`return [
          api.cache.set('default', '1'),
          api.cache.set('earlier', '1', { ttl: 1000, expires_at: ${NOW + 2000} }),
        ].map(({ record }) => record.expires_at);`),
      ],
      {},
      { now: () => new Date(now) },
    );
    expect(await returned(tenant)).toEqual([NOW + 15 * 60_000, NOW + 1000]);

    tenant.bindings = [action('return ["default", "earlier"].filter((key) => api.cache.get(key));')];
    now = NOW + 1000;
    expect(await returned(tenant)).toEqual(['default']);
    now = NOW + 15 * 60_000;
    expect(await returned(tenant)).toEqual([]);
  });

  it.each([
    ['api.cache.delete("absent")', 'CacheKeyDoesNotExist'],
    ['api.cache.set("x".repeat(65), "")', 'CacheKeySizeExceeded'],
    ['api.cache.set("a", "x".repeat(4097))', 'CacheValueSizeExceeded'],
    ['["a", "b", "c"].map((key) => api.cache.set(key, "x".repeat(4000))).at(-1)', 'CacheSizeExceeded'],
    [
      'Array.from({ length: 21 }, (_, index) => api.cache.set(String(index), "")).at(-1)',
      'CacheSizeExceeded',
    ],
    ['api.cache.set("a", "", { ttl: NaN })', 'InvalidExpiry'],
    ['api.cache.set("a", "", { expires_at: 1 })', 'ItemAlreadyExpired'],
  ])('returns its errors: %s', async (expression, code) => {
    expect(await returned(tenantWith([action(`return ${expression};`)]))).toEqual({ type: 'error', code });
  });
});

describe('the rest of the api', () => {
  it.each(['api.idToken.setCustomClaim', 'api.redirect.sendUserTo', 'api.user.setSomething'])(
    'throws that it is not reproduced: %s',
    async (path) => {
      const flow = await login(tenantWith([action(`${path}('a', 'b');`)]));
      expect(flow.errorDescription).toBe(`${path} is not reproduced by the local tenant`);
    },
  );

  it('can be awaited and serialized', async () => {
    const tenant = tenantWith([action('await api; await api.idToken; return JSON.stringify(api);')]);
    expect((await login(tenant)).outcome).toBe('completed');
  });
});

describe('the tenant', () => {
  it('describes a flow as plain data', async () => {
    const now = () => new Date('2026-01-01T00:00:00Z');
    const tenant = tenantWith([action('throw new Error("failed");')], {}, { now });
    const flow = await login(tenant, { kind: 'sso', protocol: 'samlp' });
    expect(JSON.parse(JSON.stringify(flow))).toStrictEqual(flow);
    expect(flow).toMatchObject({
      user: USER,
      application: 'shop',
      kind: 'sso',
      protocol: 'samlp',
      startedAt: '2026-01-01T00:00:00.000Z',
    });
  });

  it.each([{ user: 'nobody' }, { application: 'nothing' }, { connection: 'none' }, { organization: 'none' }])(
    'throws for what it does not know: %j',
    async (request) => {
      await expect(login(tenantWith([]), request)).rejects.toThrow('The tenant does not know no');
    },
  );
});
