/** Logins through a tenant whose flow has several built Actions. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Kind, User } from '../../tools/simulator/auth0/event.ts';
import type { LoginRequest } from '../../tools/simulator/auth0/flow.ts';
import { loadAction } from '../../tools/simulator/auth0/runtime.ts';
import { createSandbox, type Sandbox } from '../../tools/simulator/sandbox.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import type { VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';

const CONNECTION = 'Username-Password-Authentication';
const LONG_AGO = '2019-05-04T10:20:30.000Z';
const ALL_MARKS = Object.fromEntries(vendors.map(({ name }) => [name, true]));

let stage: Sandbox;

beforeEach(async () => {
  stage = await createSandbox();
  stage.tenant.addApplication({ client_id: 'shop', name: 'Web shop' });
  stage.tenant.addApplication({ client_id: 'monitor', name: 'Monitor', metadata: { analytics: 'off' } });
  stage.tenant.addConnection({ id: 'con_1', name: CONNECTION, strategy: 'auth0' });
});
afterEach(() => stage.close());

const addUser = (profile: Partial<User> = {}): User =>
  stage.tenant.addUser({ user_id: 'auth0|ada', connection: CONNECTION, ...profile });

const login = (request: Partial<LoginRequest> = {}) =>
  stage.tenant.login({ user: 'auth0|ada', application: 'shop', ...request });

const destination = (name: string): VendorMock => {
  const found = stage.mocks.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no destination ${name}`);
  return found;
};

/** VendorMock → what it took: SignUps and Logins alone. */
const arrived = (): Record<string, string[]> =>
  Object.fromEntries(
    stage.mocks.map(({ name, events }) => [
      name,
      events.map(({ type }) => type).filter((type) => type !== 'other'),
    ]),
  );

const everywhere = (...types: Array<'SignUp' | 'Login'>): Record<string, string[]> =>
  Object.fromEntries(
    vendors.map(({ name, recordedTypes }) => [name, types.filter((type) => recordedTypes.includes(type))]),
  );

const bindLast = (code: string) =>
  stage.tenant.bind({
    name: 'last',
    secrets: {},
    action: loadAction({ name: 'last', code, dependencies: [] }),
  });

describe('a SignUp', () => {
  it('is one for all Actions of the first login, and then a Login', async () => {
    const user = addUser();
    await login();
    expect(arrived()).toEqual(everywhere('SignUp'));
    expect(user.app_metadata).toEqual({ signedUp: ALL_MARKS });

    await login();
    expect(arrived()).toEqual(everywhere('SignUp', 'Login'));
    expect(user.metadataWrites).toBe(1);
  });

  it('reaches a destination that was down in the next login, and the others only once', async () => {
    const user = addUser();
    destination('keen').injectFault({ response: { status: 503 } });
    destination('segment').injectFault({ reset: 'after' });
    await login();
    const { keen, segment, ...others } = ALL_MARKS;
    expect(user.app_metadata).toEqual({ signedUp: others });

    destination('keen').injectFault(undefined);
    destination('segment').injectFault(undefined);
    await login();
    expect(arrived()).toEqual({ ...everywhere('SignUp', 'Login'), keen: ['SignUp'], segment: ['SignUp'] });
    expect(user.app_metadata).toEqual({ signedUp: ALL_MARKS });
  });

  it('is repeated with the same id where a later Action throws and the marks are lost', async () => {
    const user = addUser();
    bindLast('exports.onExecutePostLogin = async () => { throw new Error("no luck") }');
    expect(await login()).toMatchObject({ outcome: 'access_denied', errorDescription: 'no luck' });
    expect(user.app_metadata).toEqual({});

    stage.tenant.bindings.pop();
    await login();
    for (const { events } of stage.mocks) {
      const signUps = events.filter(({ type }) => type === 'SignUp');
      expect(new Set(signUps.map(({ id }) => id)).size).toBe(1);
      expect(signUps.map(({ duplicate }) => duplicate)).toEqual([false, true]);
    }
    expect(user.app_metadata).toEqual({ signedUp: ALL_MARKS });
  });

  it('keeps its marks where a later Action denies the login', async () => {
    const user = addUser();
    bindLast('exports.onExecutePostLogin = async (event, api) => { api.access.deny("not today") }');
    expect(await login()).toMatchObject({ outcome: 'access_denied', errorDescription: 'not today' });
    expect(user.app_metadata).toEqual({ signedUp: ALL_MARKS });
  });

  it('has the same id in two first logins at the same moment', async () => {
    addUser();
    await Promise.all([login(), login()]);
    for (const { events } of stage.mocks) {
      const ids = events.filter(({ type }) => type === 'SignUp').map(({ id }) => id);
      expect(ids).toHaveLength(2);
      expect(new Set(ids).size).toBe(1);
    }
  });

  it('leaves the rest of app_metadata alone', async () => {
    const user = addUser({ app_metadata: { plan: 'gold', signedUp: { elsewhere: true } } });
    await login();
    expect(user.app_metadata).toEqual({ plan: 'gold', signedUp: { elsewhere: true, ...ALL_MARKS } });
  });

  it('that cannot be marked is delivered all the same, and said', async () => {
    addUser({ app_metadata: null });
    const { outcome, actions } = await login();
    expect(outcome).toBe('completed');
    expect(arrived()).toEqual(everywhere('SignUp'));
    expect(actions[0]?.logs).toBe('[splunk] SignUp delivered, but app_metadata did not take the mark\n');
  });
});

describe('no SignUp', () => {
  it.each<[string, Partial<User>]>([
    ['a user of many years', { created_at: LONG_AGO, logins_count: 412 }],
    ['a new user whom the old Rules have marked', { app_metadata: { signedUp: true } }],
    ['a user with all the marks', { app_metadata: { signedUp: ALL_MARKS } }],
  ])('is the login of %s, and nothing is written', async (_, profile) => {
    const user = addUser(profile);
    await login();
    expect(arrived()).toEqual(everywhere('Login'));
    expect(user.metadataWrites).toBe(0);
  });
});

describe('nothing is recorded', () => {
  it.each<[string, Partial<LoginRequest>]>([
    ['a refresh-token exchange', { kind: 'refresh' satisfies Kind }],
    ['silent authentication', { kind: 'silent' }],
    ['a token exchange', { protocol: 'oauth2-token-exchange' }],
    ['delegation', { protocol: 'oauth2-access-token' }],
    ['a JWT bearer grant', { protocol: 'oauth2-resource-owner-jwt-bearer' }],
    ['an application with analytics: off', { application: 'monitor' }],
  ])('of %s', async (_, request) => {
    addUser();
    expect(await login(request)).toMatchObject({ outcome: 'completed', appMetadataAfter: {} });
    for (const { requests } of stage.mocks) expect(requests).toEqual([]);
  });

  it('but with RECORD=all everything of an application that has not opted out is', async () => {
    addUser({ created_at: LONG_AGO, logins_count: 412 });
    for (const binding of stage.tenant.bindings) binding.secrets.RECORD = 'all';
    await login({ kind: 'refresh' });
    await login({ kind: 'silent' });
    await login({ application: 'monitor' });
    expect(arrived()).toEqual(everywhere('Login', 'Login'));
  });
});

describe('ON_FAILURE=deny', () => {
  it('refuses a login that could not be recorded, without a detail for the user', async () => {
    addUser();
    for (const binding of stage.tenant.bindings) binding.secrets.ON_FAILURE = 'deny';
    destination('splunk').injectFault({ response: { status: 503, body: 'shard 7 is on fire' } });
    expect(await login()).toMatchObject({
      outcome: 'access_denied',
      errorDescription: 'This login could not be recorded. Please try again later.',
      deniedBy: 'splunk',
    });
  });

  it('lets a login through that is recorded, or not to be recorded', async () => {
    addUser();
    for (const binding of stage.tenant.bindings) binding.secrets.ON_FAILURE = 'deny';
    expect(await login()).toMatchObject({ outcome: 'completed' });
    expect(await login({ kind: 'refresh' })).toMatchObject({ outcome: 'completed' });
    addUser({ app_metadata: null });
    expect(await login()).toMatchObject({ outcome: 'completed' });
  });
});
