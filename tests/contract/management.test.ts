/**
 * The rules of Auth0's Management API that the simulated one follows, as Auth0's own SDK sees them. Their sources are named
 * in tools/simulator/auth0/management-api.
 */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { ManagementClient, type ManagementError } from 'auth0';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { LoginRequest } from '../../tools/simulator/auth0/flow.ts';
import {
  type ManagementApi,
  type ManagementOptions,
  startManagementApi,
} from '../../tools/simulator/auth0/management-api/management-api.ts';
import { Tenant } from '../../tools/simulator/auth0/tenant.ts';
import { type LogEntry, type LogSource, toLogId } from '../../tools/simulator/auth0/tenant-log.ts';

const USER = 'auth0|ada';
const POST_LOGIN = [{ id: 'post-login', version: 'v3' }] as const;

/** The code of an Action that logs the expression. */
const logging = (expression: string): string =>
  `exports.onExecutePostLogin = async (event) => console.log(${expression});`;

const start = async (options?: ManagementOptions) => {
  const tenant = new Tenant();
  tenant.addConnection({ id: 'con_1', name: 'Username-Password-Authentication', strategy: 'auth0' });
  tenant.addApplication({ client_id: 'shop', name: 'Shop' });
  tenant.addUser({ user_id: USER, connection: 'Username-Password-Authentication', email: 'ada@example.com' });
  const api = await startManagementApi(tenant, options);
  onTestFinished(() => api.close());
  return { tenant, api, client: createClient(api) };
};

const createClient = ({ domain, credentials, fetch }: ManagementApi, options: { maxRetries?: number } = {}) =>
  new ManagementClient({ domain, ...credentials, fetch, maxRetries: 0, ...options });

const login = (tenant: Tenant, request: Partial<LoginRequest> = {}) =>
  tenant.login({ user: USER, application: 'shop', ...request });

/** Deploys an Action, and waits until the deployment is in effect. */
const deploy = async (client: ManagementClient, id: string) => {
  const deployment = await client.actions.deploy(id);
  await vi.waitFor(async () =>
    expect((await client.actions.get(id)).deployed_version).toMatchObject({ number: deployment.number }),
  );
};

/** A request without the SDK, for what the SDK cannot send or does not show. */
const call = (api: ManagementApi, method: string, path: string, body?: object): Promise<Response> =>
  api.fetch(`https://${api.domain}/api/v2${path}`, {
    method,
    headers: { Authorization: `Bearer ${api.issueToken()}`, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });

/** The body of the error that the API responds with. */
const getErrorBody = async (request: PromiseLike<unknown>): Promise<unknown> => {
  const error = await Promise.resolve(request).then(
    () => undefined,
    (thrown: ManagementError) => thrown,
  );
  return error?.body;
};

describe('access token of the Management API', () => {
  it('is issued for the credentials and carries the scopes', async () => {
    const { api, client } = await start();
    expect((await client.actions.list()).data).toEqual([]);
    expect(api.requests.map(({ path, status }) => `${status} ${path.split('?')[0]}`)).toEqual([
      '200 /oauth/token',
      '200 /api/v2/actions/actions',
    ]);

    const [, payload = ''] = api.issueToken().split('.');
    const { scope } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    expect(scope.split(' ')).toEqual(expect.arrayContaining(['update:actions', 'read:logs', 'read:users']));
  });

  it('is not issued for other credentials', async () => {
    const { api } = await start();
    const wrong = createClient({ ...api, credentials: { ...api.credentials, clientSecret: 'wrong' } });
    await expect(wrong.actions.list()).rejects.toMatchObject({ statusCode: 401 });
    expect(api.requests).toMatchObject([
      { path: '/oauth/token', status: 401, body: { client_secret: '***' } },
    ]);
  });

  it('is required', async () => {
    const { api } = await start();
    const url = `https://${api.domain}/api/v2/actions/actions`;
    expect((await api.fetch(url)).status).toBe(401);
    const response = await api.fetch(url, { headers: { Authorization: 'Bearer another' } });
    expect(await response.json()).toMatchObject({ statusCode: 401, errorCode: 'invalid_token' });
  });

  it('must have the scope of the endpoint', async () => {
    const { api, client } = await start();
    api.scopes = ['read:actions'];
    await client.actions.list();
    expect(await getErrorBody(client.actions.update('some', {}))).toEqual({
      statusCode: 403,
      error: 'Forbidden',
      message: 'Insufficient scope, expected any of: update:actions',
      errorCode: 'insufficient_scope',
    });
  });
});

describe('request to the Management API', () => {
  it('is rejected for an unknown property', async () => {
    const { api } = await start();
    const body = { name: 'a', supported_triggers: POST_LOGIN, deployed: true };
    expect(await (await call(api, 'POST', '/actions/actions', body)).json()).toEqual({
      statusCode: 400,
      error: 'Bad Request',
      message: "Payload validation error: 'Additional properties not allowed: deployed'.",
      errorCode: 'invalid_body',
    });
  });

  it('is rejected for a value of the wrong type or a missing one', async () => {
    const { api } = await start();
    const body = { name: 'a', supported_triggers: [{ id: 'post-logout' }] };
    expect((await call(api, 'POST', '/actions/actions', body)).status).toBe(400);
    expect((await call(api, 'POST', '/actions/actions', { name: 'a' })).status).toBe(400);
    expect((await call(api, 'POST', '/actions/actions')).status).toBe(400);
  });

  it('is rejected for an unknown or invalid parameter', async () => {
    const { api } = await start();
    const response = await call(api, 'GET', '/actions/actions?include_totals=true');
    expect(await response.json()).toMatchObject({ statusCode: 400, errorCode: 'invalid_query_string' });
    expect((await call(api, 'GET', '/actions/actions?page=first')).status).toBe(400);
  });

  it('is rejected for an unknown path', async () => {
    const { api } = await start();
    expect((await call(api, 'GET', '/actions/modules')).status).toBe(404);
  });
});

describe('Action in the Management API', () => {
  const create = (client: ManagementClient, name = 'mine') =>
    client.actions.create({ name, supported_triggers: [...POST_LOGIN], code: logging('1') });

  it('is pending, then building, then built, and cannot be deployed before', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const { client } = await start({ buildMs: 20_000 });
    const { id = '', ...created } = await create(client);
    expect(created).toMatchObject({ status: 'pending', all_changes_deployed: false, runtime: 'node22' });
    expect(created).not.toHaveProperty('deployed_version');
    expect(await getErrorBody(client.actions.deploy(id))).toMatchObject({
      statusCode: 400,
      message: "A draft must be in the 'built' state before it can be deployed.",
    });

    const startedAt = Date.now();
    const getStatus = async (elapsedMs: number) => {
      vi.setSystemTime(startedAt + elapsedMs);
      return (await client.actions.get(id)).status;
    };
    const times = [9_000, 10_000, 19_000, 20_000];
    const statuses: unknown[] = [];
    for (const elapsedMs of times) statuses.push(await getStatus(elapsedMs));
    expect(statuses).toEqual(['pending', 'building', 'building', 'built']);
    expect((await client.actions.deploy(id)).number).toBe(1);
  });

  it('responds to a deployment before it is in effect', async () => {
    const { tenant, api, client } = await start({ deployMs: 60_000 });
    const { id } = api.addAction({ name: 'mine', code: logging("'old'") });
    api.bind('mine');
    await client.actions.update(id, { code: logging("'new'") });
    await vi.waitFor(async () => expect((await client.actions.get(id)).status).toBe('built'));

    const deployment = await client.actions.deploy(id);
    expect(deployment).toMatchObject({
      number: 2,
      deployed: false,
      status: 'built',
      code: logging("'new'"),
      action: { id, name: 'mine', all_changes_deployed: false },
    });
    expect(deployment).not.toHaveProperty('built_at');
    expect(await client.actions.get(id)).toMatchObject({
      all_changes_deployed: false,
      deployed_version: { number: 1, deployed: true },
    });
    expect((await login(tenant)).actions.map((run) => run.logs.trim())).toEqual(['old']);
  });

  it('has a deployment in effect a moment later', async () => {
    const { client } = await start({ buildMs: 0 });
    const { id = '' } = await create(client);
    await deploy(client, id);
    expect(await client.actions.get(id)).toMatchObject({
      all_changes_deployed: true,
      deployed_version: { number: 1, deployed: true, code: logging('1'), built_at: expect.any(String) },
    });
  });

  it('counts a deployment that is not yet in effect as a version', async () => {
    const { api, client } = await start({ deployMs: 60_000 });
    const { id } = api.addAction({ name: 'mine' });
    expect((await client.actions.deploy(id)).number).toBe(2);
    expect((await client.actions.deploy(id)).number).toBe(3);
  });

  it('runs as it was deployed until it is deployed again', async () => {
    const { tenant, api, client } = await start({ buildMs: 0 });
    const { id } = api.addAction({ name: 'mine', code: logging("'old'") });
    api.bind('mine');
    const logs = async () => (await login(tenant)).actions.map((run) => run.logs.trim());

    await client.actions.update(id, { code: logging("'new'") });
    expect(await client.actions.get(id)).toMatchObject({ all_changes_deployed: false });
    expect(await logs()).toEqual(['old']);
    await deploy(client, id);
    expect(await logs()).toEqual(['new']);
  });

  it('loads declared dependencies only', async () => {
    const { tenant, api } = await start();
    const code = `const { VERSION } = require('axios'); ${logging('VERSION')}`;
    api.addAction({ name: 'declares', code, dependencies: [{ name: 'axios', version: '1.21.1' }] });
    api.addAction({ name: 'does not', code });
    api.bind('declares');
    api.bind('does not');
    expect((await login(tenant)).actions).toMatchObject([
      { logs: expect.stringMatching(/^\d/) },
      { error: expect.stringContaining("Cannot find module 'axios'") },
    ]);
  });

  it('has a unique name', async () => {
    const { client } = await start();
    const { id = '' } = await create(client);
    await create(client, 'another');
    expect(await getErrorBody(create(client))).toMatchObject({ statusCode: 409 });
    expect(await getErrorBody(client.actions.update(id, { name: 'another' }))).toMatchObject({
      statusCode: 409,
    });
  });

  it('is not found by an unknown id', async () => {
    const { client } = await start();
    const requests = [
      client.actions.get('no-such'),
      client.actions.update('no-such', {}),
      client.actions.deploy('no-such'),
      client.actions.delete('no-such'),
    ];
    for (const request of requests) expect(await getErrorBody(request)).toMatchObject({ statusCode: 404 });
  });

  it('is listed by page, name, trigger and state', async () => {
    const { api, client } = await start();
    for (const name of ['a', 'b', 'c']) api.addAction({ name, deployed: name !== 'c' });
    const names = async (query: object) => (await client.actions.list(query)).data.map(({ name }) => name);

    expect(await names({ page: 1, per_page: 2 })).toEqual(['c']);
    expect(await names({ actionName: 'b' })).toEqual(['b']);
    expect(await names({ triggerId: 'credentials-exchange' })).toEqual([]);
    expect(await names({ deployed: false })).toEqual(['c']);
    expect(await names({ installed: true })).toEqual([]);
  });

  it('is listed with page and total only where they are not 0', async () => {
    const { api } = await start();
    const list = async (query: string) => (await call(api, 'GET', `/actions/actions?${query}`)).json();
    expect(await list('')).toEqual({ actions: [], per_page: 20 });
    for (const name of ['a', 'b', 'c']) api.addAction({ name });
    expect(await list('per_page=2')).toEqual({ actions: expect.any(Array), per_page: 2, total: 3 });
    expect(await list('per_page=2&page=1')).toMatchObject({ per_page: 2, total: 3, page: 1 });
  });

  it('is listed as a whole by the SDK, page by page', async () => {
    const { api, client } = await start();
    for (let index = 0; index < 5; index += 1) api.addAction({ name: `a${index}` });
    const names: unknown[] = [];
    for await (const { name } of await client.actions.list({ per_page: 2 })) names.push(name);
    expect(names).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
  });

  it('is not deleted while it is bound, unless by force', async () => {
    const { tenant, api, client } = await start();
    const { id } = api.addAction({ name: 'mine' });
    api.bind('mine');
    expect(await getErrorBody(client.actions.delete(id))).toMatchObject({
      statusCode: 409,
      message: 'Unable to delete an action bound to a trigger.',
    });
    await client.actions.delete(id, { force: true });
    expect([api.actions, api.bindings, tenant.bindings]).toEqual([[], [], []]);
  });

  it.each([
    ['code of 100 kB', { code: 'a'.repeat(100_001) }],
    [
      '10 dependencies',
      { dependencies: Array.from({ length: 11 }, () => ({ name: 'axios', version: '1.21.1' })) },
    ],
    ['30 secrets', { secrets: Array.from({ length: 31 }, (_, index) => ({ name: `S${index}`, value: '' })) }],
    ['names of secrets of 128 characters', { secrets: [{ name: 'S'.repeat(129), value: '' }] }],
    ['secrets of 4096 characters', { secrets: [{ name: 'S', value: 'v'.repeat(4097) }] }],
  ])('has at most %s', async (_, change) => {
    const { api, client } = await start();
    const { id, draft } = api.addAction({ name: 'mine' });
    expect(await getErrorBody(client.actions.update(id, change))).toMatchObject({ statusCode: 400 });
    expect(api.actions[0]?.draft).toBe(draft);
  });
});

describe('secrets of an Action in the Management API', () => {
  const startWithSecrets = async () => {
    const { api, ...others } = await start({ buildMs: 0 });
    const { id } = api.addAction({
      name: 'mine',
      code: logging('JSON.stringify(event.secrets)'),
      secrets: { A: 'a', B: 'b' },
    });
    api.bind('mine');
    const seen = async () => JSON.parse((await login(others.tenant)).actions[0]?.logs ?? '');
    return { ...others, api, id, seen };
  };

  it('are shown by name only', async () => {
    const { client, id } = await startWithSecrets();
    const { secrets, deployed_version } = await client.actions.get(id);
    const shown = ['A', 'B'].map((name) => ({ name, updated_at: expect.any(String) }));
    expect([secrets, deployed_version?.secrets]).toEqual([shown, shown]);
  });

  it('stay if an update does not name them', async () => {
    const { client, id, seen } = await startWithSecrets();
    await client.actions.update(id, { name: 'renamed' });
    await deploy(client, id);
    expect(await seen()).toEqual({ A: 'a', B: 'b' });
  });

  it('are replaced as a whole by the next deployment', async () => {
    const { client, id, seen } = await startWithSecrets();
    await client.actions.update(id, { secrets: [{ name: 'B', value: 'new' }] });
    expect(await seen()).toEqual({ A: 'a', B: 'b' });
    await deploy(client, id);
    expect(await seen()).toEqual({ B: 'new' });
  });

  it('require a value', async () => {
    const { client, id } = await startWithSecrets();
    expect(await getErrorBody(client.actions.update(id, { secrets: [{ name: 'A' }] }))).toMatchObject({
      statusCode: 400,
    });
  });
});

describe('bindings in the Management API', () => {
  const named = (value: string) => ({ ref: { type: 'action_name' as const, value } });
  const bind = (client: ManagementClient, bindings: Array<ReturnType<typeof named>>) =>
    client.actions.triggers.bindings.updateMany('post-login', { bindings });

  it('are replaced in order by references to bindings, ids and names', async () => {
    const { tenant, api, client } = await start();
    for (const name of ['a', 'b', 'c']) api.addAction({ name });
    api.bind('a');
    api.bind('b', 'Second');
    const [, second] = (await client.actions.triggers.bindings.list('post-login')).data;

    await client.actions.triggers.bindings.updateMany('post-login', {
      bindings: [
        { ref: { type: 'binding_id', value: second?.id } },
        { ref: { type: 'action_id', value: api.actions[0]?.id }, display_name: 'First' },
        named('c'),
      ],
    });
    const { data } = await client.actions.triggers.bindings.list('post-login');
    expect(data.map(({ display_name, action }) => `${action?.name}: ${display_name}`)).toEqual([
      'b: Second',
      'a: First',
      'c: c',
    ]);
    expect(data[0]).toMatchObject({ trigger_id: 'post-login' });
    expect(tenant.bindings.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  });

  it('get new ids with every update, those that stay as well', async () => {
    const { api, client } = await start();
    const { id: first } = api.addAction({ name: 'a' });
    api.addAction({ name: 'b' });
    api.bind('a');
    api.bind('b');
    const list = async () => (await client.actions.triggers.bindings.list('post-login')).data;
    const before = await list();
    const ids = before.map(({ id }) => id);

    const { bindings } = await client.actions.triggers.bindings.updateMany('post-login', {
      bindings: [
        { ref: { type: 'action_id', value: first } },
        { ref: { type: 'binding_id', value: ids[1] } },
      ],
    });
    expect(bindings?.map(({ display_name }) => display_name)).toEqual(['a', 'b']);
    expect(bindings?.filter(({ id }) => ids.includes(id))).toEqual([]);
    expect((await list()).map(({ id }) => id)).toEqual(bindings?.map(({ id }) => id));
    const stale = [{ ref: { type: 'binding_id' as const, value: ids[1] } }];
    expect(
      await getErrorBody(client.actions.triggers.bindings.updateMany('post-login', { bindings: stale })),
    ).toMatchObject({ statusCode: 400 });
  });

  it('show their Action without its draft, and never as deployed as a whole', async () => {
    const { api, client } = await start();
    const { id } = api.addAction({ name: 'a', code: logging('1') });
    api.bind('a');
    const [binding] = (await client.actions.triggers.bindings.list('post-login')).data;
    expect(binding?.action).toMatchObject({
      id,
      name: 'a',
      all_changes_deployed: false,
      deployed_version: { number: 1, code: logging('1') },
    });
    expect(binding?.action).not.toHaveProperty('code');
    expect((await client.actions.get(id)).all_changes_deployed).toBe(true);
  });

  it('are listed without page and total while there are none', async () => {
    const { api } = await start();
    const response = await call(api, 'GET', '/actions/triggers/post-login/bindings');
    expect(await response.json()).toEqual({ bindings: [], per_page: 20 });
  });

  it('reject an Action whose first deployment is not yet in effect', async () => {
    const { api, client } = await start({ deployMs: 60_000 });
    const { id } = api.addAction({ name: 'mine', deployed: false });
    await client.actions.deploy(id);
    expect(await getErrorBody(bind(client, [named('mine')]))).toMatchObject({
      statusCode: 400,
      message: 'Trying to create a binding for an action that has not been deployed yet',
    });
  });

  it.each([
    ['an unknown Action', [named('no-such')]],
    ['an Action that is not deployed', [named('draft')]],
    ['more than 20 Actions', Array.from({ length: 21 }, () => named('mine'))],
  ])('reject %s', async (_, bindings) => {
    const { api, client } = await start();
    api.addAction({ name: 'mine' });
    api.addAction({ name: 'draft', deployed: false });
    api.bind('mine');
    expect(await getErrorBody(bind(client, bindings))).toMatchObject({ statusCode: 400 });
    expect(api.bindings.map(({ display_name }) => display_name)).toEqual(['mine']);
  });

  it('belong to the post-login trigger', async () => {
    const { client } = await start();
    expect((await client.actions.triggers.list()).triggers).toMatchObject([
      { id: 'post-login', version: 'v3' },
    ]);
  });
});

describe('injectFault of the Management API', () => {
  it('responds with a rate limit, which the SDK waits for', async () => {
    const { api } = await start();
    const client = createClient(api, { maxRetries: 1 });
    await client.actions.list();
    api.injectFault({ status: 429 }, { count: 1 });
    const startedAt = Date.now();
    await client.actions.list();
    expect(api.requests.map(({ status }) => status)).toEqual([200, 200, 429, 200]);
    expect(Date.now() - startedAt).toBeLessThan(3_000);

    api.injectFault({ status: 429, headers: { 'X-RateLimit-Reset': '1' } });
    const response = await call(api, 'GET', '/actions/actions');
    expect([response.status, response.headers.get('X-RateLimit-Reset')]).toEqual([429, '1']);
  });

  it('affects matching requests only, after those to skip', async () => {
    const { api } = await start();
    api.injectFault({ status: 500 }, { count: 1, request: /^GET .*triggers/, skip: 1 });
    const status = async (path: string) => (await call(api, 'GET', path)).status;
    const paths = ['/actions/actions', '/actions/triggers', '/actions/triggers', '/actions/triggers'];
    const statuses: number[] = [];
    for (const path of paths) statuses.push(await status(path));
    expect(statuses).toEqual([200, 200, 500, 200]);
  });

  it('makes a change of another client before the request', async () => {
    const { api, client } = await start();
    api.injectFault({ meanwhile: () => api.addAction({ name: 'other' }) }, { count: 1 });
    expect((await client.actions.list()).data).toHaveLength(1);
  });
});

describe('tenant log', () => {
  const schemas = JSON.parse(
    readFileSync(new URL('../../tools/simulator/auth0/tenant-log.schema.json', import.meta.url), 'utf8'),
  );
  const ajv = new Ajv({ strict: false, validateFormats: false });

  it.each([
    ['a login', {}, 's'],
    ['a login with a session', { kind: 'sso' }, 's'],
    ['a silent authentication', { kind: 'silent' }, 'ssa'],
    ['a refresh', { kind: 'refresh' }, 'sertft'],
  ] as const)('has an entry for %s', async (_, request, type) => {
    const { tenant, api } = await start();
    tenant.user(USER).created_at = '2019-05-04T10:20:30.000Z';
    tenant.addOrganization({ id: 'org_1', name: 'acme' });
    api.addAction({ name: 'mine', code: logging('1') });
    api.bind('mine');
    const { transaction } = await login(tenant, { organization: 'org_1', ...request });

    expect(tenant.log.count).toBe(1);
    const entry = tenant.log.entry(0);
    const isValid = ajv.compile(schemas[type]);
    expect(isValid(entry), JSON.stringify(isValid.errors)).toBe(true);
    expect(entry).toMatchObject({
      client_name: 'Shop',
      user_id: USER,
      user_name: 'ada@example.com',
      organization_id: 'org_1',
      details: {
        actions: { executions: [expect.any(String)] },
        ...(type === 's' && { transaction_id: transaction }),
      },
    });
  });

  it('has a sign-up before the first login', async () => {
    const { tenant } = await start();
    await login(tenant);
    await login(tenant);
    const entries = Array.from({ length: tenant.log.count }, (_, index) => tenant.log.entry(index));
    expect(entries.map(({ type }) => type)).toEqual(['ss', 's', 's']);
    const ids = entries.map(({ log_id }) => log_id);
    expect(ids).toEqual([...new Set(ids)].sort());
    const isValid = ajv.compile(schemas.ss);
    expect(isValid(entries[0]), JSON.stringify(isValid.errors)).toBe(true);
  });

  it('has a failure for a login that was denied', async () => {
    const { tenant, api } = await start();
    api.addAction({
      name: 'denies',
      code: 'exports.onExecutePostLogin = async (_, api) => api.access.deny("No");',
    });
    api.bind('denies');
    await login(tenant, { kind: 'sso' });
    expect(tenant.log.entry(0)).toMatchObject({ type: 'f', description: 'No' });
  });

  it('forgets old entries', async () => {
    const { tenant } = await start();
    for (let index = 0; index < 2_500; index += 1) await login(tenant, { kind: 'sso' });
    expect(tenant.log.count).toBeLessThan(2_000);
  });
});

describe('logs in the Management API', () => {
  const YEAR = Date.parse('2026-01-01T00:00:00.000Z');

  /** Entries a second apart, every tenth a sign-up, generated as they are read. */
  const entry = (index: number): LogEntry => {
    const date = new Date(YEAR + index * 1_000);
    return {
      log_id: toLogId(date, index),
      date: date.toISOString(),
      type: index % 10 ? 's' : 'ss',
      user_id: `${index}`,
    };
  };
  const million: LogSource = { count: 1_000_000, entry };
  const getUsers = (logs: unknown) => (logs as LogEntry[]).map(({ user_id }) => Number(user_id));
  const read = async (api: ManagementApi, query: Record<string, string>) =>
    call(api, 'GET', `/logs?${new URLSearchParams(query)}`);

  it('continue after an entry and link to the next page', async () => {
    const { api } = await start({ logs: million });
    const first = await read(api, { from: entry(499_999).log_id, take: '3', q: 'is ignored' });
    expect(getUsers(await first.json())).toEqual([500_000, 500_001, 500_002]);
    const [, next = ''] = /^<(.+)>; rel="next"$/.exec(first.headers.get('Link') ?? '') ?? [];
    expect(next).toMatch(`https://${api.domain}/api/v2/logs?`);
    const second = await api.fetch(next, { headers: { Authorization: `Bearer ${api.issueToken()}` } });
    expect(getUsers(await second.json())).toEqual([500_003, 500_004, 500_005]);
  });

  it('link to the same page at the end', async () => {
    const { api } = await start({ logs: million });
    const from = entry(999_999).log_id;
    const response = await read(api, { from, take: '100' });
    expect(await response.json()).toEqual([]);
    expect(response.headers.get('Link')).toContain(`from=${from}`);
    expect((await read(api, { from, take: '101' })).status).toBe(400);
  });

  it('are found by type and date, the newest first', async () => {
    const { client } = await start({ logs: million });
    const since = '2026-01-02T00:00:00.000Z';
    const search = `type:(s OR ss) AND date:[${since} TO 2026-01-02T00:01:00.000Z}`;
    const { data, response } = await client.logs.list({ search, per_page: 2 });
    expect(getUsers(data)).toEqual([86_459, 86_458]);
    expect(response).toMatchObject({ start: 0, limit: 2, length: 2, total: 60 });

    const oldest = await client.logs.list({
      search: `type:"ss" AND date:{${since} TO *]`,
      sort: 'date:1',
      per_page: 1,
    });
    expect(oldest.data).toMatchObject([{ type: 'ss', date: '2026-01-02T00:00:10.000Z' }]);
  });

  it('are found by the documented parameter `q`, which the SDK does not have', async () => {
    const { api } = await start({ logs: million });
    const logs = await (await read(api, { q: 'type:ss', fields: 'type', per_page: '2' })).json();
    expect(logs).toEqual([{ type: 'ss' }, { type: 'ss' }]);
  });

  it('are found up to the 1000th result', async () => {
    const { client } = await start({ logs: million });
    expect((await client.logs.list({ page: 9, per_page: 100 })).data).toHaveLength(100);
    expect(await getErrorBody(client.logs.list({ page: 10, per_page: 100 }))).toMatchObject({
      statusCode: 400,
    });
  });

  it('are found by id', async () => {
    const { client } = await start({ logs: million });
    expect(await client.logs.get(entry(7).log_id)).toEqual(entry(7));
    expect(await getErrorBody(client.logs.get('no-such'))).toMatchObject({ statusCode: 404 });
  });
});

describe('startManagementApi', () => {
  it('shows a user of the tenant', async () => {
    const { client } = await start();
    expect(await client.users.get(USER)).toMatchObject({
      user_id: USER,
      email: 'ada@example.com',
      logins_count: 0,
    });
    expect(await getErrorBody(client.users.get('auth0|nobody'))).toMatchObject({ statusCode: 404 });
  });

  it('rejects a tenant whose Actions were bound without it', async () => {
    const { tenant, api } = await start();
    api.addAction({ name: 'mine' });
    api.bind('mine');
    await expect(startManagementApi(tenant)).rejects.toThrow();
  });

  it('reports code that does not compile when it is deployed', async () => {
    const { client } = await start({ buildMs: 0 });
    const { id = '' } = await client.actions.create({
      name: 'broken',
      supported_triggers: [...POST_LOGIN],
      code: 'async (',
    });
    expect(await getErrorBody(client.actions.deploy(id))).toMatchObject({
      statusCode: 400,
      message: expect.stringContaining('SyntaxError'),
    });
  });
});
