/** The Action for all destinations: what it owes a login, from its source and from its built file, over real sockets. */
import { describe, expect, it } from 'vitest';
import { signUpId } from '../../lib/activity.ts';
import type { Outcome } from '../../lib/outcome.ts';
import { getRequiredSecrets } from '../../lib/secrets.ts';
import { findAction } from '../../tools/cli/select-actions.ts';
import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import type { Fault } from '../../tools/simulator/vendors/fault.ts';
import { ADA, getActivities, getTypes, openSandbox, TENANT, toSignedUp } from '../support/sandbox.ts';
import { loadSource } from '../support/source.ts';
import { useSteadyClock } from '../support/steady-clock.ts';

const { sinks } = await findAction('all');
const NAMES = sinks.map(({ name }) => name);
const DENY_REASON = 'This login could not be recorded. Please try again later.';

useSteadyClock();

const everywhere = <T>(value: T): Record<string, T> => Object.fromEntries(NAMES.map((name) => [name, value]));

const without = (...names: string[]): string[] => NAMES.filter((name) => !names.includes(name));

/** Leaves destinations unconfigured: without the secrets that they require. */
const unset = (...names: string[]): Record<string, string> =>
  Object.fromEntries(
    sinks
      .filter(({ name }) => names.includes(name))
      .flatMap(({ secrets }) => getRequiredSecrets(secrets).map((name) => [name, ''])),
  );

const respond = (status: number, body = 'as the vendor says'): Fault => ({ response: { status, body } });

const getByStatus = (outcomes: readonly Outcome[], status: Outcome['status']): string[] =>
  outcomes.filter((outcome) => outcome.status === status).map(({ destination }) => destination);

describe.each([
  ['source', loadSource],
  ['bundle', loadBuilt],
] as const)('the %s of all', (_, load) => {
  const open = async (secrets: Record<string, string> = {}) => {
    const sandbox = await openSandbox({ names: NAMES, action: 'all', load, secrets });
    const getArrived = () => Object.fromEntries(sandbox.mocks.map((mock) => [mock.name, getTypes(mock)]));
    return { ...sandbox, getArrived };
  };

  it('delivers a SignUp everywhere, flags it in one write, and then delivers Logins', async () => {
    const { user, logIn, getArrived } = await open();
    const { line, actions } = await logIn();
    expect(line).toBe('');
    expect(actions).toMatchObject([
      { setAppMetadata: [{ key: 'signedUp', value: toSignedUp(NAMES).signedUp }] },
    ]);
    expect(getArrived()).toEqual(everywhere(['SignUp']));
    expect(user.app_metadata).toEqual(toSignedUp(NAMES));

    expect(await logIn()).toMatchObject({ line: '', actions: [{ setAppMetadata: [] }] });
    expect(getArrived()).toEqual(everywhere(['SignUp', 'Login']));
    expect(user.metadataWrites).toBe(1);
  });

  it('publishes an outcome for each destination', async () => {
    const { logIn, getMock } = await open({ KEENIO_LOGIN_COLLECTION: '', SPLUNK_HEC_TOKEN: '' });
    getMock('mixpanel').injectFault(respond(401));
    await logIn();
    const { outcomes } = await logIn();
    expect(outcomes.map(({ action, destination }) => [action, destination])).toEqual(
      NAMES.map((name) => ['all', name]),
    );
    expect(getByStatus(outcomes, 'skipped')).toEqual(['keen']);
    expect(getByStatus(outcomes, 'misconfigured')).toEqual(['splunk']);
    expect(getByStatus(outcomes, 'failed')).toEqual(['mixpanel']);
    expect(getByStatus(outcomes, 'delivered')).toEqual(without('keen', 'splunk', 'mixpanel'));
  });

  it('logs successes and skipped destinations with LOG=all', async () => {
    const { logIn } = await open({
      ...unset(...without('splunk', 'keen')),
      LOG: 'all',
      KEENIO_LOGIN_COLLECTION: '',
    });
    expect((await logIn()).line).toMatch(/^\[all\] splunk(, keen)?: SignUp delivered/);
    expect((await logIn()).line).toMatch(
      /^\[all\] splunk: Login delivered in \d+ ms; keen: Login skipped: KEENIO_LOGIN_COLLECTION is not set$/,
    );
    expect((await logIn({ kind: 'silent' })).line).toBe('[all] Skipped: silent authentication');
  });

  it.each(['oidc-basic-profile', 'oauth2-password'] as const)(
    'gives one %s login one id at every destination',
    async (protocol) => {
      const { logIn, mocks } = await open();
      await logIn();
      await logIn({ protocol });
      await logIn({ protocol });
      const ids = mocks.map((mock) => getActivities(mock).map(({ id }) => id));
      expect(ids).toEqual(mocks.map(() => ids[0]));
      expect(new Set(ids[0]).size).toBe(3);
    },
  );

  it('delivers to all destinations concurrently', async () => {
    const { logIn, mocks } = await open({ DELIVERY_TIMEOUT_MS: '500' });
    for (const mock of mocks) mock.injectFault({ hang: true });
    const { outcomes } = await logIn();
    // One after the other, the first would have used up the time of all.
    expect(mocks.map(({ name, requests }) => [name, requests.length])).toEqual(
      NAMES.map((name) => [name, 1]),
    );
    expect(outcomes).toMatchObject(NAMES.map((destination) => ({ destination, code: 'TIMEOUT' })));
  });

  it.each<[name: string, fault: Fault, expected: object]>([
    ['splunk', respond(401), { reason: 'rejected', code: '401', buffered: false }],
    ['segment-http', respond(503), { reason: 'unavailable', code: '503', attempts: 3, buffered: true }],
    ['keen', { reset: 'after' }, { reason: 'unavailable', code: 'ECONNRESET', attempts: 3, buffered: true }],
    ['keen', { hang: true }, { reason: 'unavailable', code: 'TIMEOUT', attempts: 1, buffered: true }],
  ])(
    'delivers elsewhere if %s responds with %j, and repeats the SignUp only there',
    async (name, fault, expected) => {
      const { getMock, user, logIn, getArrived } = await open({ DELIVERY_TIMEOUT_MS: '500' });
      getMock(name).injectFault(fault);
      const { outcome, outcomes } = await logIn();
      expect(outcome).toBe('completed');
      expect(outcomes.filter(({ status }) => status !== 'delivered')).toMatchObject([
        { destination: name, status: 'failed', ...expected },
      ]);
      expect(user.app_metadata).toEqual(toSignedUp(without(name)));
      expect(getArrived()).toEqual({ ...everywhere(['SignUp']), [name]: [] });

      getMock(name).injectFault(undefined);
      expect((await logIn()).line).toBe('');
      expect(user.app_metadata).toEqual(toSignedUp(NAMES));
      expect(getArrived()).toEqual({ ...everywhere(['SignUp', 'Login']), [name]: ['SignUp'] });
      expect(getActivities(getMock(name)).map(({ id }) => id)).toEqual([signUpId(TENANT, ADA.user_id)]);
    },
  );

  it('names every destination in its line if all fail for different reasons', async () => {
    const { mocks, logIn } = await open();
    mocks.forEach((mock, index) => {
      const secrets = Object.values(mock.secrets).join(' ');
      mock.injectFault(respond(400 + index, `${ADA.email} ${ADA.user_id} ${secrets}`));
    });
    const { line } = await logIn();
    expect(NAMES.filter((name) => !line.includes(name))).toEqual([]);
    expect(line).not.toContain('…');
  });

  describe('with secrets of which', () => {
    const TIMEOUT = 'DELIVERY_TIMEOUT_MS must be a whole number from 250 to 10000';

    it.each<[string, secrets: Record<string, string>, used: readonly string[], line: string]>([
      ['those of one destination are missing, skips that destination', unset('keen'), without('keen'), ''],
      [
        'those of one destination are set, delivers to that destination only',
        unset(...without('splunk')),
        ['splunk'],
        '',
      ],
      [
        'an optional one is set without the required ones, skips that destination',
        { ...unset('keen'), KEENIO_ADDONS: 'true' },
        without('keen'),
        '',
      ],
      [
        'a required one is missing, names it',
        { KEENIO_WRITE_KEY: ' ' },
        without('keen'),
        '[all] keen: Not configured: KEENIO_WRITE_KEY is missing',
      ],
      [
        'one is malformed, names it',
        { KEENIO_ADDONS: 'hunter2' },
        without('keen'),
        '[all] keen: Not configured: KEENIO_ADDONS must be true or false',
      ],
      [
        'two destinations lack one, names both',
        { KEENIO_WRITE_KEY: '', SPLUNK_HEC_TOKEN: '' },
        without('keen', 'splunk'),
        '[all] splunk: Not configured: SPLUNK_HEC_TOKEN is missing; keen: Not configured: KEENIO_WRITE_KEY is missing',
      ],
      [
        'one that all share is malformed, names it once',
        { DELIVERY_TIMEOUT_MS: 'hunter2' },
        [],
        `[all] ${NAMES.join(', ')}: Not configured: ${TIMEOUT}`,
      ],
      [
        'none that a destination requires is set, says so',
        unset(...NAMES),
        [],
        '[all] no destination configured: set the secrets of at least one',
      ],
    ])('%s', async (_, secrets, used, line) => {
      const { user, logIn, getArrived, mocks } = await open(secrets);
      expect(await logIn()).toMatchObject({ line, outcome: 'completed' });
      expect(getArrived()).toEqual(
        Object.fromEntries(NAMES.map((name) => [name, used.includes(name) ? ['SignUp'] : []])),
      );
      for (const { name, requests } of mocks) {
        expect([name, requests.length]).toEqual([name, Number(used.includes(name))]);
      }
      expect(user.app_metadata).toEqual(toSignedUp(used));
    });
  });

  it.each<
    [string, failing: readonly string[], secrets: Record<string, string>, accepting: readonly string[]]
  >([
    ['one destination fails', ['keen'], {}, without('keen')],
    ['all destinations fail', NAMES, {}, []],
    ['a secret of one destination is missing', [], { KEENIO_WRITE_KEY: '' }, without('keen')],
    ['no destination is configured', [], unset(...NAMES), []],
  ])('denies the login with ON_FAILURE=deny if %s', async (_, failing, secrets, accepting) => {
    const { user, getMock, logIn } = await open({ ...secrets, ON_FAILURE: 'deny' });
    for (const name of failing) getMock(name).injectFault(respond(400));
    expect(await logIn()).toMatchObject({ outcome: 'access_denied', errorDescription: DENY_REASON });
    // What was accepted is flagged all the same.
    expect(user.app_metadata).toEqual(toSignedUp(accepting));
  });

  it('completes a login with ON_FAILURE=deny that is recorded at every configured destination', async () => {
    const { logIn } = await open({ ...unset('keen'), ON_FAILURE: 'deny' });
    expect(await logIn()).toMatchObject({ outcome: 'completed', line: '' });
  });

  it('honors the flags of the Actions for one destination', async () => {
    const { tenant, user, mocks, logIn, getArrived } = await open();
    const { bindings } = tenant;
    tenant.bindings = mocks.map(({ name, secrets }) => ({ name, action: load(name), secrets }));
    await logIn();
    tenant.bindings = bindings;
    expect(await logIn()).toMatchObject({ line: '', actions: [{ setAppMetadata: [] }] });
    expect(getArrived()).toEqual(everywhere(['SignUp', 'Login']));
    expect(user).toMatchObject({ app_metadata: toSignedUp(NAMES), metadataWrites: 1 });
  });

  it('honors the flag of the Rules, everywhere', async () => {
    const { user, logIn, getArrived } = await open();
    user.app_metadata = { signedUp: true };
    await logIn();
    expect(getArrived()).toEqual(everywhere(['Login']));
    expect(user.metadataWrites).toBe(0);
  });

  it('delivers a SignUp that cannot be flagged, and reports it once', async () => {
    const { user, logIn, getArrived } = await open();
    user.app_metadata = null;
    expect((await logIn()).line).toBe(
      `[all] ${NAMES.join(', ')}: SignUp delivered, but setAppMetadata failed: it will be sent again`,
    );
    expect(getArrived()).toEqual(everywhere(['SignUp']));
  });
});
