/** From the log of a tenant to an embedded destination. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ManagementClient } from 'auth0';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RejectedError } from '../../lib/errors.ts';
import { readSecrets } from '../../lib/secrets.ts';
import type { Sink } from '../../lib/sink.ts';
import { type Position, START } from '../../tools/cli/backfill/checkpoint.ts';
import { checkEntry, toActivity } from '../../tools/cli/backfill/entries.ts';
import { Retrier } from '../../tools/cli/backfill/retrier.ts';
import { type Backfill, backfill } from '../../tools/cli/backfill/run.ts';
import { Sender } from '../../tools/cli/backfill/sender.ts';
import { readLog } from '../../tools/cli/backfill/sources.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import {
  type ManagementApi,
  startManagementApi,
} from '../../tools/simulator/auth0/management-api/management-api.ts';
import { Tenant } from '../../tools/simulator/auth0/tenant.ts';
import { type LogEntry, type LogSource, toLogId } from '../../tools/simulator/auth0/tenant-log.ts';
import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { startVendorMock, type VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { callTool, startTool } from '../support/command.ts';

const TENANT = 'local-tenant';
const BEGIN = Date.parse('2026-01-01T00:00:00.000Z');
const SINCE = new Date(BEGIN);
const ENTRIES = Number(process.env.BACKFILL_ENTRIES ?? 20_000);

const sinks = await loadSinks();

const at = (seconds: number): Date => new Date(BEGIN + seconds * 1000);

/** Number `index` of a log with an entry each second; every fourth is of no interest. */
const entryOf = (index: number, changes: object = {}): LogEntry => ({
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

const sourceOf = (entries: readonly unknown[]): LogSource => ({
  count: entries.length,
  entry: (index) => entries[index] as LogEntry,
});

const getVendor = (name: string) => {
  const service = vendors.find((candidate) => candidate.name === name);
  if (!service) throw new Error(`No service ${name}`);
  return service;
};

const sinkOf = (name: string): Sink => {
  const sink = sinks.find((candidate) => candidate.name === name);
  if (!sink) throw new Error(`No sink ${name}`);
  return sink;
};

const start = async (logs: LogSource | undefined, name = 'segment-http') => {
  const tenant = new Tenant({ name: TENANT });
  const api = await startManagementApi(tenant, logs && { logs });
  onTestFinished(() => api.close());
  const destination = await startVendorMock(getVendor(name));
  onTestFinished(() => destination.close());
  return { tenant, api, destination };
};

interface Settings extends Partial<Backfill> {
  given?: Record<string, string>;
  until?: Date;
  rate?: number;
}

interface Outcome {
  position?: Position;
  isComplete?: boolean;
  error?: unknown;
}

/** The backfill without its command line. */
const run = async (
  api: ManagementApi,
  destination: VendorMock,
  { given = {}, until = new Date(Date.now() + 60_000), rate = 100_000, ...changes }: Settings = {},
) => {
  const sink = sinkOf(destination.name);
  const secrets = readSecrets(sink.secrets, { ...destination.secrets, ...given });
  const client = new ManagementClient({ domain: api.domain, ...api.credentials, fetch: api.fetch });
  const { position = START, signal = new AbortController().signal } = changes;
  const patience = new Retrier(signal, { backoffMs: 5 });
  const sender = new Sender(sink, secrets, rate, patience);
  const span = { since: SINCE, until };
  const refused: Array<{ entry: unknown; reason: string }> = [];
  const odd: string[] = [];
  const positions: Position[] = [];
  const result: Promise<Outcome> = backfill({
    sink,
    secrets,
    tenant: TENANT,
    pages: readLog(client, span, position.after, patience),
    span,
    position,
    batchSize: 100,
    send: (batch) => sender.send(batch),
    onRefused: (more) => refused.push(...more),
    onOdd: (id, field) => odd.push(`${id}: ${field}`),
    onPosition: (now) => positions.push(now),
    signal,
    ...changes,
  });
  return { ...(await result.catch((error: unknown): Outcome => ({ error }))), refused, odd, positions };
};

const idsOf = ({ events }: VendorMock) => events.map(({ id }) => id);
const numbersOf = ({ events }: VendorMock) => events.map(({ userId }) => Number(userId.split('-')[1]));

/** The interesting ones of so many. */
const interesting = (count: number) =>
  Array.from({ length: count }, (_, index) => index).filter((index) => index % 4 !== 3);

const total = ({ read, sent, refused, skipped }: Position) => [
  read,
  sent.SignUp + sent.Login + refused + Object.values(skipped).reduce((sum, number) => sum + number, 0),
];

describe('an activity', () => {
  const activityOf = (changes: object) => {
    const checked = checkEntry(entryOf(0, changes));
    if ('odd' in checked) throw new Error(checked.odd);
    return toActivity(checked.entry, TENANT);
  };

  it('has what the log has', () => {
    expect(activityOf({ organization_id: 'org_1', organization_name: 'acme' })).toEqual({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      type: 'Login',
      time: SINCE,
      tenant: TENANT,
      user: { id: 'auth0|user-0', email: 'user-0@example.com' },
      application: { id: 'shop', name: 'Shop' },
      connection: { name: 'Username-Password-Authentication', strategy: 'auth0' },
      organization: { id: 'org_1', name: 'acme' },
      request: { ip: '203.0.113.7', userAgent: 'curl/7.64.1' },
    });
  });

  it('has the name of a user without an e-mail address, and no field that is no text', () => {
    const { user, request } = activityOf({ user_name: 'ada', ip: 7, user_agent: null });
    expect([user.name, user.email, request.ip, request.userAgent]).toEqual([
      'ada',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('has the same id whenever it is read, also without a transaction', () => {
    const changes = { details: undefined };
    expect(activityOf(changes).id).toBe(activityOf(changes).id);
    expect(activityOf(changes).id).not.toBe(activityOf({ ...changes, log_id: 'another' }).id);
    expect(activityOf({}).id).toBe(activityOf({ log_id: 'another' }).id);
  });
});

it.each(vendors)('has the ids of the Action: $name', async ({ name }) => {
  const { tenant, api, destination } = await start(undefined, name);
  const secrets = { ...destination.secrets, ...(name === 'keen' && { KEENIO_LOGIN_COLLECTION: 'logins' }) };
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
  const recorded = idsOf(destination);

  const { position } = await run(api, destination, { given: secrets });
  expect(position).toMatchObject({
    read: 5,
    sent: { SignUp: 2, Login: 1 },
    skipped: { 'login that ends a sign-up': 2 },
  });
  const repeated = destination.events.slice(recorded.length);
  expect(repeated.map(({ id }) => id)).toEqual(recorded);
  expect(repeated.every(({ duplicate }) => duplicate)).toBe(true);
});

it('reads from the first entry of the span to the last one, once', async () => {
  const { api, destination } = await start(
    sourceOf(Array.from({ length: 1_000 }, (_, index) => entryOf(index - 300))),
  );
  const { position, isComplete } = await run(api, destination, { until: at(499) });
  expect(numbersOf(destination)).toEqual(interesting(500));
  expect(isComplete).toBe(true);
  expect(position?.sent).toEqual({ SignUp: 0, Login: 375 });
});

it('is done where there is nothing', async () => {
  const { api, destination } = await start(sourceOf([]));
  expect((await run(api, destination)).position).toEqual(START);
});

it('takes what comes out of order', async () => {
  const shuffled = [0, 2, 1, 5, 4, 6].map((second, index) =>
    entryOf(second, { type: 's', log_id: toLogId(at(0), index) }),
  );
  const { api, destination } = await start(sourceOf(shuffled));
  await run(api, destination, { until: at(5) });
  expect(numbersOf(destination)).toEqual([0, 2, 1, 5, 4]);
});

describe('a sign-up', () => {
  const user = (second: number, type: string, changes = {}) =>
    entryOf(second, { type, user_id: 'auth0|user-1', ...changes });
  const typesOf = async (...entries: LogEntry[]) => {
    const { api, destination } = await start(sourceOf(entries));
    await run(api, destination);
    return destination.events.map(({ type }) => type);
  };

  it('has the first login within a minute, and no other', async () => {
    expect(await typesOf(user(0, 'ss'), user(2, 's'), user(4, 's'))).toEqual(['SignUp', 'Login']);
    expect(await typesOf(user(0, 'ss'), user(61, 's'))).toEqual(['SignUp', 'Login']);
    expect(await typesOf(user(0, 'ss'), user(2, 's', { user_id: 'auth0|user-2' }))).toEqual([
      'SignUp',
      'Login',
    ]);
  });

  it('is known after an interruption, without a user id in the checkpoint', async () => {
    const { api, destination } = await start(sourceOf([user(0, 'ss'), user(2, 's')]));
    const { positions } = await run(api, destination, { until: at(1) });
    const position = positions.find(({ sent }) => sent.SignUp === 1) ?? START;
    expect(JSON.stringify(position)).not.toContain('auth0|user-1');
    const { position: end } = await run(api, destination, {
      position: { ...position, after: user(0, 'ss').log_id },
    });
    expect(end).toMatchObject({ sent: { SignUp: 1, Login: 0 }, skipped: { 'login that ends a sign-up': 1 } });
  });
});

describe('an odd entry', () => {
  it('is reported by its id and the field, and skipped', async () => {
    const entries = [
      entryOf(0),
      entryOf(1, { user_id: 7 }),
      entryOf(2, { date: 'hunter2' }),
      entryOf(4, { details: { transaction_id: {} } }),
      entryOf(5, { type: undefined }),
      entryOf(6, { user_id: '' }),
      entryOf(8),
    ];
    const source = sourceOf(entries);
    const { api, destination } = await start(source);
    const ids = entries.map(({ log_id }) => log_id);
    const { position, odd } = await run(api, destination, {
      pages: (async function* () {
        yield [...entries, null, 'hunter2', []];
      })(),
    });
    expect(odd).toEqual([
      `${ids[1]}: user_id`,
      `${ids[2]}: date`,
      `${ids[3]}: details.transaction_id`,
      `${ids[4]}: type`,
      `${ids[5]}: user_id`,
      'undefined: the entry',
      'undefined: the entry',
      expect.stringMatching(/^undefined: /),
    ]);
    expect(numbersOf(destination)).toEqual([0, 8]);
    expect(position).toMatchObject({ read: 10, skipped: { 'odd entry': 8 }, after: ids[6] });
  });
});

it('omits and hashes what the Action does', async () => {
  const { api, destination } = await start(sourceOf([entryOf(0)]));
  const given = { OMIT_FIELDS: 'email,ip', HASH_FIELDS: 'userId,userAgent', HASH_KEY: 'k' };
  await run(api, destination, { given });
  expect(destination.events[0]?.userId).toMatch(/^[\da-f]{64}$/);
  expect(destination.requests[0]?.body).not.toMatch(/user-0|203\.0|curl/);
});

it('leaves out what the destination does not record, and applications', async () => {
  const { api, destination } = await start(sourceOf([entryOf(0), entryOf(1, { type: 'ss' })]), 'keen');
  const { position } = await run(api, destination);
  expect(position).toMatchObject({ sent: { SignUp: 1, Login: 0 }, skipped: { 'not recorded by keen': 1 } });
  const without = await run(api, destination, { without: ['shop'] });
  expect(without.position).toMatchObject({
    sent: { SignUp: 0, Login: 0 },
    skipped: { 'application left out': 2 },
  });
});

describe('a destination', () => {
  const many = sourceOf(Array.from({ length: 400 }, (_, index) => entryOf(index)));

  it.each([
    ['is overloaded', { response: { status: 429, headers: { 'Retry-After': '1' } } }],
    ['fails', { response: { status: 500 } }],
    ['loses the answer', { reset: 'after', processed: true }],
  ] as const)('that %s is tried again', async (_, fault) => {
    const { api, destination } = await start(many);
    destination.injectFault(fault, { count: 2 });
    const { position } = await run(api, destination);
    expect(position).toMatchObject({ sent: { Login: 300 }, refused: 0 });
    expect(new Set(numbersOf(destination))).toEqual(new Set(interesting(400)));
  });

  it('that stays away ends it before anything is lost', async () => {
    const { api, destination } = await start(many);
    destination.injectFault({ response: { status: 503 } }, { skip: 1 });
    const first = await run(api, destination);
    expect(first).toMatchObject({ error: { name: 'UnavailableError' } });
    destination.injectFault(undefined);
    const position = first.positions.at(-1);
    expect(position?.sent.Login).toBe(100);
    const second = await run(api, destination, { ...(position && { position }) });
    expect(numbersOf(destination)).toEqual(interesting(400));
    expect(second.position && total(second.position)).toEqual([300, 300]);
  });

  it('that refuses the credentials ends it', async () => {
    const { api, destination } = await start(many, 'keen');
    const { error } = await run(api, destination, {
      given: { KEENIO_LOGIN_COLLECTION: 'logins', KEENIO_WRITE_KEY: 'wrong' },
    });
    expect(error).toMatchObject({ name: 'RejectedError', status: 401 });
    expect(destination.requests).toHaveLength(1);
  });

  it('that refuses some of a batch without telling which gets all the others', async () => {
    const { api, destination } = await start(many);
    const real = sinkOf('segment-http');
    const bad = new Set([5, 6, 50, 398]);
    const sink: Sink = {
      ...real,
      async send(activities, secrets, http) {
        const numbers = activities.map(({ user }) => Number(user.id.split('-')[1]));
        if (numbers.some((number) => bad.has(number)))
          throw new RejectedError('400 Bad Request', { status: 400 });
        await real.send(activities, secrets, http);
      },
    };
    const secrets = readSecrets(real.secrets, destination.secrets);
    const sender = new Sender(
      sink,
      secrets,
      100_000,
      new Retrier(new AbortController().signal, { backoffMs: 5 }),
    );
    const { position, refused } = await run(api, destination, { send: (batch) => sender.send(batch) });
    expect(numbersOf(destination)).toEqual(interesting(400).filter((number) => !bad.has(number)));
    expect(refused.map(({ entry }) => entry)).toEqual([5, 6, 50, 398].map((number) => entryOf(number)));
    expect(position).toMatchObject({ refused: 4, sent: { Login: 296 } });
  });

  it('gets no more than it takes in one request', async () => {
    const { api, destination } = await start(many);
    const sizes: number[] = [];
    const real = sinkOf('segment-http');
    const sink: Sink = {
      ...real,
      batchLimit: 30,
      async send(activities, secrets, http) {
        sizes.push(activities.length);
        await real.send(activities, secrets, http);
      },
    };
    const secrets = readSecrets(real.secrets, destination.secrets);
    const patience = new Retrier(new AbortController().signal, { backoffMs: 5 });
    const sender = new Sender(sink, secrets, 100_000, patience);
    const { position } = await run(api, destination, { send: (batch) => sender.send(batch) });
    expect(numbersOf(destination)).toEqual(interesting(400));
    expect(position).toMatchObject({ refused: 0, sent: { Login: 300 } });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(30);
  });

  it('gets no more than the rate', async () => {
    const { api, destination } = await start(many);
    const startedAt = performance.now();
    await run(api, destination, { rate: 200, batchSize: 20 });
    // 300 of them; the last batch need not be waited for.
    expect(performance.now() - startedAt).toBeGreaterThan(1_390);
  });
});

describe('the tenant', () => {
  const some = sourceOf(Array.from({ length: 250 }, (_, index) => entryOf(index)));

  it.each([429, 500])('that answers %d is tried again', async (status) => {
    const { api, destination } = await start(some);
    api.injectFault({ status }, { count: 1, request: /logs\?.*from=/ });
    const { position } = await run(api, destination);
    expect(position?.sent.Login).toBe(interesting(250).length);
  });

  const failing = (fetch: typeof globalThis.fetch, failures: (calls: number) => boolean) => {
    let calls = 0;
    const failingFetch: typeof fetch = async (input, init) => {
      calls += 1;
      if (failures(calls)) throw new TypeError('fetch failed');
      return fetch(input, init);
    };
    return { failingFetch, calls: () => calls };
  };

  it('is asked again where the connection is lost under way', async () => {
    const { api, destination } = await start(some);
    // The token and the search come first.
    const { failingFetch } = failing(api.fetch, (calls) => calls === 3 || calls === 5);
    const { position } = await run({ ...api, fetch: failingFetch }, destination);
    expect(position?.sent.Login).toBe(interesting(250).length);
  });

  it('is not waited for where it was never reached', async () => {
    const { api, destination } = await start(some);
    const { failingFetch, calls } = failing(api.fetch, (calls) => calls > 1);
    const { error } = await run({ ...api, fetch: failingFetch }, destination);
    expect(error).toBeInstanceOf(Error);
    expect(calls()).toBe(2);
  });

  it('that does not grant read:logs says so', async () => {
    const { api, destination } = await start(some);
    api.scopes = [];
    const { error } = await run(api, destination);
    expect(error).toMatchObject({ statusCode: 403, body: { message: expect.stringContaining('read:logs') } });
  });
});

it('ends after the batch under way, and goes on from there', async () => {
  const { api, destination } = await start(
    sourceOf(Array.from({ length: 600 }, (_, index) => entryOf(index))),
  );
  const controller = new AbortController();
  const first = await run(api, destination, {
    signal: controller.signal,
    onPosition: ({ sent }) => sent.Login === 200 && controller.abort(),
  });
  expect(first).toMatchObject({ isComplete: false, position: { sent: { Login: 200 } } });
  const second = await run(api, destination, { position: first.position ?? START });
  expect(second).toMatchObject({ isComplete: true, position: { read: 450, sent: { Login: 450 } } });
  expect(numbersOf(destination)).toEqual(interesting(600));
});

it(`reads ${ENTRIES} entries in flat memory`, { timeout: 30_000 + ENTRIES / 5 }, async () => {
  const { api, destination } = await start({ count: ENTRIES, entry: entryOf });
  const heaps: number[] = [];
  let pages = 0;
  const { position } = await run(api, destination, {
    send: async () => [],
    onPosition() {
      pages += 1;
      if (pages % 100 === 0) heaps.push(process.memoryUsage().heapUsed / 2 ** 20);
    },
  });
  expect(position?.sent.Login).toBe(interesting(ENTRIES).length);
  expect(Math.max(...heaps) - (heaps[0] ?? 0)).toBeLessThan(100);
  expect(destination.requests).toEqual([]);
});

describe('npm run backfill', () => {
  const CHILD_TIMEOUT_MS = 60_000;

  const prepare = async (logs: LogSource, name = 'segment-http') => {
    const { api, destination } = await start(logs, name);
    const folder = mkdtempSync(path.join(tmpdir(), 'backfill-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = (name: string) => path.join(folder, name);
    writeFileSync(file('ca.pem'), api.caCertificate);
    const env = {
      AUTH0_DOMAIN: api.domain,
      AUTH0_CLIENT_ID: api.credentials.clientId,
      AUTH0_CLIENT_SECRET: api.credentials.clientSecret,
      NODE_EXTRA_CA_CERTS: file('ca.pem'),
      ...destination.secrets,
    };
    const command = (args: readonly string[]) => ({
      args: ['--checkpoint', file('checkpoint.json'), '--rejected', file('rejected.jsonl'), ...args],
      env,
    });
    const tool = (args: readonly string[]) => callTool('backfill', command(args));
    return { api, destination, file, command, tool };
  };
  const BASE = ['--tenant', TENANT, '--since', '2026-01-01', '--until', '2026-02-01'];
  const some = sourceOf(Array.from({ length: 400 }, (_, index) => entryOf(index)));

  it('sends, and says what came of it', { timeout: CHILD_TIMEOUT_MS }, async () => {
    const { destination, file, command } = await prepare(some);
    const args = ['segment-http', ...BASE, '--rate', '10000'];
    const { code, out, err } = await startTool('backfill', command(args));
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('segment-http: complete\nread      300 logins and sign-ups');
    expect(out).toMatch(/^sent +0 SignUps, 300 Logins$/m);
    expect(numbersOf(destination)).toEqual(interesting(400));
    expect(existsSync(file('checkpoint.json'))).toBe(false);
  });

  it('counts in a dry run', { timeout: CHILD_TIMEOUT_MS }, async () => {
    const { destination, file, tool } = await prepare(some);
    const { code, out } = await tool(['segment-http', ...BASE, '--dry-run', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      outcome: 'complete',
      dryRun: true,
      counts: [{ day: '2026-01-01', application: 'Shop', SignUp: 0, Login: 300 }],
    });
    expect(destination.requests).toEqual([]);
    expect(existsSync(file('checkpoint.json'))).toBe(false);
  });

  it('goes on after Ctrl+C', { timeout: CHILD_TIMEOUT_MS }, async () => {
    const { destination, file, command, tool } = await prepare(some);
    const args = ['segment-http', ...BASE, '--rate', '50'];
    const first = await startTool('backfill', command(args), (child) => {
      const timer = setInterval(() => {
        if (destination.events.length === 0) return;
        clearInterval(timer);
        child.kill('SIGINT');
      }, 10);
    });
    expect(first.code).toBe(130);
    expect(first.out).toContain('The same command goes on from here.');
    expect(destination.events.length).toBeLessThan(300);
    expect(statSync(file('checkpoint.json')).mode & 0o777).toBe(0o600);

    const other = await tool(['segment-http', '--tenant', TENANT, '--since', '2026-01-02']);
    expect(other).toMatchObject({ code: 2, err: expect.stringContaining('with another since, until') });

    const second = await tool([...args, '--rate', '10000', '--json']);
    expect(JSON.parse(second.out)).toMatchObject({ outcome: 'complete', read: 300, sent: { Login: 300 } });
    expect(numbersOf(destination)).toEqual(interesting(400));
  });

  it('keeps what was refused, to be sent again', { timeout: CHILD_TIMEOUT_MS }, async () => {
    const { destination, file, tool } = await prepare(sourceOf([0, 1, 2].map((index) => entryOf(index))));
    destination.injectFault({ response: { status: 400 } }, { count: 5 });
    const first = await tool(['segment-http', ...BASE]);
    expect(first.code).toBe(1);
    expect(first.err).toContain(`Refused: ${entryOf(0).log_id}, 400 Bad Request`);
    expect(first.out).toContain('--from-file');
    expect(first.out + first.err).not.toContain('example.com');
    expect(statSync(file('rejected.jsonl')).mode & 0o777).toBe(0o600);

    const again = ['segment-http', '--tenant', TENANT, '--from-file', file('rejected.jsonl')];
    expect(await tool(again)).toMatchObject({
      code: 2,
      err: expect.stringContaining('must be another file'),
    });
    const second = await tool([...again, '--rejected', file('again.jsonl'), '--json']);
    expect(JSON.parse(second.out)).toMatchObject({ outcome: 'complete', sent: { Login: 3 }, refused: 0 });
    expect(numbersOf(destination)).toEqual([0, 1, 2]);
  });

  it('names the scope that is missing', { timeout: CHILD_TIMEOUT_MS }, async () => {
    const { api, tool } = await prepare(some);
    api.scopes = [];
    const { code, out } = await tool(['segment-http', ...BASE]);
    expect(code).toBe(1);
    expect(out).toContain('The scope read:logs');
  });

  it('exits with 2 for what it does not understand, and says so', { timeout: CHILD_TIMEOUT_MS }, async () => {
    const { tool } = await prepare(sourceOf([]));
    const messages: Array<[args: string[], message: string]> = [
      [['segment-http', ...BASE, '--since', '2026-01-01T00:00'], '--since must be a date'],
      [['segment-http', '--since', '2026-01-01'], 'Name the tenant with --tenant'],
      [['splunk', ...BASE], 'splunk is not configured: SPLUNK_HEC_URL is missing'],
      [['all', ...BASE], 'all has several destinations: send to one after the other, of splunk, keen, '],
    ];
    for (const [args, message] of messages) {
      expect(await tool(args)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
    }
  });

  it('explains itself', { timeout: CHILD_TIMEOUT_MS }, async () => {
    const { tool } = await prepare(sourceOf([]));
    expect((await tool(['--help'])).out).toMatch(/Usage: npm run backfill[\s\S]*read:logs/);
  });
});
