/** Every destination runs through the table of faults, and so does every login after them. */
import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext, vi } from 'vitest';
import { loadSinks } from '../../tools/shared/catalog.ts';
import type { ActionRun } from '../../tools/simulator/auth0/flow.ts';
import type { LoadedAction } from '../../tools/simulator/auth0/runtime.ts';
import { Tenant } from '../../tools/simulator/auth0/tenant.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { type Certificate, createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import {
  type AcceptedEvent,
  startVendorMock,
  type Vendor,
  type VendorMock,
} from '../../tools/simulator/vendors/vendor-mock.ts';
import { longestLagMs } from '../support/lag.ts';
import { DEADLINE_MS, type Expectation, elsewhere, FAULTS, FAULTS_BEHIND } from './fault-table.ts';

const TOLERANCE_MS = 50;
/** Of fewer characters than Auth0 stores. */
const AT_MOST_ONE_LINE = /^(.{1,255}\n)?$/;
/** Shorter ones are settings. */
const PRIVATE_MIN_CHARS = 7;
const DATABASE = 'Username-Password-Authentication';
const LONG_AGO = '2019-05-04T10:20:30.000Z';

/** A new user. */
const ADA = { user_id: 'auth0|ada', name: 'Ada Lovelace', email: 'ada@example.com' };
/** Users who were here before the Action. */
const GRACE = { user_id: 'auth0|grace', name: 'Grace Hopper', email: 'grace@example.com' };
const MARY = { user_id: 'auth0|mary', name: 'Mary Somerville', email: 'mary@example.com' };
const PERSONAL_DATA = [...[ADA, GRACE, MARY].flatMap(Object.values), '203.0.113.7', 'Mozilla'];

type Person = typeof ADA;

type Row = (typeof FAULTS)[number];
type RowBehind = (typeof FAULTS_BEHIND)[number];

const MEETS = 'a login that meets %s';
const BEHIND = 'what goes along with a login and meets %s';

const CERTIFICATE = await createCertificate();
const sinks = await loadSinks();

export const describeFaults = (load: (name: string) => LoadedAction): void => {
  beforeAll(() => {
    // With pauses left to chance, so would be the number of attempts before the deadline.
    vi.spyOn(Math, 'random').mockReturnValue(0.01);
  });

  afterAll(() => void vi.restoreAllMocks());

  afterEach(() => {
    expect(elsewhere.connections.splice(0)).toEqual([]);
  });

  // A machine that is busy for a moment spoils a row with a deadline of 250 ms, but not twice.
  describe.each(sinks)('$name', { retry: 1 }, ({ name, batchLimit }) => {
    const vendor = vendors.find((vendor) => vendor.name === name) as Vendor;

    const start = async (
      { onTestFinished }: TestContext,
      tls: Certificate | false = vendor.tls ? CERTIFICATE : false,
    ): Promise<VendorMock> => {
      const started = await startVendorMock(vendor, { tls });
      onTestFinished(() => started.close());
      return started;
    };

    const isForThis = ({ only = name }: { readonly only?: string }): boolean => only === name;

    const meet = async ([, circumstances, expected]: Row, context: TestContext): Promise<void> => {
      const { fault, times, address, secrets, deadlineMs = DEADLINE_MS, signUpOnly } = circumstances;
      const { outcome, requests } = expected;
      const isDelivered = outcome === 'delivered';
      const isTaken = isDelivered || fault?.processed === true;
      const destination = await start(context);
      const impostor = circumstances.impostor && (await start(context, circumstances.impostor));
      const servers = impostor ? [impostor, destination] : [destination];
      const received = () => servers.flatMap(({ requests }) => requests);
      const arrived = () => servers.flatMap(activitiesAt);
      const { logIn, configure, user } = await openTenant(name, load);

      configure({
        ...directedTo(address, destination),
        ...impostor?.secrets,
        ...secrets,
        DELIVERY_TIMEOUT_MS: String(deadlineMs),
      });
      destination.injectFault(fault, { count: times });
      const signUp = await logIn(ADA);
      expectInTime(signUp, deadlineMs, expected.waitsMs);
      expectLine(signUp, 'SignUp', expected);
      expect(received()).toHaveLength(requests);
      expect(countOf(arrived())).toBe(Number(isTaken));
      expect(user(ADA).app_metadata).toEqual(isDelivered ? { signedUp: { [name]: true } } : {});

      if (!signUpOnly) {
        destination.injectFault(fault, { count: times });
        const login = await logIn(GRACE);
        expectInTime(login, deadlineMs);
        expectLine(login, 'Login', expected);
        expect(received()).toHaveLength(2 * requests);
        expect(countOf(arrived())).toBe(2 * Number(isTaken));
      }

      destination.injectFault(undefined);
      configure(destination.secrets);
      expect((await logIn(ADA)).logs).toBe('');
      expect((await logIn(GRACE)).logs).toBe('');
      expect(user(ADA).app_metadata).toEqual({ signedUp: { [name]: true } });
      expect(typesOf(arrived(), ADA)).toEqual(isDelivered ? ['SignUp', 'Login'] : ['SignUp']);
      const isGivenUp = signUpOnly || outcome === 'refused';
      expect(typesOf(arrived(), GRACE)).toEqual(isGivenUp ? ['Login'] : ['Login', 'Login']);
      const isRepeated = isTaken && !isDelivered;
      if (!isRepeated) expect(arrived()).toHaveLength(countOf(arrived()));
    };

    const meetBehind = async ([, row]: RowBehind, context: TestContext): Promise<void> => {
      const expected = { ...row, ...(batchLimit === 1 && row.single) };
      const { fault, kept, lost, requests, line, deadlineMs, waitsMs } = expected;
      const destination = await start(context);
      const { logIn, configure, user } = await openTenant(name, load);
      configure({ ...destination.secrets, DELIVERY_TIMEOUT_MS: String(deadlineMs) });
      destination.injectFault({ response: { status: 503 } });
      for (const person of [GRACE, MARY].slice(0, kept)) await logIn(person);
      const before = destination.requests.length;

      destination.injectFault(fault, { skip: 1 });
      const run = await logIn(ADA);
      expectInTime(run, deadlineMs, waitsMs);
      expect(run.logs.trimEnd()).toMatch(line);
      expect(user(ADA).app_metadata).toEqual({ signedUp: { [name]: true } });
      expect(destination.requests).toHaveLength(before + requests);

      destination.injectFault(undefined);
      configure(destination.secrets);
      // What was refused together comes in two parts.
      for (const _ of ['first part', 'second part']) expect((await logIn(ADA)).logs).toBe('');
      const arrived = activitiesAt(destination);
      expect(typesOf(arrived, ADA)).toEqual(['SignUp', 'Login', 'Login']);
      expect(countOf(arrived)).toBe(3 + kept - lost);
      const isRepeated = fault.processed && run.logs === '';
      if (!isRepeated) expect(arrived).toHaveLength(countOf(arrived));
    };

    const faults = FAULTS.filter(([, circumstances]) => isForThis(circumstances));
    const faultsBehind = FAULTS_BEHIND.filter(([, row]) => isForThis(row));
    const waits = ({ waitsMs }: { readonly waitsMs?: number }): boolean => waitsMs !== undefined;

    it.for(faults.filter(([, , row]) => !waits(row)))(MEETS, meet);
    it.for(faultsBehind.filter(([, row]) => !waits(row)))(BEHIND, meetBehind);
    // The processor has nothing to do in a row that waits, so these run at the same time.
    it.concurrent.for(faults.filter(([, , row]) => waits(row)))(MEETS, meet);
    it.concurrent.for(faultsBehind.filter(([, row]) => waits(row)))(BEHIND, meetBehind);

    const expectLine = ({ logs }: ActionRun, type: 'SignUp' | 'Login', expected: Expectation): void => {
      const { outcome, line } = expected;
      const start = outcome === 'delivered' ? '' : `[${name}] ${type} not delivered: `;
      expect(logs.slice(0, start.length)).toBe(start);
      expect(logs.slice(start.length)).toMatch(line);
      expect(logs.includes('; kept for later')).toBe(outcome === 'kept');
      const isRepeated = outcome === 'refused' && type === 'SignUp';
      expect(logs.includes("; sent again at the user's next login")).toBe(isRepeated);
    };
  });
};

/** A tenant whose flow has one Action, loaded by an execution that is no login. */
const openTenant = async (name: string, load: (name: string) => LoadedAction) => {
  const tenant = new Tenant();
  tenant.addApplication({ client_id: 'shop', name: 'Web shop' });
  tenant.addConnection({ id: 'con_1', name: DATABASE, strategy: 'auth0' });
  tenant.addUser({ ...ADA, connection: DATABASE });
  for (const person of [GRACE, MARY]) {
    tenant.addUser({ ...person, connection: DATABASE, created_at: LONG_AGO, logins_count: 412 });
  }
  const action = load(name);
  tenant.bind({ name, action, secrets: {} });
  await tenant.login({ user: ADA.user_id, application: 'shop', kind: 'refresh' });

  return {
    user: ({ user_id }: Person) => tenant.user(user_id),
    configure: (secrets: Record<string, string>): void => {
      tenant.bindings = [{ name, action, secrets: { ...secrets, KEENIO_LOGIN_COLLECTION: 'logins' } }];
    },
    logIn: async ({ user_id }: Person): Promise<ActionRun> => {
      const { outcome, actions } = await tenant.login({ user: user_id, application: 'shop' });
      expect(outcome).toBe('completed');
      const [run] = actions as [ActionRun];
      expect(run.logs).toMatch(AT_MOST_ONE_LINE);
      const secrets = tenant.bindings.flatMap(({ secrets }) => Object.values(secrets));
      for (const value of [...secrets, ...PERSONAL_DATA]) {
        if (value.length >= PRIVATE_MIN_CHARS) expect(run.logs).not.toContain(value);
      }
      return run;
    },
  };
};

/** Its secrets, with another address if one is given. */
const directedTo = (address: string | undefined, { secrets, url }: VendorMock): Record<string, string> =>
  Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [name, value === url && address ? address : value]),
  );

const expectInTime = ({ durationMs }: ActionRun, deadlineMs: number, waitsMs = 0): void => {
  // Node's timers can be a millisecond early.
  expect(durationMs).toBeGreaterThan(waitsMs - 2);
  expect(durationMs - longestLagMs(durationMs)).toBeLessThan(deadlineMs + TOLERANCE_MS);
};

/** Without the calls that accompany them. */
const activitiesAt = ({ events }: VendorMock): AcceptedEvent[] =>
  events.filter(({ type }) => type !== 'other');

/** How many activities there are, however often they have arrived. */
const countOf = (events: readonly AcceptedEvent[]): number => new Set(events.map(({ id }) => id)).size;

/** A user's activities, each of them once. */
const typesOf = (events: readonly AcceptedEvent[], { user_id }: Person): string[] => [
  ...new Map(events.filter(({ userId }) => userId === user_id).map(({ id, type }) => [id, type])).values(),
];
