/** A sandbox as the contract suites need it: a tenant with mock vendors, an application and users, for one test. */
import { expect, onTestFinished, type TestContext } from 'vitest';
import type { Outcome } from '../../lib/outcome.ts';
import type { User } from '../../tools/simulator/auth0/event.ts';
import type { Flow, LoginRequest } from '../../tools/simulator/auth0/flow.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../tools/simulator/sandbox.ts';
import type { VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';

export const DATABASE = 'Username-Password-Authentication';
export const TENANT = 'local-tenant';

const LONG_AGO = '2019-05-04T10:20:30.000Z';

/** A new user. */
export const ADA = { user_id: 'auth0|ada', name: 'Ada Lovelace', email: 'ada@example.com' };
/** Users who were created long before the Action. */
export const GRACE = { user_id: 'auth0|grace', name: 'Grace Hopper', email: 'grace@example.com' };
export const MARY = { user_id: 'auth0|mary', name: 'Mary Somerville', email: 'mary@example.com' };
export const IP = '203.0.113.7';

const PERSONAL_DATA = [...[ADA, GRACE, MARY].flatMap((user) => Object.values(user)), IP, 'Mozilla'];
/** Shorter values are settings: `true`, `us`. */
const PRIVATE_MIN_CHARS = 7;
/** At most one line, of as many characters as Auth0 stores. */
const LOGS = /^(.{1,255}\n)?$/;

export interface LoggedIn extends Flow {
  /** One for each destination of each Action. */
  readonly outcomes: readonly Outcome[];
  /** The first Action's line, without its line break; empty if it logged nothing. */
  readonly line: string;
}

export interface TestSandbox extends Sandbox {
  readonly user: User;
  getMock(name: string): VendorMock;
  /** Changes secrets of every Action. */
  configure(secrets: Readonly<Record<string, string>>): void;
  /** Logs a user in, Ada by default. No login may log a secret, personal data, or more than one line. */
  logIn(request?: Partial<LoginRequest>): Promise<LoggedIn>;
}

interface TestSandboxOptions extends SandboxOptions {
  /** Ada's. */
  readonly profile?: Partial<User>;
}

/** It is closed at the end of the test. Its Actions are warm, Keen and Slack record Logins, and a login is one request everywhere. */
export const openSandbox = async (
  { profile, secrets, ...options }: TestSandboxOptions,
  context: Pick<TestContext, 'onTestFinished'> = { onTestFinished },
): Promise<TestSandbox> => {
  const sandbox = await createSandbox({
    ...options,
    secrets: {
      KEENIO_LOGIN_COLLECTION: 'logins',
      SLACK_LOGINS: 'true',
      MIXPANEL_PROFILES: 'off',
      ...secrets,
    },
  });
  context.onTestFinished(() => sandbox.close());
  const { tenant, mocks } = sandbox;
  tenant.addApplication({ client_id: 'client_shop', name: 'Web shop' });
  tenant.addConnection({ id: 'con_1', name: DATABASE, strategy: 'auth0' });
  tenant.addOrganization({ id: 'org_acme', name: 'acme' });
  const user = tenant.addUser({ ...ADA, connection: DATABASE, ...profile });
  for (const known of [GRACE, MARY]) {
    tenant.addUser({ ...known, connection: DATABASE, created_at: LONG_AGO, logins_count: 412 });
  }

  const logIn = async (request: Partial<LoginRequest> = {}): Promise<LoggedIn> => {
    const login = { user: user.user_id, application: 'client_shop', organization: 'org_acme', ...request };
    const flow = await tenant.login(login);
    const secrets = tenant.bindings.flatMap((binding) => Object.values(binding.secrets));
    const privateValues = [...secrets, ...PERSONAL_DATA].filter(({ length }) => length >= PRIVATE_MIN_CHARS);
    for (const { logs } of flow.actions) {
      expect(logs).toMatch(LOGS);
      expect(privateValues.filter((value) => logs.includes(value))).toEqual([]);
    }
    const outcomes = flow.actions.flatMap((run) => run.outcomes);
    return { ...flow, outcomes, line: flow.actions[0]?.logs.trimEnd() ?? '' };
  };

  await logIn({ kind: 'refresh' });
  return {
    ...sandbox,
    user,
    logIn,
    getMock: (name) => mocks.find((mock) => mock.name === name) as VendorMock,
    configure(changes) {
      for (const binding of tenant.bindings) Object.assign(binding.secrets, changes);
    },
  };
};

/** What a mock vendor has accepted, without the calls that accompany activities. */
export const getActivities = ({ events }: VendorMock) => events.filter(({ type }) => type !== 'other');

export const getTypes = (mock: VendorMock): string[] => getActivities(mock).map(({ type }) => type);

/** The `app_metadata` of a user whose SignUp these destinations have accepted. */
export const toSignedUp = (names: readonly string[]) =>
  names.length > 0 ? { signedUp: Object.fromEntries(names.map((name) => [name, true])) } : {};
