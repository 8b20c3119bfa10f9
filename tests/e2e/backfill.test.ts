/** From the log of a tenant to a mock vendor. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { build } from 'esbuild';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toLogin } from '../../lib/activity.ts';
import { RejectedError } from '../../lib/errors.ts';
import { parseSecrets } from '../../lib/settings.ts';
import type { Sink } from '../../lib/sink.ts';
import { type BackfillOptions, BackfillRun } from '../../tools/cli/backfill/backfill-run.ts';
import { type Position, START } from '../../tools/cli/backfill/checkpoint.ts';
import { getField, parseEntry, toEvent } from '../../tools/cli/backfill/entries.ts';
import { lock } from '../../tools/cli/backfill/lock.ts';
import { Retrier } from '../../tools/cli/backfill/retrier.ts';
import { Sender } from '../../tools/cli/backfill/sender.ts';
import { readLog } from '../../tools/cli/backfill/sources.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import { ROOT } from '../../tools/shared/manifest.ts';
import {
  type ManagementApi,
  startManagementApi,
} from '../../tools/simulator/auth0/management-api/management-api.ts';
import { Tenant } from '../../tools/simulator/auth0/tenant.ts';
import { type LogEntry, type LogSource, toLogId } from '../../tools/simulator/auth0/tenant-log.ts';
import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import { getVendor, vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { startVendorMock, type VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { createFolder, runCommand, startCommand } from '../support/command.ts';
import { createClient, toEnvironment } from '../support/management-api.ts';

const TENANT = 'local-tenant';
const BEGIN = Date.parse('2026-01-01T00:00:00.000Z');
const SINCE = new Date(BEGIN);
const ENTRIES = Number(process.env.BACKFILL_ENTRIES ?? 20_000);
const KILLS = Number(process.env.BACKFILL_KILLS ?? 5);

const sinks = await loadSinks();

const getSink = (name: string): Sink => {
  const sink = sinks.find((candidate) => candidate.name === name);
  if (!sink) throw new Error(`There is no sink ${name}`);
  return sink;
};

const at = (seconds: number): Date => new Date(BEGIN + seconds * 1000);

/** The entry at an index of a log with an entry each second. Every fourth is neither a login nor a sign-up. */
const entryAt = (index: number, changes: object = {}): LogEntry => ({
  log_id: toLogId(at(index), index),
  date: at(index).toISOString(),
  type: index % 4 === 3 ? 'sertft' : 's',
  client_id: 'shop',
  client_name: 'Shop',
  connection: 'Username-Password-Authentication',
  strategy: 'auth0',
  ip: '203.0.113.7',
  user_agent: 'curl/7.64.1',
  user_id: `auth0|user-${index}`,
  user_name: `user-${index}@example.com`,
  details: { transaction_id: `transaction ${index}` },
  ...changes,
});

const toSource = (entries: readonly unknown[]): LogSource => ({
  count: entries.length,
  entry: (index) => entries[index] as LogEntry,
});

const someEntries = (count: number, first = 0): LogSource =>
  toSource(Array.from({ length: count }, (_, index) => entryAt(index + first)));

/** The indexes of the logins among so many entries. */
const loginIndexes = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => index).filter((index) => index % 4 !== 3);

const toRawEntry = (raw: unknown) => ({ raw, cursor: (raw as LogEntry | null)?.log_id });

/** Without calls that are neither a SignUp nor a Login, an identify for example. */
const getActivities = ({ events }: VendorMock) => events.filter(({ type }) => type !== 'other');
const getIds = (mock: VendorMock) => getActivities(mock).map(({ id }) => id);
/** The indexes of the entries that have arrived. */
const getIndexes = (mock: VendorMock) =>
  getActivities(mock).map(({ userId }) => Number(userId.split('-')[1]));

const start = async (logs: LogSource | undefined, name = 'segment-http') => {
  const tenant = new Tenant({ name: TENANT });
  const api = await startManagementApi(tenant, logs && { logs });
  onTestFinished(() => api.close());
  const mock = await startVendorMock(getVendor(name));
  onTestFinished(() => mock.close());
  return { tenant, api, mock };
};

interface RunOptions extends Partial<Omit<BackfillOptions, 'secrets'>> {
  readonly secrets?: Readonly<Record<string, string>>;
  readonly since?: Date;
  readonly until?: Date;
  readonly rate?: number;
  readonly signal?: AbortSignal;
  readonly onPosition?: (position: Position) => void;
}

interface RunResult {
  readonly position?: Position;
  readonly isComplete?: boolean;
  readonly error?: unknown;
}

/** Runs a backfill without its command line. */
const run = async (api: ManagementApi, mock: VendorMock, options: RunOptions = {}) => {
  const { secrets: given, rate = 100_000, ...others } = options;
  const { since = SINCE, until = new Date(Date.now() + 60_000), ...more } = others;
  const { sink = getSink(mock.name), position: from = START, signal, onPosition, ...changes } = more;
  const secrets = parseSecrets(sink, { ...mock.secrets, ...given });
  const retrier = new Retrier(signal ?? new AbortController().signal, { backoffMs: 5 });
  const range = { since, until };
  const rejected: Array<{ entry: unknown; reason: string }> = [];
  const malformed: string[] = [];
  const positions: Position[] = [];
  const backfill = new BackfillRun({
    sink,
    secrets,
    tenant: TENANT,
    pages: readLog(createClient(api), range, from.after, retrier),
    range,
    position: from,
    batchSize: 100,
    sender: new Sender(sink, secrets, rate, retrier),
    listener: {
      onRejected: (entries) => rejected.push(...entries),
      onMalformed: (entry, field) => malformed.push(`${getField(entry, 'log_id')}: ${field}`),
      onPosition(position) {
        positions.push(position);
        onPosition?.(position);
      },
    },
    ...changes,
  });
  const result = await backfill.run(signal).then(
    (isComplete): RunResult => ({ isComplete, position: backfill.position }),
    (error: unknown): RunResult => ({ error }),
  );
  return { ...result, rejected, malformed, positions };
};

describe('toEvent', () => {
  const mapEntry = (changes: object) => {
    const parsed = parseEntry(entryAt(0, changes));
    if ('malformed' in parsed) throw new Error(parsed.malformed);
    return toLogin(toEvent(parsed.entry, TENANT), parsed.entry.date);
  };

  it('maps every field that the log has', () => {
    expect(mapEntry({ organization_id: 'org_1', organization_name: 'acme' })).toMatchObject({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      type: 'Login',
      time: SINCE,
      tenant: TENANT,
      user: {
        id: 'auth0|user-0',
        auth0Id: 'auth0|user-0',
        email: 'user-0@example.com',
        name: undefined,
      },
      application: { id: 'shop', name: 'Shop' },
      connection: { name: 'Username-Password-Authentication', strategy: 'auth0' },
      organization: { id: 'org_1', name: 'acme' },
      request: { ip: '203.0.113.7', userAgent: 'curl/7.64.1' },
    });
  });

  it('maps a user_name that is not an email address to the name', () => {
    const { user } = mapEntry({ user_name: 'ada' });
    expect([user.name, user.email]).toEqual(['ada', undefined]);
  });

  it('leaves out a field that is not a string', () => {
    const { request } = mapEntry({ ip: 7, user_agent: null });
    expect([request.ip, request.userAgent]).toEqual([undefined, undefined]);
  });

  it('gives an entry with a transaction the id of the transaction', () => {
    expect(mapEntry({}).id).toBe(mapEntry({ log_id: 'another' }).id);
  });

  it('gives an entry without a transaction the same id each time', () => {
    const changes = { details: undefined };
    expect(mapEntry(changes).id).toBe(mapEntry(changes).id);
    expect(mapEntry(changes).id).not.toBe(mapEntry({ ...changes, log_id: 'another' }).id);
  });
});

/** By default, these record SignUps alone. */
const RECORD_LOGINS = { KEENIO_LOGIN_COLLECTION: 'logins', SLACK_LOGINS: 'true' };

describe.each(vendors)('a backfill to $name', ({ name }) => {
  it('sends the ids that the Action has sent', async () => {
    const { tenant, api, mock } = await start(undefined, name);
    const secrets = { ...mock.secrets, ...RECORD_LOGINS };
    tenant.addConnection({ id: 'con_1', name: 'db', strategy: 'auth0' });
    tenant.addApplication({ client_id: 'shop', name: 'Shop' });
    for (const user_id of ['auth0|user-1', 'auth0|user-2']) {
      tenant.addUser({ user_id, connection: 'db', email: `${user_id.slice(6)}@example.com` });
    }
    tenant.bind({ name, action: loadBuilt(name), secrets });
    for (const user of ['auth0|user-1', 'auth0|user-2', 'auth0|user-1']) {
      await tenant.login({ user, application: 'shop' });
    }
    await tenant.login({ user: 'auth0|user-2', application: 'shop', kind: 'silent' });
    const recorded = getIds(mock);

    const { position } = await run(api, mock, { secrets });
    expect(position).toMatchObject({
      read: 5,
      sent: { SignUp: 2, Login: 1 },
      skipped: { 'first login of a sign-up': 2 },
    });
    const backfilled = getActivities(mock).slice(recorded.length);
    expect(backfilled.map(({ id }) => id)).toEqual(recorded);
    expect(backfilled.every(({ duplicate }) => duplicate)).toBe(true);
  });
});

describe('a backfill with the settings of the Action', () => {
  /** What the Action has sent of some logins, and what a backfill sends of them. */
  const recordBoth = async (settings: Readonly<Record<string, string>>) => {
    const { tenant, api, mock } = await start(undefined);
    const secrets = { ...mock.secrets, ...settings };
    tenant.addConnection({ id: 'con_1', name: 'db', strategy: 'auth0' });
    tenant.addConnection({ id: 'con_2', name: 'test', strategy: 'auth0' });
    for (const [client_id, name] of [
      ['shop', 'Shop'],
      ['admin', 'Admin'],
    ] as const)
      tenant.addApplication({ client_id, name });
    tenant.addOrganization({ id: 'org_1', name: 'acme', display_name: 'Acme Inc.' });
    tenant.addUser({ user_id: 'auth0|1', connection: 'db', email: 'ada@example.com' });
    tenant.addUser({ user_id: 'auth0|2', connection: 'db', email: 'bob@acme.com' });
    tenant.addUser({ user_id: 'auth0|3', connection: 'test', email: 'cy@example.com' });
    tenant.bind({ name: 'segment-http', action: loadBuilt('segment-http'), secrets });
    for (const user of ['auth0|1', 'auth0|2', 'auth0|3', 'auth0|1', 'auth0|2']) {
      await tenant.login({ user, application: 'shop' });
      await tenant.login({ user, application: 'admin', organization: 'org_1' });
    }
    const getRecorded = () =>
      mock.events.map(({ id, type, userId, payload }) => ({
        id: type === 'other' ? undefined : id,
        type,
        userId,
        groupId: Reflect.get(Object(payload), 'groupId') ?? Reflect.get(Object(payload), 'context')?.groupId,
      }));
    const byAction = getRecorded();
    await run(api, mock, { secrets: settings });
    const byBackfill = getRecorded().slice(byAction.length);
    return { byAction, byBackfill };
  };

  it.each([
    ['no settings', {}, 10],
    ['USER_ID', { USER_ID: 'user.email' }, 10],
    ['EVENTS=SignUp', { EVENTS: 'SignUp' }, 3],
    ['EVENTS=Login', { EVENTS: 'Login' }, 10],
    ['EXCLUDE=application', { EXCLUDE: 'application=Admin' }, 5],
    ['EXCLUDE=connection', { EXCLUDE: 'connection=test' }, 8],
    ['EXCLUDE=organization', { EXCLUDE: 'organization=acme' }, 5],
    ['EXCLUDE=domain', { EXCLUDE: 'domain=acme.com' }, 6],
    ['EXCLUDE=flag', { EXCLUDE: 'flag=user.email' }, 0],
    ['GROUPS=off', { GROUPS: 'off' }, 10],
    ['SIGNUP_WINDOW_DAYS=0', { SIGNUP_WINDOW_DAYS: '0' }, 10],
  ])('sends the same events, user ids and groups as the Action: %s', async (_, settings, count) => {
    const { byAction, byBackfill } = await recordBoth(settings);
    expect(byAction.filter(({ type }) => type !== 'other')).toHaveLength(count);
    expect(byBackfill).toEqual(byAction);
  });

  it.each([
    ['organization', ['org_1']],
    ['off', []],
  ])('sends the organization as a group with GROUPS=%s', async (GROUPS, groups) => {
    const { byBackfill } = await recordBoth({ GROUPS });
    const ids = byBackfill.flatMap(({ groupId }) => groupId ?? []);
    expect([...new Set(ids)]).toEqual(groups);
  });
});

describe('BackfillRun', () => {
  it('reads from the first entry of the time range to the last, each once', async () => {
    const { api, mock } = await start(someEntries(1_000, -300));
    const { position, isComplete } = await run(api, mock, { until: at(500) });
    expect(getIndexes(mock)).toEqual(loginIndexes(500));
    expect(isComplete).toBe(true);
    expect(position?.sent).toEqual({ SignUp: 0, Login: 375 });
  });

  it('has no entry in common with a time range that it touches', async () => {
    const { api, mock } = await start(someEntries(200));
    await run(api, mock, { until: at(100) });
    await run(api, mock, { since: at(100) });
    expect(getIndexes(mock)).toEqual(loginIndexes(200));
  });

  it('completes with an empty log', async () => {
    const { api, mock } = await start(toSource([]));
    expect(await run(api, mock)).toMatchObject({ isComplete: true, position: START });
  });

  it('reads entries that are out of order', async () => {
    const shuffled = [0, 2, 1, 5, 4, 6].map((second, index) =>
      entryAt(second, { type: 's', log_id: toLogId(at(0), index) }),
    );
    const { api, mock } = await start(toSource(shuffled));
    await run(api, mock, { until: at(6) });
    expect(getIndexes(mock)).toEqual([0, 2, 1, 5, 4]);
  });

  it('omits and hashes the fields that the Action does', async () => {
    const { api, mock } = await start(toSource([entryAt(0)]));
    const secrets = { OMIT_FIELDS: 'email,ip', HASH_FIELDS: 'userId,userAgent', HASH_KEY: 'k' };
    await run(api, mock, { secrets });
    expect(mock.events[0]?.userId).toMatch(/^[\da-f]{64}$/);
    expect(mock.requests[0]?.body).not.toMatch(/user-0|203\.0|curl/);
  });

  it('skips what the destination is not configured for', async () => {
    const { api, mock } = await start(toSource([entryAt(0), entryAt(1, { type: 'ss' })]), 'keen');
    const { position } = await run(api, mock);
    expect(position).toMatchObject({
      sent: { SignUp: 1, Login: 0 },
      skipped: { 'KEENIO_LOGIN_COLLECTION is not set': 1 },
    });
  });

  it('skips the applications that are excluded', async () => {
    const { api, mock } = await start(toSource([entryAt(0), entryAt(1, { client_id: 'other' })]));
    const { position } = await run(api, mock, { excludedClients: ['shop'] });
    expect(position).toMatchObject({ sent: { Login: 1 }, skipped: { 'application excluded': 1 } });
    expect(getIndexes(mock)).toEqual([1]);
  });

  it('reports a malformed entry by its id and the field, and skips it', async () => {
    const entries = [
      entryAt(0),
      entryAt(1, { user_id: 7 }),
      entryAt(2, { date: 'hunter2' }),
      entryAt(4, { details: { transaction_id: {} } }),
      entryAt(5, { type: undefined }),
      entryAt(6, { user_id: '' }),
      entryAt(8),
    ];
    const { api, mock } = await start(toSource(entries));
    const ids = entries.map(({ log_id }) => log_id);
    const { position, malformed } = await run(api, mock, {
      pages: (async function* () {
        yield [...entries, null, 'hunter2', []].map(toRawEntry);
      })(),
    });
    expect(malformed).toEqual([
      `${ids[1]}: user_id`,
      `${ids[2]}: date`,
      `${ids[3]}: details.transaction_id`,
      `${ids[4]}: type`,
      `${ids[5]}: user_id`,
      'undefined: the entry',
      'undefined: the entry',
      expect.stringMatching(/^undefined: /),
    ]);
    expect(getIndexes(mock)).toEqual([0, 8]);
    expect(position).toMatchObject({ read: 10, skipped: { 'malformed entry': 8 }, after: ids[6] });
  });

  it('stops after the current batch when it is interrupted, and resumes from there', async () => {
    const { api, mock } = await start(someEntries(600));
    const controller = new AbortController();
    const first = await run(api, mock, {
      signal: controller.signal,
      onPosition: ({ sent }) => sent.Login === 200 && controller.abort(),
    });
    expect(first).toMatchObject({ isComplete: false, position: { sent: { Login: 200 } } });
    const second = await run(api, mock, { position: first.position ?? START });
    expect(second).toMatchObject({ isComplete: true, position: { read: 450, sent: { Login: 450 } } });
    expect(getIndexes(mock)).toEqual(loginIndexes(600));
  });

  it(`reads ${ENTRIES} entries in constant memory`, { timeout: 30_000 + ENTRIES / 5 }, async () => {
    const { api, mock } = await start({ count: ENTRIES, entry: entryAt });
    const heapsMb: number[] = [];
    let reports = 0;
    const { position } = await run(api, mock, {
      sender: { send: async () => [] },
      onPosition() {
        reports += 1;
        if (reports % 100 === 0) heapsMb.push(process.memoryUsage().heapUsed / 2 ** 20);
      },
    });
    expect(position?.sent.Login).toBe(loginIndexes(ENTRIES).length);
    expect(Math.max(...heapsMb) - (heapsMb[0] ?? 0)).toBeLessThan(100);
    expect(mock.requests).toEqual([]);
  });
});

describe('a sign-up in the log', () => {
  const entry = (second: number, type: string, changes = {}) =>
    entryAt(second, { type, user_id: 'auth0|user-1', ...changes });
  const backfill = async (...entries: LogEntry[]) => {
    const { api, mock } = await start(toSource(entries));
    await run(api, mock);
    return getActivities(mock).map(({ type }) => type);
  };

  it.each([
    [
      'the first login within a minute, and no other',
      [entry(0, 'ss'), entry(2, 's'), entry(4, 's')],
      ['SignUp', 'Login'],
    ],
    ['no login after more than a minute', [entry(0, 'ss'), entry(61, 's')], ['SignUp', 'Login']],
    [
      'no login of another user',
      [entry(0, 'ss'), entry(2, 's', { user_id: 'auth0|user-2' })],
      ['SignUp', 'Login'],
    ],
  ])('includes %s', async (_, entries, types) => {
    expect(await backfill(...entries)).toEqual(types);
  });

  it('is remembered across an interruption, without a user id in the checkpoint', async () => {
    const { api, mock } = await start(toSource([entry(0, 'ss'), entry(2, 's')]));
    const { positions } = await run(api, mock, { until: at(1) });
    const position = positions.find(({ sent }) => sent.SignUp === 1) ?? START;
    expect(JSON.stringify(position)).not.toContain('auth0|user-1');
    const resumed = { ...position, after: entry(0, 'ss').log_id };
    expect((await run(api, mock, { position: resumed })).position).toMatchObject({
      sent: { SignUp: 1, Login: 0 },
      skipped: { 'first login of a sign-up': 1 },
    });
  });
});

describe('Sender', () => {
  const many = someEntries(400);

  /** A sink that rejects batches with one of these entries, and does not name it. */
  const rejecting = (rejected: readonly number[]): Sink => {
    const real = getSink('segment-http');
    return {
      ...real,
      async send(activities, secrets, http) {
        const indexes = activities.map(({ user }) => Number(user.id.split('-')[1]));
        if (indexes.some((index) => rejected.includes(index))) {
          throw new RejectedError('400 Bad Request', { status: 400 });
        }
        await real.send(activities, secrets, http);
      },
    };
  };

  it.each([
    ['is overloaded', { response: { status: 429, headers: { 'Retry-After': '1' } } }],
    ['fails', { response: { status: 500 } }],
    ['breaks the connection after it has accepted', { reset: 'after', processed: true }],
  ] as const)('retries when the destination %s', async (_, fault) => {
    const { api, mock } = await start(many);
    mock.injectFault(fault, { count: 2 });
    const { position } = await run(api, mock);
    expect(position).toMatchObject({ sent: { Login: 300 }, rejected: 0 });
    expect(new Set(getIndexes(mock))).toEqual(new Set(loginIndexes(400)));
  });

  it('gives up on a destination that stays unavailable, and nothing is lost', async () => {
    const { api, mock } = await start(many);
    mock.injectFault({ response: { status: 503 } }, { skip: 1 });
    const first = await run(api, mock);
    expect(first).toMatchObject({ error: { name: 'UnavailableError' } });
    mock.injectFault(undefined);
    const position = first.positions.at(-1) ?? START;
    expect(position.sent.Login).toBe(100);
    const second = await run(api, mock, { position });
    expect(getIndexes(mock)).toEqual(loginIndexes(400));
    expect(second.position).toMatchObject({ read: 300, sent: { Login: 300 }, rejected: 0, skipped: {} });
  });

  it('gives up immediately where every request would be rejected', async () => {
    const { api, mock } = await start(many, 'keen');
    const secrets = { KEENIO_LOGIN_COLLECTION: 'logins', KEENIO_WRITE_KEY: 'wrong' };
    expect((await run(api, mock, { secrets })).error).toMatchObject({ name: 'RejectedError', status: 401 });
    expect(mock.requests).toHaveLength(1);
  });

  it("gives up immediately where a proxy's page responds in place of the vendor", async () => {
    const { api, mock } = await start(many);
    mock.injectFault({ response: { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>' } });
    expect((await run(api, mock)).error).toMatchObject({ name: 'RejectedError', status: 200 });
    expect(mock.requests).toHaveLength(1);
  });

  it('isolates the activities that spoil a batch, and sends all others', async () => {
    const { api, mock } = await start(many);
    const spoilt = [5, 6, 50, 398];
    const { position, rejected } = await run(api, mock, { sink: rejecting(spoilt) });
    expect(getIndexes(mock)).toEqual(loginIndexes(400).filter((index) => !spoilt.includes(index)));
    expect(rejected.map(({ entry }) => entry)).toEqual(spoilt.map((index) => entryAt(index)));
    expect(position).toMatchObject({ rejected: 4, sent: { Login: 296 } });
  });

  it.each([
    ['does not send again what a destination has accepted of a batch', true, 1],
    ['sends the rest again where a destination accepts all of a batch or nothing', false, 2],
  ])('%s', async (_, othersAccepted, requests) => {
    const { api, mock } = await start(someEntries(3));
    const real = getSink('segment-http');
    const sink: Sink = {
      ...real,
      async send(activities, secrets, http) {
        const rejected = activities.filter(({ user }) => user.id === 'auth0|user-1');
        await real.send(activities, secrets, http);
        if (rejected.length > 0)
          throw new RejectedError('an event was rejected', { rejected, othersAccepted });
      },
    };
    const result = await run(api, mock, { sink });
    expect(result.position).toMatchObject({ sent: { Login: 2 }, rejected: 1 });
    expect(result.rejected).toEqual([{ entry: entryAt(1), reason: 'an event was rejected' }]);
    expect(mock.requests).toHaveLength(requests);
  });

  it('sends no more in one request than the sink allows', async () => {
    const { api, mock } = await start(many);
    const sizes: number[] = [];
    const real = getSink('segment-http');
    const sink: Sink = {
      ...real,
      batchLimit: 30,
      async send(activities, secrets, http) {
        sizes.push(activities.length);
        await real.send(activities, secrets, http);
      },
    };
    const { position } = await run(api, mock, { sink });
    expect(getIndexes(mock)).toEqual(loginIndexes(400));
    expect(position).toMatchObject({ rejected: 0, sent: { Login: 300 } });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(30);
  });

  it('keeps to the rate', async () => {
    const { api, mock } = await start(many);
    const startedAt = performance.now();
    await run(api, mock, { rate: 200, batchSize: 20 });
    // 300 of them; the last batch is not waited for.
    expect(performance.now() - startedAt).toBeGreaterThan(1_390);
  });
});

describe('readLog', () => {
  const some = someEntries(250);

  it.each([429, 500])('reads on after a %d', async (status) => {
    const { api, mock } = await start(some);
    api.injectFault({ status }, { count: 1, request: /logs\?.*from=/ });
    const { position } = await run(api, mock);
    expect(position?.sent.Login).toBe(loginIndexes(250).length);
  });

  const failAt = (fetch: typeof globalThis.fetch, isFailing: (call: number) => boolean) => {
    let calls = 0;
    const failingFetch: typeof fetch = async (input, init) => {
      calls += 1;
      if (isFailing(calls)) throw new TypeError('fetch failed');
      return fetch(input, init);
    };
    return { failingFetch, getCalls: () => calls };
  };

  it('retries when a connection is lost that worked before', async () => {
    const { api, mock } = await start(some);
    // The token and the search come first.
    const { failingFetch } = failAt(api.fetch, (call) => call === 3 || call === 5);
    const { position } = await run({ ...api, fetch: failingFetch }, mock);
    expect(position?.sent.Login).toBe(loginIndexes(250).length);
  });

  it('does not retry where the tenant was never reached', async () => {
    const { api, mock } = await start(some);
    const { failingFetch, getCalls } = failAt(api.fetch, (call) => call > 1);
    const { error } = await run({ ...api, fetch: failingFetch }, mock);
    expect(error).toBeInstanceOf(Error);
    expect(getCalls()).toBe(2);
  });

  it('ends with a page that ends where it began', async () => {
    const { api, mock } = await start(some);
    const fetch: typeof globalThis.fetch = async (input, init) =>
      String(input).includes('/logs') ? Response.json([entryAt(0)]) : api.fetch(input, init);
    expect(await run({ ...api, fetch }, mock)).toMatchObject({ isComplete: true });
  });

  it('fails without the scope read:logs', async () => {
    const { api, mock } = await start(some);
    api.scopes = [];
    const { error } = await run(api, mock);
    expect(error).toMatchObject({ statusCode: 403, body: { message: expect.stringContaining('read:logs') } });
  });
});

describe('lock', () => {
  const createLocked = (owner: unknown) => {
    const file = path.join(createFolder(), 'checkpoint.json');
    writeFileSync(`${file}.lock`, JSON.stringify(owner));
    return file;
  };

  it('is held by one at a time', () => {
    const file = path.join(createFolder(), 'checkpoint.json');
    const release = lock(file);
    expect(() => lock(file)).toThrow(`${file} is in use by process ${process.pid} on ${hostname()}`);
    release();
    lock(file)();
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('is taken from a process that was killed', () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const file = createLocked({ pid, host: hostname() });
    const release = lock(file);
    expect(JSON.parse(readFileSync(`${file}.lock`, 'utf8'))).toMatchObject({ pid: process.pid });
    release();
  });

  it.each([
    ['a process on another machine', { pid: 1, host: 'elsewhere.example.com' }],
    ['a process that cannot be told', 'nonsense'],
  ])('is not taken from %s', (_, owner) => {
    const file = createLocked(owner);
    expect(() => lock(file)).toThrow(`or delete ${file}.lock if it is not running`);
    expect(existsSync(`${file}.lock`)).toBe(true);
  });
});

/** The command line as its package has it, which starts in a fraction of the time. */
const compileCommandLine = async (): Promise<string> => {
  // Next to the packages that it imports.
  const folder = mkdtempSync(path.join(ROOT, 'tools/cli/node_modules/.backfill-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await build({
    stdin: { contents: `import { main } from './tools/cli/main.ts'; await main();`, resolveDir: ROOT },
    outfile: path.join(folder, 'main.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  });
  return path.join(folder, 'main.mjs');
};

/** Kills a process some time after it has begun its work. */
const killAfter = (child: ChildProcess, hasBegun: () => boolean, delayMs: number): void => {
  const timer = setInterval(() => {
    if (!hasBegun()) return;
    clearInterval(timer);
    setTimeout(() => child.kill('SIGKILL'), delayMs);
  }, 2);
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('auth0-login-analytics backfill', { timeout: 60_000 }, () => {
  const prepare = async (logs: LogSource) => {
    const { api, mock } = await start(logs);
    const folder = createFolder();
    const file = (name: string) => path.join(folder, name);
    const env = { ...toEnvironment(api), ...mock.secrets };
    const withFiles = (args: readonly string[]) => [
      'backfill',
      '--checkpoint',
      file('checkpoint.json'),
      '--rejected',
      file('rejected.jsonl'),
      ...args,
    ];
    const backfill = (args: readonly string[]) => runCommand(withFiles(args), { env });
    return { api, mock, file, env, withFiles, backfill };
  };
  const BASE = ['segment-http', '--tenant', TENANT, '--since', '2026-01-01', '--until', '2026-02-01'];
  const some = someEntries(400);

  it('sends, and prints what it has sent', async () => {
    const { mock, env, withFiles } = await prepare(some);
    const { code, out, err } = await startCommand(withFiles([...BASE, '--rate', '10000']), { env });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^segment-http: complete\nread +300 logins and sign-ups/);
    expect(out).toMatch(/^sent +0 SignUps, 300 Logins$/m);
    expect(getIndexes(mock)).toEqual(loginIndexes(400));
  });

  it('does not repeat a finished backfill unasked', async () => {
    const { mock, backfill } = await prepare(someEntries(2));
    await backfill(BASE);
    expect(await backfill(BASE)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/finished at 20.*: 0 SignUps, 2 Logins sent\. .*--yes sends them without/),
    });
    expect(getIndexes(mock)).toEqual([0, 1]);
    expect(await backfill([...BASE, '--dry-run'])).toMatchObject({ code: 0 });
    expect(await backfill([...BASE, '--yes'])).toMatchObject({ code: 0, err: '' });
    expect(getIndexes(mock)).toEqual([0, 1, 0, 1]);
  });

  it('asks in a terminal before it repeats a finished backfill', async () => {
    const { mock, env, withFiles, backfill } = await prepare(someEntries(1));
    await backfill(BASE);
    const answer = async (text: string) => {
      const stdin = Object.assign(new PassThrough(), { isTTY: true });
      stdin.write(`${text}\n`);
      return runCommand(withFiles(BASE), { env }, stdin);
    };
    expect(await answer('n')).toMatchObject({ code: 0, err: expect.stringContaining('Send them again?') });
    expect(getIndexes(mock)).toEqual([0]);
    expect(await answer('y')).toMatchObject({ code: 0, out: expect.stringContaining('1 Logins') });
    expect(getIndexes(mock)).toEqual([0, 0]);
  });

  it('starts over with other arguments after a finished backfill', async () => {
    const { mock, backfill } = await prepare(someEntries(2));
    await backfill(BASE);
    expect(await backfill([...BASE, '--until', '2026-01-03'])).toMatchObject({ code: 0, err: '' });
    expect(getIndexes(mock)).toEqual([0, 1, 0, 1]);
  });

  it.each([
    ['USER_ID', 'user.app_metadata.external_id', 'USER_ID reads user.app_metadata.external_id, which'],
    ['EXCLUDE', 'flag=!user.user_metadata.consent', 'EXCLUDE reads user.user_metadata.consent, which'],
  ])('is not started with %s=%s, which the log lacks', async (name, value, message) => {
    const { mock, env, withFiles } = await prepare(someEntries(2));
    expect(await runCommand(withFiles(BASE), { env: { ...env, [name]: value } })).toMatchObject({
      code: 2,
      err: expect.stringContaining(message),
    });
    expect(mock.requests).toEqual([]);
  });

  it('names the properties that the log lacks', async () => {
    const { env, withFiles } = await prepare(someEntries(1));
    const PROPERTIES = "plan=user.app_metadata.plan,env='prod',shop=client.name";
    const { code, err } = await runCommand(withFiles(BASE), { env: { ...env, PROPERTIES } });
    expect([code, err]).toEqual([0, 'Not in the tenant log, so not sent: plan.\n']);
  });

  it('counts with --dry-run, and sends nothing', async () => {
    const { mock, file, backfill } = await prepare(some);
    const { code, out } = await backfill([...BASE, '--dry-run', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      status: 'complete',
      dryRun: true,
      counts: [{ day: '2026-01-01', application: 'Shop', SignUp: 0, Login: 300 }],
    });
    expect(mock.requests).toEqual([]);
    expect(existsSync(file('checkpoint.json'))).toBe(false);
  });

  it('resumes after Ctrl+C with the same command, and not with another', async () => {
    const { mock, file, env, withFiles, backfill } = await prepare(some);
    const first = await startCommand(withFiles([...BASE, '--rate', '50']), { env }, (child) => {
      const timer = setInterval(() => {
        if (mock.events.length === 0) return;
        clearInterval(timer);
        child.kill('SIGINT');
      }, 10);
    });
    expect(first.code).toBe(130);
    expect(first.out).toContain('The same command resumes from here.');
    expect(mock.events.length).toBeLessThan(300);
    expect(statSync(file('checkpoint.json')).mode & 0o777).toBe(0o600);

    const other = await backfill(['segment-http', '--tenant', TENANT, '--since', '2026-01-02']);
    expect(other).toMatchObject({ code: 2, err: expect.stringContaining('with another since, until') });

    const second = await backfill([...BASE, '--rate', '10000', '--json']);
    expect(JSON.parse(second.out)).toMatchObject({ status: 'complete', read: 300, sent: { Login: 300 } });
    expect(getIndexes(mock)).toEqual(loginIndexes(400));
  });

  it('stores rejected entries, and sends them with --from-file', async () => {
    const { mock, file, backfill } = await prepare(someEntries(3));
    mock.injectFault({ response: { status: 400 } }, { count: 5 });
    const first = await backfill(BASE);
    expect(first.code).toBe(1);
    expect(first.err).toContain(`Rejected: ${entryAt(0).log_id}, 400 Bad Request`);
    expect(first.out).toContain(
      `npx auth0-login-analytics backfill segment-http --from-file ${file('rejected.jsonl')}`,
    );
    expect(first.out + first.err).not.toContain('example.com');
    expect(statSync(file('rejected.jsonl')).mode & 0o777).toBe(0o600);

    const again = ['segment-http', '--tenant', TENANT, '--from-file', file('rejected.jsonl')];
    expect(await backfill(again)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--rejected and --from-file must be different files'),
    });
    const second = await backfill([...again, '--rejected', file('again.jsonl'), '--json']);
    expect(JSON.parse(second.out)).toMatchObject({ status: 'complete', sent: { Login: 3 }, rejected: 0 });
    expect(getIndexes(mock)).toEqual([0, 1, 2]);
  });

  /** A backfill from a file, of which the first batch of 10 was sent. */
  const interruptFromFile = async (indexes: readonly number[]) => {
    const prepared = await prepare(toSource([]));
    const { mock, file, backfill } = prepared;
    const writeEntries = (which: readonly number[]) =>
      writeFileSync(
        file('in.jsonl'),
        which.map((index) => `${JSON.stringify(entryAt(index, { type: 's' }))}\n`).join(''),
      );
    writeEntries(indexes);
    const args = ['segment-http', '--tenant', TENANT, '--from-file', file('in.jsonl'), '--rate', '10'];
    mock.injectFault({ response: { status: 401 } }, { skip: 1 });
    expect(await backfill(args)).toMatchObject({ code: 1, err: '' });
    mock.injectFault(undefined);
    return { ...prepared, writeEntries, resume: () => backfill(args) };
  };
  const FIRST_TEN = Array.from({ length: 10 }, (_, index) => index);

  it('resumes a file in which an entry occurs twice after the right one', async () => {
    const indexes = [...FIRST_TEN.slice(0, 9), 0, 10, 11];
    const { mock, resume } = await interruptFromFile(indexes);
    expect(await resume()).toMatchObject({ code: 0 });
    expect(getIndexes(mock)).toEqual(indexes);
  });

  it('resumes a file that has become longer', async () => {
    const { mock, resume, writeEntries } = await interruptFromFile([...FIRST_TEN, 10]);
    writeEntries([...FIRST_TEN, 10, 11]);
    expect(await resume()).toMatchObject({ code: 0 });
    expect(getIndexes(mock)).toEqual([...FIRST_TEN, 10, 11]);
  });

  it.each([
    ['lacks the last entry that was sent', [...FIRST_TEN.slice(0, 9), 10, 11]],
    ['has another entry before it', [20, ...FIRST_TEN, 10, 11]],
  ])('does not resume a file that %s', async (_, indexes) => {
    const { mock, file, resume, writeEntries } = await interruptFromFile([...FIRST_TEN, 10, 11]);
    writeEntries(indexes);
    expect(await resume()).toMatchObject({
      code: 2,
      err: expect.stringContaining(`${file('in.jsonl')} was changed since its backfill was interrupted`),
    });
    expect(getIndexes(mock)).toEqual(FIRST_TEN);
    expect(existsSync(file('checkpoint.json'))).toBe(true);
  });

  it('exits with 1 where entries of a file are malformed, and names them', async () => {
    const { mock, file, backfill } = await prepare(toSource([]));
    const lines = [entryAt(0), entryAt(3), entryAt(1, { user_id: 7 })].map((entry) => JSON.stringify(entry));
    writeFileSync(file('in.jsonl'), [...lines, '{"log_id": '].join('\n'));
    const args = ['segment-http', '--tenant', TENANT, '--from-file', file('in.jsonl')];
    const { code, out, err } = await backfill(args);
    expect(code).toBe(1);
    expect(err).toBe(`Malformed entry ${entryAt(3).log_id}: type
Malformed entry ${entryAt(1).log_id}: user_id
Malformed entry without a log_id: the entry
`);
    expect(out).toMatch(/^sent +0 SignUps, 1 Logins$/m);
    expect(out).toMatch(/^skipped +3: malformed entry$/m);

    const stored = readFileSync(file('rejected.jsonl'), 'utf8');
    expect(stored).toBe(`${lines[1]}\n${lines[2]}\n{"log_id": \n`);
    writeFileSync(
      file('corrected.jsonl'),
      stored.split('\n')[1]?.replace('"user_id":7', '"user_id":"auth0|user-1"') ?? '',
    );
    const corrected = ['segment-http', '--tenant', TENANT, '--from-file', file('corrected.jsonl')];
    expect(await backfill(corrected)).toMatchObject({ code: 0 });
    expect(getIndexes(mock)).toEqual([0, 1]);
  });

  it('sends one batch again at most after it was killed', async () => {
    const { mock, env, withFiles, backfill } = await prepare(some);
    await startCommand(withFiles([...BASE, '--rate', '50']), { env }, (child) => {
      const timer = setInterval(() => {
        if (getIndexes(mock).length < 100) return;
        clearInterval(timer);
        child.kill('SIGKILL');
      }, 1);
    });
    expect(await backfill([...BASE, '--rate', '10000'])).toMatchObject({ code: 0 });
    const indexes = getIndexes(mock);
    expect(new Set(indexes)).toEqual(new Set(loginIndexes(400)));
    expect(indexes.length - loginIndexes(400).length).toBeLessThanOrEqual(50);
  });

  it(`loses nothing, and repeats one batch at most, each of ${KILLS} times that it is killed`, {
    timeout: 30_000 + KILLS * 10_000,
  }, async () => {
    const count = KILLS * 800;
    const { mock, env, withFiles } = await prepare(someEntries(count));
    const bin = await compileCommandLine();
    const run = (onStart?: (child: ChildProcess) => void) =>
      startCommand(withFiles([...BASE, '--rate', '2000']), { env, bin }, onStart);
    const repeats: number[] = [];
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const before = mock.requests.length;
      const known = new Set(getIds(mock));
      await run((child) => killAfter(child, () => mock.requests.length > before, Math.random() * 150));
      const added = getActivities(mock).slice(known.size + sum(repeats));
      repeats.push(added.filter(({ id }) => known.has(id)).length);
    }
    expect(Math.max(...repeats)).toBeLessThanOrEqual(100);
    expect(new Set(getIds(mock)).size).toBeLessThan(loginIndexes(count).length);
    expect(await startCommand(withFiles([...BASE, '--rate', '100000']), { env, bin })).toMatchObject({
      code: 0,
    });
    expect(new Set(getIndexes(mock))).toEqual(new Set(loginIndexes(count)));
    expect(new Set(getIds(mock)).size).toBe(loginIndexes(count).length);
  });

  it('is not started with a checkpoint that another process uses', async () => {
    const { mock, file, backfill } = await prepare(some);
    const release = lock(file('checkpoint.json'));
    expect(await backfill(BASE)).toMatchObject({
      code: 2,
      err: expect.stringContaining(`${file('checkpoint.json')} is in use by process ${process.pid}`),
    });
    expect(mock.requests).toEqual([]);
    release();
    expect(await backfill([...BASE, '--rate', '10000'])).toMatchObject({ code: 0 });
  });

  it('closes its folder and files to others, also those that were there before', async () => {
    const { mock, env } = await prepare(someEntries(1));
    mock.injectFault({ response: { status: 400 } }, { count: 1 });
    const cwd = createFolder();
    const folder = path.join(cwd, '.backfill');
    const rejectedFile = path.join(folder, 'segment-http.rejected.jsonl');
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    writeFileSync(rejectedFile, '', { mode: 0o644 });
    expect(await runCommand(['backfill', ...BASE], { env, cwd })).toMatchObject({ code: 1 });
    expect(readFileSync(rejectedFile, 'utf8')).toContain('user-0@example.com');
    expect([folder, rejectedFile].map((file) => statSync(file).mode & 0o777)).toEqual([0o700, 0o600]);
  });

  describe('explains in one line', () => {
    const explain = async (args: readonly string[], cwd: string, env: object) => {
      const { code, out, err } = await startCommand(['backfill', ...args], { cwd, env: { ...env } });
      expect([code, out + err]).not.toEqual([0, '']);
      expect(out + err).not.toMatch(/^ +at /m);
      return out + err;
    };
    const inFolder = async () => {
      const { mock, env } = await prepare(someEntries(1));
      return { mock, env, cwd: createFolder() };
    };

    it('that a file stands in the way of .backfill', async () => {
      const { env, cwd } = await inFolder();
      writeFileSync(path.join(cwd, '.backfill'), '');
      expect(await explain(BASE, cwd, env)).toMatch(/^Cannot use .*\.backfill: file already exists\n$/);
    });

    it.each(['--checkpoint', '--rejected', '--from-file'])('that %s names a directory', async (option) => {
      const { env, cwd } = await inFolder();
      mkdirSync(path.join(cwd, 'folder'));
      const source = option === '--from-file' ? BASE.slice(0, 3) : BASE;
      expect(await explain([...source, option, 'folder'], cwd, env)).toContain('it is a directory');
    });

    it.runIf(existsSync('/dev/full'))('that the disk is full', async () => {
      const { mock, env, cwd } = await inFolder();
      mock.injectFault({ response: { status: 400 } });
      expect(await explain([...BASE, '--rejected', '/dev/full'], cwd, env)).toContain(
        'Cannot use /dev/full: no space left on device',
      );
    });
  });

  it('names the scope that is missing', async () => {
    const { api, backfill } = await prepare(some);
    api.scopes = [];
    const { code, out } = await backfill(BASE);
    expect(code).toBe(1);
    expect(out).toContain('The scope read:logs');
  });

  it.each([
    [
      'a time without a zone',
      [...BASE, '--since', '2026-01-01T00:00'],
      '2026-01-01T00:00 is not a date like',
    ],
    ['a rate of 0', [...BASE, '--rate', '0'], '--rate must be a whole number from 1'],
    ['no time range and no file', ['segment-http', '--tenant', TENANT], 'either --since or --from-file'],
    [
      'a domain that is not <tenant>….auth0.com',
      ['segment-http', '--since', '2026-01-01'],
      '--tenant is required',
    ],
    [
      'missing secrets',
      ['splunk', '--tenant', TENANT, '--since', '2026-01-01'],
      'splunk is not configured: SPLUNK_HEC_URL is missing',
    ],
    [
      'an Action with several destinations',
      ['all', '--since', '2026-01-01'],
      'all has several destinations, name one of them: splunk, keen, ',
    ],
  ])('exits with 2 for %s', async (_, args, message) => {
    const { backfill } = await prepare(toSource([]));
    expect(await backfill(args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
  });
});
