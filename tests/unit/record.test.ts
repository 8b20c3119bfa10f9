import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { splunk } from '../../actions/splunk.ts';
import { personalData, toLogin } from '../../lib/activity.ts';
import { record, recordEverywhere } from '../../lib/record.ts';
import type { Sink } from '../../lib/sink.ts';
import { createApi } from '../../tools/simulator/auth0/post-login-api.ts';
import { splunk as service } from '../../tools/simulator/vendors/splunk.ts';
import { startVendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { login, signUp } from '../support/events.ts';

const LOG_LINE_LIMIT_CHARS = 256;
const DENIAL = 'This login could not be recorded. Please try again later.';
const NOT_MARKED = '[splunk] SignUp delivered, but app_metadata did not take the mark';
const NOT_CONFIGURED = '[splunk] Not configured: SPLUNK_HEC_URL is missing; SPLUNK_HEC_TOKEN is missing';
const REFUSED = /^\[splunk\] SignUp not delivered: 400 shard 7 is on fire; check the Action's secrets; /;
const UNEXPECTED = '[splunk] Login not delivered: unexpected Error';
const UNREADABLE = '[splunk] Login not recorded: the event or the api object failed';

const destination = await startVendorMock(service);
afterAll(() => destination.close());
beforeEach(() => destination.reset());
afterEach(() => void vi.restoreAllMocks());

const SECRETS: Record<string, string> = destination.secrets;
const DENY = { ...SECRETS, ON_FAILURE: 'deny' };

const refuse = () => destination.injectFault({ response: { status: 400, body: 'shard 7 is on fire' } });

/** Runs the Action, which never fails; says what came of it. */
const run = async (event: unknown, api: unknown = createApi(event as Event).api) => {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line));
  expect(await record(splunk, event as Event, api as PostLoginAPI)).toBeUndefined();
  // A rejection that nobody handles fails the test run.
  await nextTurn();

  expect(lines.length).toBeLessThanOrEqual(1);
  const [line = ''] = lines;
  expect(line.length).toBeLessThan(LOG_LINE_LIMIT_CHARS);
  for (const value of [...Object.values(SECRETS), ...personalData(toLogin(login(), new Date()))]) {
    expect(line).not.toContain(value);
  }
  return { line, arrived: destination.events.map(({ type }) => type) };
};

/** Runs the Action with the api object of Auth0; says what it was asked, too. */
const runAndAsk = async (event: Event) => {
  const { api, effects } = createApi(event);
  return { ...(await run(event, api)), denied: effects.denied, metadata: effects.metadata };
};

const newUser = (changes: object = {}, secrets: object = SECRETS): Event => {
  const event = signUp({ secrets: secrets as Event['secrets'] });
  return { ...event, user: { ...event.user, ...changes } };
};

const throwing = (thrown: unknown = new Error('auth0|5f7c8ec7c33c6c004bbafe82')) => ({
  get(): never {
    throw thrown;
  },
});

/** Throws whatever is done to it. */
const hostile = (): object => {
  const { get: fail } = throwing();
  const traps = Object.getOwnPropertyNames(Reflect).map((trap) => [trap, fail]);
  return new Proxy(() => {}, Object.fromEntries(traps));
};

describe('a login goes on', () => {
  it.each([
    ['setAppMetadata throws', { user: { setAppMetadata: throwing().get } }],
    ['there is no api object', null],
    ['the api object throws on everything', hostile()],
  ])('and is recorded if %s', async (_, api) => {
    expect(await run(newUser(), api)).toEqual({ line: NOT_MARKED, arrived: ['SignUp'] });
  });

  it('and is recorded if the console throws', async () => {
    const event = newUser({}, { ...SECRETS, LOG: 'all' });
    const { api, effects } = createApi(event);
    vi.spyOn(console, 'log').mockImplementation(throwing().get);
    await record(splunk, event, api);
    expect(destination.events).toMatchObject([{ type: 'SignUp' }]);
    expect(effects.metadata).toHaveLength(1);
  });

  it.each([
    ['deny throws', { access: { deny: throwing().get } }],
    ['there is no api object', null],
    ['the api object throws on everything', hostile()],
  ])('and says so in one line if it cannot be refused because %s', async (_, api) => {
    refuse();
    const { line, arrived } = await run(newUser({}, DENY), api);
    expect(line).toMatch(REFUSED);
    expect(arrived).toEqual([]);
  });

  it.each(['client', 'request', 'user', 'connection', 'stats', 'tenant'])(
    'and says so if event.%s throws',
    async (part) => {
      const event = Object.defineProperty(newUser(), part, throwing());
      expect(await run(event)).toEqual({ line: UNEXPECTED, arrived: [] });
    },
  );

  it.each([
    ['everything', hostile()],
    ['its setting for logging', Object.defineProperty({ ...SECRETS }, 'LOG', throwing())],
    ['its setting for failures', Object.defineProperty({ ...SECRETS }, 'ON_FAILURE', throwing())],
  ])('and says so if event.secrets throws on %s', async (_, secrets) => {
    expect(await run(newUser({}, secrets), {})).toEqual({ line: UNEXPECTED, arrived: [] });
  });

  it.each(['user_id', 'email', 'created_at', 'app_metadata'])(
    'and says so if event.user.%s throws',
    async (field) => {
      const event = newUser();
      Object.defineProperty(event.user, field, throwing());
      expect(await run(event)).toEqual({ line: UNEXPECTED, arrived: [] });
    },
  );

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'Error'],
    ['an error that throws, too', Object.defineProperty(new Error(), 'name', throwing())],
    ['something that throws on everything', hostile()],
  ])('and says so if the event throws %s', async (_, thrown) => {
    const event = Object.defineProperty(newUser(), 'client', throwing(thrown));
    const { line, arrived } = await run(event);
    expect(line).toMatch(/^\[splunk\] Login not (delivered: unexpected \w+|recorded: .+)$/);
    expect(arrived).toEqual([]);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['something that throws on everything', hostile()],
    ['without secrets that can be read', Object.defineProperty(newUser(), 'secrets', throwing())],
  ])('and says so if the event is %s', async (_, event) => {
    expect(await run(event, {})).toEqual({ line: UNREADABLE, arrived: [] });
  });

  it.each([
    ['an empty object', {}, '[splunk] Login not delivered: unexpected TypeError'],
    ['without a user', { secrets: SECRETS }, '[splunk] Login not delivered: unexpected TypeError'],
    ['without a user id', newUser({ user_id: 7 }), '[splunk] Login not delivered: unexpected TypeError'],
  ])('and says so if the event is %s', async (_, event, line) => {
    expect(await run(event, {})).toEqual({ line, arrived: [] });
  });

  it.each([[undefined], [null], ['secrets'], [[]], [Object.create(null)]])(
    'and names what is missing if the secrets are %j',
    async (secrets) => {
      const event = { ...newUser(), secrets };
      expect(await run(event)).toEqual({ line: NOT_CONFIGURED, arrived: [] });
    },
  );

  it('and says so if the sink throws on looking at the activity', async () => {
    const lines: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line));
    const { api } = createApi(newUser());
    await record({ ...splunk, records: throwing().get }, newUser(), api);
    expect(lines).toEqual(['[splunk] SignUp not delivered: unexpected Error']);
  });
});

describe('a SignUp is recorded', () => {
  it.each([
    ['empty', {}],
    ['frozen', Object.freeze({ signedUp: Object.freeze({ keen: true }) })],
    ['without a prototype', Object.assign(Object.create(null), { plan: 'gold' })],
    ['with a prototype of its own', Object.create({ plan: 'gold' })],
  ])('and marked if app_metadata is %s', async (_, app_metadata) => {
    const { line, arrived, metadata } = await runAndAsk(newUser({ app_metadata }));
    expect({ line, arrived }).toEqual({ line: '', arrived: ['SignUp'] });
    expect(metadata).toEqual([
      { field: 'app_metadata', key: 'signedUp', value: { ...app_metadata.signedUp, splunk: true } },
    ]);
  });

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['an array', ['signedUp']],
    ['a text', 'signedUp'],
    ['a number', 7],
  ])('but not marked, and that is said, if app_metadata is %s', async (_, app_metadata) => {
    const { line, arrived, metadata } = await runAndAsk(newUser({ app_metadata }));
    expect({ line, arrived }).toEqual({ line: NOT_MARKED, arrived: ['SignUp'] });
    expect(metadata).toEqual([]);
  });

  const CREATED = new Date(Date.now() - 60_000);

  it.each([
    ['a Date', CREATED, CREATED.toISOString()],
    ['a text', CREATED.toISOString(), CREATED.toISOString()],
    ['a text that is no date', 'yesterday', undefined],
    ['an invalid Date', new Date(Number.NaN), undefined],
    ['a number', CREATED.getTime(), undefined],
    ['null', null, undefined],
  ])('with the dates of a user if they are %s', async (_, date, expected) => {
    const { line, arrived } = await run(newUser({ created_at: date, last_login: date }));
    expect({ line, arrived }).toEqual({ line: '', arrived: ['SignUp'] });
    const { event } = JSON.parse(destination.requests[0]?.body ?? '');
    expect([event.createdAt, event.lastLogin]).toEqual([expected, expected]);
  });
});

describe('at several destinations', () => {
  const broken = (changes: Partial<Sink>): Sink => ({ ...splunk, name: 'broken', ...changes });

  it.each([
    ['throws at once on sending', { send: throwing().get }],
    ['throws later on sending', { send: async () => throwing().get() }],
    ['throws on looking at the activity', { records: throwing().get }],
  ])('a sink that %s fails alone', async (_, changes) => {
    const lines: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line));
    for (const sinks of [
      [broken(changes), splunk],
      [splunk, broken(changes)],
    ]) {
      const event = newUser();
      const { api, effects } = createApi(event);
      await recordEverywhere({ name: 'several', sinks }, event, api);
      expect(effects.metadata).toMatchObject([{ key: 'signedUp', value: { splunk: true } }]);
      expect(lines.splice(0)).toEqual(['[several] broken: SignUp not delivered: unexpected Error']);
      expect(destination.events).toMatchObject([{ type: 'SignUp' }]);
      destination.reset();
    }
  });

  it.each([
    ['the event throws', Object.defineProperty(newUser(), 'client', throwing())],
    ['there is no user id', newUser({ user_id: undefined })],
  ])('one line says it for all if %s', async (_, event) => {
    const lines: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line));
    const { api } = createApi(event);
    await recordEverywhere({ name: 'several', sinks: [splunk, broken({})] }, event, api);
    expect(lines).toEqual([expect.stringMatching(/^\[several\] Login not delivered: unexpected \w+$/)]);
    expect(destination.events).toEqual([]);
  });
});

describe('with ON_FAILURE=deny', () => {
  it('a login that the destination refuses is refused, without a detail for the user', async () => {
    refuse();
    const { line, denied } = await runAndAsk(newUser({}, DENY));
    expect(line).toMatch(REFUSED);
    expect(denied).toBe(DENIAL);
  });

  it.each([
    ['the Action is not configured', newUser({}, { ON_FAILURE: 'deny' })],
    ['the event throws', Object.defineProperty(newUser({}, DENY), 'client', throwing())],
    ['there is no user id', newUser({ user_id: undefined }, DENY)],
  ])('a login is refused if %s', async (_, event) => {
    expect(await runAndAsk(event)).toMatchObject({ denied: DENIAL, arrived: [] });
  });

  it('a login goes on if its SignUp is recorded, but not marked', async () => {
    const { line, arrived, denied } = await runAndAsk(newUser({ app_metadata: null }, DENY));
    expect({ line, arrived, denied }).toEqual({ line: NOT_MARKED, arrived: ['SignUp'], denied: undefined });
  });

  it('a login goes on if it is recorded', async () => {
    expect(await runAndAsk(newUser({}, DENY))).toMatchObject({ line: '', denied: undefined });
  });
});

describe('with ON_FAILURE=continue', () => {
  it('no login is refused', async () => {
    refuse();
    const { line, denied } = await runAndAsk(newUser());
    expect(line).toMatch(REFUSED);
    expect(denied).toBeUndefined();
  });
});
