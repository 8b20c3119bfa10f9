/**
 * The rules by which Auth0 runs a flow of post-login Actions, as the simulated tenant follows them.
 *
 * By default the source is the reference of the api and event objects:
 * https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-api-object
 */
import { describe, expect, it } from 'vitest';
import type { User } from '../../tools/simulator/auth0/event.ts';
import { IDENTITY_ACCESS_TOKEN } from '../../tools/simulator/auth0/event.ts';
import type { LoginRequest } from '../../tools/simulator/auth0/flow.ts';
import { loadAction } from '../../tools/simulator/auth0/runtime.ts';
import { type BoundAction, Tenant } from '../../tools/simulator/auth0/tenant.ts';

const USER = 'auth0|ada';

/** An Action whose handler has this body and logs what it returns as JSON. */
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

const createTenant = (
  actions: BoundAction[],
  user: Partial<User> = {},
  options: ConstructorParameters<typeof Tenant>[0] = {},
): Tenant => {
  const tenant = new Tenant(options);
  tenant.addConnection({ id: 'con_1', name: 'Username-Password-Authentication', strategy: 'auth0' });
  tenant.addApplication({ client_id: 'shop', name: 'Shop' });
  tenant.addUser({ user_id: USER, connection: 'Username-Password-Authentication', ...user });
  tenant.bind(...actions);
  return tenant;
};

const login = (tenant: Tenant, request: Partial<LoginRequest> = {}) =>
  tenant.login({ user: USER, application: 'shop', ...request });

/** Logs in and returns what the last Action returned. */
const getReturned = async (tenant: Tenant, request?: Partial<LoginRequest>) => {
  const flow = await login(tenant, request);
  expect(flow).not.toHaveProperty('errorDescription');
  return JSON.parse(flow.actions.at(-1)?.logs ?? '');
};

describe('event of a simulated login', () => {
  it('describes the login', async () => {
    const tenant = createTenant([action('return event;', { secrets: { TOKEN: 'secret' } })], {
      created_at: '2026-01-01T00:00:00.000Z',
      email: 'ada@example.com',
    });
    tenant.addOrganization({ id: 'org_1', name: 'acme' });

    expect(
      await getReturned(tenant, { organization: 'org_1', request: { ip: '198.51.100.1' } }),
    ).toMatchObject({
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
    const [identity] = await getReturned(createTenant([action('return event.user.identities;')]));
    expect(identity).toMatchObject({ user_id: 'ada', accessToken: IDENTITY_ACCESS_TOKEN });
  });

  it('shows silent authentication in the prompt of the request', async () => {
    const tenant = createTenant([action('return event.request.query.prompt ?? null;')]);
    expect(await getReturned(tenant, { kind: 'silent' })).toBe('none');
    expect(await getReturned(tenant)).toBeNull();
  });

  it('shows a refresh-token exchange in its protocol and refresh token', async () => {
    const tenant = createTenant([action('return event;')]);
    expect(await getReturned(tenant, { kind: 'refresh' })).toMatchObject({
      refresh_token: { id: expect.any(String), client_id: 'shop', user_id: USER },
      transaction: { protocol: 'oauth2-refresh-token' },
    });
    expect(await getReturned(tenant)).not.toHaveProperty('refresh_token');
  });

  it('has a transaction id in browser-based flows only', async () => {
    const tenant = createTenant([action('return "id" in event.transaction;')]);
    expect(await getReturned(tenant, { protocol: 'samlp' })).toBe(true);
    expect(await getReturned(tenant, { kind: 'sso' })).toBe(true);
    expect(await getReturned(tenant, { protocol: 'oauth2-password' })).toBe(false);
    expect(await getReturned(tenant, { kind: 'refresh' })).toBe(false);
  });

  // Auth0's published test harness.
  it('has an empty object where there is no session', async () => {
    const tenant = createTenant([action('return event.session;')]);
    expect(await getReturned(tenant, { protocol: 'oauth2-password' })).toEqual({});
  });

  it('is a copy for each Action, with the secrets of that Action', async () => {
    const tenant = createTenant([
      action('event.user.user_id = "changed"; event.secrets.A = "changed";', { secrets: { A: '1' } }),
      action('return [event.user.user_id, event.secrets];', { secrets: { B: '2' } }),
    ]);
    expect(await getReturned(tenant)).toEqual([USER, { B: '2' }]);
    expect(tenant.bindings[0]?.secrets).toEqual({ A: '1' });
  });
});

// https://community.auth0.com/t/how-logins-count-work/91318
describe('event.stats.logins_count', () => {
  it('is incremented before the Actions', async () => {
    const tenant = createTenant([action('return event.stats.logins_count;')]);
    expect(await getReturned(tenant)).toBe(1);
    expect(await getReturned(tenant)).toBe(2);
  });

  it.each(['sso', 'silent', 'refresh'] as const)(
    'is not incremented without authentication: %s',
    async (kind) => {
      const tenant = createTenant([action('return event.stats.logins_count;')], { logins_count: 5 });
      expect(await getReturned(tenant, { kind })).toBe(5);
    },
  );

  it('is incremented also when the login then fails', async () => {
    const tenant = createTenant([action('throw new Error("failed");')]);
    await login(tenant);
    expect(tenant.user(USER).logins_count).toBe(1);
  });
});

describe('flow', () => {
  it('executes the bound Actions in order, which can change between logins', async () => {
    const tenant = createTenant([action('', { name: 'first' }), action('', { name: 'second' })]);
    const executed = async () => (await login(tenant)).actions.map(({ name }) => name);

    expect(await executed()).toEqual(['first', 'second']);
    tenant.bindings.reverse();
    expect(await executed()).toEqual(['second', 'first']);
    tenant.bindings = tenant.bindings.filter(({ name }) => name === 'first');
    expect(await executed()).toEqual(['first']);
  });

  it('gives each Action its current secrets', async () => {
    const bound = action('return event.secrets.TOKEN;', { secrets: { TOKEN: 'old' } });
    const tenant = createTenant([bound]);
    expect(await getReturned(tenant)).toBe('old');
    bound.secrets = { TOKEN: 'new' };
    expect(await getReturned(tenant)).toBe('new');
  });
});

// https://auth0.com/docs/manage-users/user-accounts/metadata/manage-user-metadata
describe('api.user.setAppMetadata', () => {
  const READ = 'return event.user.app_metadata;';

  it('is not visible in the same Action', async () => {
    const tenant = createTenant([action(`api.user.setAppMetadata("a", 1); ${READ}`)]);
    expect(await getReturned(tenant)).toEqual({});
  });

  it('is visible in later Actions of the flow', async () => {
    const tenant = createTenant([action('api.user.setAppMetadata("a", 1);'), action(READ)]);
    expect(await getReturned(tenant)).toEqual({ a: 1 });
  });

  it('is written in one update at the end of the flow', async () => {
    const tenant = createTenant([
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
    const tenant = createTenant([action('api.user.setAppMetadata("nested", { b: 2 });')], {
      app_metadata: { kept: true, nested: { a: 1 } },
    });
    await login(tenant);
    expect(tenant.user(USER).app_metadata).toEqual({ kept: true, nested: { b: 2 } });
  });

  it('removes a key with null', async () => {
    const tenant = createTenant([action('api.user.setAppMetadata("a", null);'), action(READ)], {
      app_metadata: { a: 1, b: 2 },
    });
    expect(await getReturned(tenant)).toEqual({ b: 2 });
    expect(tenant.user(USER).app_metadata).toEqual({ b: 2 });
  });

  it('costs no write for a value equal to the stored one, and always one for null', async () => {
    const tenant = createTenant([action('api.user.setAppMetadata("a", { b: 1 });')], {
      app_metadata: { a: { b: 1 } },
    });
    await login(tenant);
    expect(tenant.user(USER).metadataWrites).toBe(0);

    tenant.bindings = [action('api.user.setAppMetadata("absent", null);')];
    await login(tenant);
    expect(tenant.user(USER).metadataWrites).toBe(1);
  });

  it('merges onto what is stored at the end, when flows of one user interleave', async () => {
    const tenant = createTenant([
      action('await sleep(5); api.user.setAppMetadata(event.client.client_id, true);'),
    ]);
    tenant.addApplication({ client_id: 'blog', name: 'Blog' });
    const flows = await Promise.all([login(tenant), login(tenant, { application: 'blog' })]);
    expect(flows.map(({ appMetadataBefore }) => appMetadataBefore)).toEqual([{}, {}]);
    expect(tenant.user(USER)).toMatchObject({ app_metadata: { shop: true, blog: true }, metadataWrites: 2 });
  });

  // Auth0's published test harness.
  it.each([null, 'text', [1]])('throws if app_metadata is not an object: %j', async (app_metadata) => {
    const tenant = createTenant([action('api.user.setAppMetadata("a", 1);')], { app_metadata });
    expect(await login(tenant)).toMatchObject({
      outcome: 'access_denied',
      errorDescription: 'Unexpected app_metadata format. Must be a valid JSON object',
      appMetadataAfter: app_metadata,
    });
  });

  // https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data
  it.each(['a.b', '$a'])('throws for a key with a dot or a dollar sign: %s', async (key) => {
    const tenant = createTenant([action(`api.user.setAppMetadata('${key}', 1);`)]);
    expect((await login(tenant)).errorDescription).toBe(`A metadata key must not contain '.' or '$': ${key}`);
  });

  it('has no effect in work that is not awaited', async () => {
    const tenant = createTenant([
      action('setTimeout(() => api.user.setAppMetadata("late", true), 1);'),
      action('await sleep(10);'),
    ]);
    await login(tenant);
    expect(tenant.user(USER).app_metadata).toEqual({});
  });
});

// https://auth0.com/docs/manage-users/user-accounts/metadata/manage-user-metadata
describe('api.user.setUserMetadata', () => {
  it('throws if user_metadata is not an object', async () => {
    const tenant = createTenant([action('api.user.setUserMetadata("a", 1);')], { user_metadata: null });
    expect((await login(tenant)).errorDescription).toBe(
      'Unexpected user_metadata format. Must be a valid JSON object.',
    );
  });

  it('follows the rules of setAppMetadata', async () => {
    const tenant = createTenant(
      [
        action('api.user.setUserMetadata("a", 1).user.setUserMetadata("b", null);'),
        action('return event.user;'),
      ],
      { user_metadata: { b: 2 } },
    );
    expect(await getReturned(tenant)).toMatchObject({ user_metadata: { a: 1 }, app_metadata: {} });
    expect(tenant.user(USER)).toMatchObject({ user_metadata: { a: 1 }, app_metadata: {}, metadataWrites: 1 });
  });
});

// The published test harness rejects with the Action's error; https://auth0.com/docs/customize/actions/limitations
describe('Action that throws', () => {
  it('fails the login, discards the metadata and stops the flow', async () => {
    const tenant = createTenant([
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
    const tenant = createTenant([
      action('api.access.deny("denied"); api.user.setAppMetadata("a", 1); throw new Error("broken");'),
    ]);
    expect(await login(tenant)).toMatchObject({ errorDescription: 'broken', appMetadataAfter: {} });
  });

  it('fails the login when the Actions together exceed the time limit', async () => {
    const tenant = createTenant(
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
    const tenant = createTenant([
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
  it('is visible immediately and in later Actions, not in other flows', async () => {
    const tenant = createTenant([
      action(
        'api.transaction.setMetadata("a", 1); api.transaction.setMetadata("b", true); return event.transaction.metadata;',
      ),
      action('api.transaction.setMetadata("a", null); return event.transaction.metadata;'),
    ]);
    const flow = await login(tenant);
    expect(flow.actions.map(({ logs }) => JSON.parse(logs))).toEqual([{ a: 1, b: true }, { b: true }]);

    tenant.bindings = [action('return event.transaction.metadata;')];
    expect(await getReturned(tenant)).toEqual({});
  });

  it.each([
    [
      'api.transaction.setMetadata("a", {});',
      'Transaction metadata must be a string, number, boolean or null: a',
    ],
    [
      'api.transaction.setMetadata("a", "x".repeat(8193));',
      'A value of transaction metadata is limited to 8192 bytes: a',
    ],
    [
      'for (const key of ["a", "b", "c"]) api.transaction.setMetadata(key, "x".repeat(8000));',
      'Transaction metadata is limited to 16384 bytes in total: c',
    ],
  ])('has limits: %s', async (body, message) => {
    expect((await login(createTenant([action(body)]))).errorDescription).toBe(message);
  });
});

// https://auth0.com/docs/customize/actions/limitations
describe('api.cache', () => {
  const NOW = Date.parse('2026-01-01T00:00:00Z');

  it('is shared by the Actions and flows of the trigger', async () => {
    const tenant = createTenant([
      action('api.cache.set("a", "1");'),
      action('return api.cache.get("a")?.value;'),
    ]);
    expect(await getReturned(tenant)).toBe('1');
    tenant.bindings = [action('return [api.cache.delete("a"), api.cache.get("a") ?? null];')];
    expect(await getReturned(tenant)).toEqual([{ type: 'success' }, null]);
  });

  it('stores a value for 15 minutes, or until the earlier of ttl and expires_at', async () => {
    let now = NOW;
    const tenant = createTenant(
      [
        action(`return [
          api.cache.set('default', '1'),
          api.cache.set('earlier', '1', { ttl: 1000, expires_at: ${NOW + 2000} }),
        ].map(({ record }) => record.expires_at);`),
      ],
      {},
      { now: () => new Date(now) },
    );
    expect(await getReturned(tenant)).toEqual([NOW + 15 * 60_000, NOW + 1000]);

    tenant.bindings = [action('return ["default", "earlier"].filter((key) => api.cache.get(key));')];
    now = NOW + 1000;
    expect(await getReturned(tenant)).toEqual(['default', 'earlier']);
    now = NOW + 1001;
    expect(await getReturned(tenant)).toEqual(['default']);
    now = NOW + 15 * 60_000 + 1;
    expect(await getReturned(tenant)).toEqual([]);
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
    ['[1, 2].map(() => api.cache.set("a", "x".repeat(4096))).at(-1)', 'CacheSizeExceeded'],
    [
      '(api.cache.set("b", "x".repeat(4096)), api.cache.set("a", "x".repeat(4096), { ttl: NaN }))',
      'CacheSizeExceeded',
    ],
    ['api.cache.set("a", "", { ttl: NaN })', 'InvalidExpiry'],
    ['api.cache.set("a", "", { ttl: null })', 'InvalidExpiry'],
    ['api.cache.set("a", "", { ttl: 1e300 })', 'InvalidExpiry'],
    ['api.cache.set("a", "", { expires_at: 1 })', 'ItemAlreadyExpired'],
  ])('returns its errors: %s', async (expression, code) => {
    expect(await getReturned(createTenant([action(`return ${expression};`)]))).toEqual({
      type: 'error',
      code,
    });
  });
});

// Auth0's published test harness.
describe('api of an execution', () => {
  it.each(['access', 'user', 'transaction'])('throws for a method taken out of api.%s', async (group) => {
    const methods = { access: 'deny', user: 'setAppMetadata', transaction: 'setMetadata' };
    const method = methods[group as keyof typeof methods];
    const body = `const { ${method} } = api.${group}; ${method}('a', 'b');`;
    const flow = await login(createTenant([action(body)]));
    expect(flow.errorDescription).toMatch(/^Cannot read propert/);
  });

  it.each([
    'api.accessToken.addScope("read")',
    'api.idToken.setCustomClaim("a", "b").multifactor.enable("any")',
    'api.redirect.sendUserTo("https://example.com").access',
    'api.samlResponse.setAttribute("a", "b")',
    'api.session.revoke("why")',
    'await api.groups.getUserGroups()',
  ])('accepts calls without effect: %s', async (expression) => {
    const flow = await login(createTenant([action(`${expression};`)]));
    expect(flow).toMatchObject({ outcome: 'completed', appMetadataAfter: {} });
  });

  it.each([
    ['api.redirect.canRedirect()', false],
    ['api.redirect.encodeToken({ secret: "s", payload: {} })', ''],
    ['api.rules.wasExecuted("rul_1")', false],
    ['await api.roles.getUserEffectiveRoles()', { roles: [] }],
    ['api.nothing?.deny ?? null', null],
  ])('returns from %s what the harness returns: %j', async (expression, value) => {
    expect(await getReturned(createTenant([action(`return ${expression};`)]))).toEqual(value);
  });

  it('has no members that Auth0 does not have', async () => {
    const flow = await login(createTenant([action("api.user.setSomething('a');")]));
    expect(flow.errorDescription).toBe('api.user.setSomething is not a function');
  });

  it.each([
    ['api.transaction.addTargetScope("a")', 'Method not implemented.'],
    [
      'api.redirect.validateToken({ secret: "s" })',
      "There is no parameter called 'session_token' available in either the POST body or query string.",
    ],
  ])('throws from %s as the harness does', async (expression, message) => {
    expect((await login(createTenant([action(`${expression};`)]))).errorDescription).toBe(message);
  });
});

describe('Tenant', () => {
  it('returns a flow as plain data', async () => {
    const now = () => new Date('2026-01-01T00:00:00Z');
    const tenant = createTenant([action('throw new Error("failed");')], {}, { now });
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

  it('returns the outcomes that each Action published', async () => {
    const publish = (status: string) =>
      action(
        `require('diagnostics_channel').channel('auth0-login-analytics:outcome').publish({ status: '${status}' });`,
      );
    const { actions } = await login(createTenant([publish('delivered'), action(''), publish('failed')]));
    expect(actions.map(({ outcomes }) => outcomes)).toEqual([
      [{ status: 'delivered' }],
      [],
      [{ status: 'failed' }],
    ]);
  });

  it.each([{ user: 'nobody' }, { application: 'nothing' }, { connection: 'none' }, { organization: 'none' }])(
    'rejects a login of something unknown: %j',
    async (request) => {
      await expect(login(createTenant([]), request)).rejects.toThrow('The tenant does not know no');
    },
  );
});
