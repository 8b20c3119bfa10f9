/** The Action for all destinations: what it owes a login, from its source and from its built file, over real sockets. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { signUpId } from '../../lib/activity.ts';
import { requiredSecrets } from '../../lib/secrets.ts';
import { findAction } from '../../tools/shared/catalog.ts';
import type { ActionRun, LoginRequest } from '../../tools/simulator/auth0/flow.ts';
import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import { createSandbox } from '../../tools/simulator/sandbox.ts';
import type { Fault } from '../../tools/simulator/vendors/fault.ts';
import type { VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { longestLagMs } from '../support/lag.ts';
import { loadSource } from '../support/source.ts';

const { sinks } = await findAction(['all']);
const NAMES = sinks.map(({ name }) => name);
const ADA = { user_id: 'auth0|ada', name: 'Ada Lovelace', email: 'ada@example.com' };
const DATABASE = 'Username-Password-Authentication';
const DENIAL = 'This login could not be recorded. Please try again later.';
const DEADLINE_MS = 500;
const TOLERANCE_MS = 50;
const SLOW_MS = 300;
const LOG_LINE_LIMIT_CHARS = 256;
/** So much is left of what there is to say of one destination, however many there are. */
const START_CHARS = 10;
/** Shorter ones are settings. */
const PRIVATE_MIN_CHARS = 7;
/** Any failure but a refusal is tried again at once. */
const NO_PAUSE = 0.01;

beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(NO_PAUSE));
afterEach(() => void vi.restoreAllMocks());

const typesAt = ({ events }: VendorMock): string[] =>
  events.map(({ type }) => type).filter((type) => type !== 'other');

const everywhere = <T>(value: T): Record<string, T> => Object.fromEntries(NAMES.map((name) => [name, value]));

const marks = (names: readonly string[]) => ({
  signedUp: Object.fromEntries(names.map((name) => [name, true])),
});

const but = (...names: string[]): string[] => NAMES.filter((name) => !names.includes(name));

const answer = (status: number, body = 'as the vendor says'): Fault => ({ response: { status, body } });

/** As much of a line as there is room for. */
const cut = (line: string): string =>
  line.length < LOG_LINE_LIMIT_CHARS ? line : `${line.slice(0, LOG_LINE_LIMIT_CHARS - 2)}…`;

describe.each([
  ['source', loadSource],
  ['bundle', loadBuilt],
] as const)('from its %s', (_, load) => {
  /** A tenant whose flow has this Action alone, warm, and a new user. Keen takes Logins, too. */
  const setUp = async (secrets: Record<string, string> = {}) => {
    const stage = await createSandbox({
      names: NAMES,
      action: 'all',
      load,
      secrets: { KEENIO_LOGIN_COLLECTION: 'logins', ...secrets },
    });
    onTestFinished(() => stage.close());
    const { tenant, mocks: destinations } = stage;
    tenant.addApplication({ client_id: 'shop', name: 'Web shop' });
    tenant.addConnection({ id: 'con_1', name: DATABASE, strategy: 'auth0' });
    const user = tenant.addUser({ ...ADA, connection: DATABASE });
    const logIn = async (request: Partial<LoginRequest> = {}) => {
      const { actions, ...flow } = await tenant.login({ user: ADA.user_id, application: 'shop', ...request });
      const [run] = actions as [ActionRun];
      expect(run.logs).toMatch(/^(.*\n)?$/);
      expect(run.logs.length).toBeLessThanOrEqual(LOG_LINE_LIMIT_CHARS);
      const given = tenant.bindings.flatMap((binding) => Object.values(binding.secrets));
      for (const value of [...given, ...Object.values(ADA), '203.0.113.7']) {
        if (value.length >= PRIVATE_MIN_CHARS) expect(run.logs).not.toContain(value);
      }
      return { ...flow, ...run, line: run.logs.trimEnd() };
    };
    await logIn({ kind: 'refresh' });

    return {
      tenant,
      user,
      logIn,
      destinations,
      destination: (name: string) => destinations.find((candidate) => candidate.name === name) as VendorMock,
      arrived: () => Object.fromEntries(destinations.map((each) => [each.name, typesAt(each)])),
    };
  };

  /** Without the secrets that these destinations require. */
  const without = (...names: string[]): Record<string, string> =>
    Object.fromEntries(
      sinks
        .filter(({ name }) => names.includes(name))
        .flatMap(({ secrets }) => requiredSecrets(secrets).map((name) => [name, ''])),
    );

  it('delivers a SignUp everywhere, marks it in one write, and then Logins', async () => {
    const { user, logIn, arrived } = await setUp();
    const { line, setAppMetadata } = await logIn();
    expect(line).toBe('');
    expect(setAppMetadata).toEqual([{ key: 'signedUp', value: everywhere(true) }]);
    expect(arrived()).toEqual(everywhere(['SignUp']));
    expect(user.app_metadata).toEqual(marks(NAMES));

    expect(await logIn()).toMatchObject({ line: '', setAppMetadata: [] });
    expect(arrived()).toEqual(everywhere(['SignUp', 'Login']));
    expect(user.metadataWrites).toBe(1);
  });

  it('tells each success with LOG=all, and what is skipped once', async () => {
    const few = ['splunk', 'keen', 'segment-http'];
    const { logIn } = await setUp({ LOG: 'all', KEENIO_LOGIN_COLLECTION: '', ...without(...but(...few)) });
    const { line } = await logIn();
    const names = line
      .slice('[all] '.length)
      .split('; ')
      .flatMap((part) => part.replace(/: SignUp del.*$/, '').split(', '));
    expect(names.toSorted()).toEqual(few.toSorted());
    expect((await logIn()).line).toContain('keen: Login skipped: ');
    expect((await logIn({ kind: 'silent' })).line).toBe('[all] Skipped: silent authentication');
  });

  it('gives one login one id, also where Auth0 has none for it', async () => {
    const { logIn, destinations } = await setUp();
    for (const protocol of ['oidc-basic-profile', 'oauth2-password', 'oauth2-password'] as const) {
      await logIn({ protocol });
    }
    const ids = destinations.map(({ events }) =>
      events.filter(({ type }) => type !== 'other').map(({ id }) => id),
    );
    expect(ids).toEqual(destinations.map(() => ids[0]));
    expect(new Set(ids[0]).size).toBe(3);
  });

  it('takes as long as the slowest destination, not as all of them', async () => {
    const { logIn, destinations, arrived } = await setUp();
    for (const destination of destinations) destination.injectFault({ delayMs: SLOW_MS });
    const { durationMs } = await logIn();
    expect(durationMs).toBeGreaterThan(SLOW_MS - TOLERANCE_MS);
    expect(durationMs).toBeLessThan(2 * SLOW_MS);
    expect(arrived()).toEqual(everywhere(['SignUp']));
  });

  it.each<[name: string, fault: Fault, line: RegExp]>([
    [
      'splunk',
      answer(401),
      /^401 as the vendor says; check the credentials in the Action's secrets; sent again/,
    ],
    ['segment-http', answer(503), /^503 as the vendor says, after 3 attempts in 0\.\d s; kept for later$/],
    ['keen', { reset: 'after' }, /^cannot connect: ECONNRESET, after 3 attempts in 0\.\d s; kept for later$/],
    ['keen', { hang: true }, /^no answer within 500 ms; kept for later$/],
  ])('delivers elsewhere if %s does %j, and repeats the SignUp only there', async (name, fault, line) => {
    const { destination, user, logIn, arrived } = await setUp({ DELIVERY_TIMEOUT_MS: String(DEADLINE_MS) });
    destination(name).injectFault(fault);
    const { line: told, durationMs, outcome } = await logIn();
    expect(outcome).toBe('completed');
    expect(durationMs - longestLagMs(durationMs)).toBeLessThan(DEADLINE_MS + TOLERANCE_MS);
    if (fault.hang) expect(durationMs).toBeGreaterThan(DEADLINE_MS - TOLERANCE_MS);
    const start = `[all] ${name}: SignUp not delivered: `;
    expect(told.slice(0, start.length)).toBe(start);
    expect(told.slice(start.length)).toMatch(line);
    expect(user.app_metadata).toEqual(marks(but(name)));
    expect(arrived()).toEqual({ ...everywhere(['SignUp']), [name]: [] });

    destination(name).injectFault(undefined);
    expect((await logIn()).line).toBe('');
    expect(user.app_metadata).toEqual(marks(NAMES));
    expect(arrived()).toEqual({ ...everywhere(['SignUp', 'Login']), [name]: ['SignUp'] });
    expect(destination(name).events.map(({ id }) => id)).toContain(signUpId('local-tenant', ADA.user_id));
  });

  it('says once what several have in common', async () => {
    const { destinations, logIn } = await setUp();
    for (const destination of destinations) destination.injectFault(answer(403));
    const line = `[all] ${NAMES.join(', ')}: SignUp not delivered: 403 as the vendor says; check the credentials in the Action's secrets; sent again at the user's next login`;
    expect((await logIn()).line).toBe(cut(line));
  });

  it('tells of each failure if many fail in many words, and nothing private', async () => {
    const { destinations, logIn } = await setUp();
    destinations.forEach((destination, index) => {
      const secrets = Object.values(destination.secrets).join(' ');
      destination.injectFault(answer(400, `${'x'.repeat(index)} ${ADA.email} ${ADA.user_id} ${secrets}`));
    });
    const { line } = await logIn();
    expect(line.length).toBeGreaterThan(LOG_LINE_LIMIT_CHARS - 2 * NAMES.length);
    const starts = (parts: readonly string[]) => parts.map((part) => part.slice(0, START_CHARS));
    const parts = line.slice('[all] '.length).split('; ');
    expect(starts(parts)).toEqual(starts(NAMES.map((name) => `${name}: SignUp not delivered`)));
  });

  describe('with secrets of which', () => {
    it.each<[string, secrets: Record<string, string>, used: readonly string[], line: string]>([
      ['those of one destination are missing', without('keen'), but('keen'), ''],
      ['those of one destination are there', without(...but('splunk')), ['splunk'], ''],
      [
        'an optional one is there without the required ones',
        { ...without('keen'), KEENIO_ADDONS: 'true' },
        but('keen'),
        '',
      ],
      [
        'a required one is missing',
        { KEENIO_WRITE_KEY: ' ' },
        but('keen'),
        '[all] keen: Not configured: KEENIO_WRITE_KEY is missing',
      ],
      [
        'one is malformed',
        { KEENIO_ADDONS: 'hunter2' },
        but('keen'),
        '[all] keen: Not configured: KEENIO_ADDONS must be true or false',
      ],
      [
        'two destinations lack one',
        { KEENIO_WRITE_KEY: '', SPLUNK_HEC_TOKEN: '' },
        but('keen', 'splunk'),
        '[all] splunk, keen: Not configured: SPLUNK_HEC_TOKEN is missing; KEENIO_WRITE_KEY is missing',
      ],
      [
        'one that all share is malformed',
        { DELIVERY_TIMEOUT_MS: 'hunter2' },
        [],
        `[all] ${NAMES.join(', ')}: Not configured: DELIVERY_TIMEOUT_MS must be a whole number from 250 to 10000`,
      ],
      [
        'one that all share is malformed and another one missing',
        { DELIVERY_TIMEOUT_MS: 'hunter2', KEENIO_WRITE_KEY: '' },
        [],
        `[all] ${NAMES.join(', ')}: Not configured: DELIVERY_TIMEOUT_MS must be a whole number from 250 to 10000; KEENIO_WRITE_KEY is missing`,
      ],
      [
        'none that a destination requires is there',
        without(...NAMES),
        [],
        `[all] Not configured: ${NAMES.join(', ')} have no secrets: set those of one at least`,
      ],
    ])('%s', async (_, secrets, used, line) => {
      const { user, logIn, arrived, destinations } = await setUp(secrets);
      expect(await logIn()).toMatchObject({ line, outcome: 'completed' });
      expect(arrived()).toEqual({
        ...everywhere([]),
        ...Object.fromEntries(used.map((name) => [name, ['SignUp']])),
      });
      for (const { name, requests } of destinations)
        expect([name, requests.length]).toEqual([name, Number(used.includes(name))]);
      expect(user.app_metadata).toEqual(used.length > 0 ? marks(used) : {});
    });
  });

  describe('with ON_FAILURE=deny', () => {
    it.each<[string, fails: readonly string[], secrets: Record<string, string>, marked: readonly string[]]>([
      ['one destination fails', ['keen'], {}, but('keen')],
      ['all destinations fail', NAMES, {}, []],
      ['one destination is configured by half', [], { KEENIO_WRITE_KEY: '' }, but('keen')],
      ['none is configured', [], without(...NAMES), []],
    ])('refuses the login if %s', async (_, fails, secrets, marked) => {
      const { user, destination, logIn } = await setUp({ ...secrets, ON_FAILURE: 'deny' });
      for (const name of fails) destination(name).injectFault(answer(400));
      expect(await logIn()).toMatchObject({ outcome: 'access_denied', errorDescription: DENIAL });
      // What was accepted is marked all the same.
      expect(user.app_metadata).toEqual(marked.length > 0 ? marks(marked) : {});
    });

    it('lets a login through that is recorded wherever it is to be', async () => {
      const { logIn } = await setUp({ ...without('keen'), ON_FAILURE: 'deny' });
      expect(await logIn()).toMatchObject({ outcome: 'completed', line: '' });
    });
  });

  it('takes over the marks of the Actions for one destination', async () => {
    const { tenant, user, destinations, logIn, arrived } = await setUp();
    const { bindings } = tenant;
    tenant.bindings = destinations.map(({ name, secrets }) => ({ name, action: load(name), secrets }));
    await logIn();
    tenant.bindings = bindings;
    expect(await logIn()).toMatchObject({ line: '', setAppMetadata: [] });
    expect(arrived()).toEqual(everywhere(['SignUp', 'Login']));
    expect(user).toMatchObject({ app_metadata: marks(NAMES), metadataWrites: 1 });
  });

  it('is known to a user whom the old Rules have marked, everywhere', async () => {
    const { user, logIn, arrived } = await setUp();
    user.app_metadata = { signedUp: true };
    await logIn();
    expect(arrived()).toEqual(everywhere(['Login']));
    expect(user.metadataWrites).toBe(0);
  });

  it('delivers what cannot be marked, and says so once', async () => {
    const { user, logIn, arrived } = await setUp();
    user.app_metadata = null as never;
    expect((await logIn()).line).toBe(
      `[all] ${NAMES.join(', ')}: SignUp delivered, but app_metadata did not take the mark`,
    );
    expect(arrived()).toEqual(everywhere(['SignUp']));
  });
});
