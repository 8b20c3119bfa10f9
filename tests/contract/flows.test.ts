/** Logins through a tenant whose flow has the built Action of every destination. */
import { describe, expect, it } from 'vitest';
import type { User } from '../../tools/simulator/auth0/event.ts';
import type { LoginRequest } from '../../tools/simulator/auth0/flow.ts';
import { loadAction } from '../../tools/simulator/auth0/runtime.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import {
  GRACE,
  getActivities,
  getTypes,
  openSandbox,
  type TestSandbox,
  toSignedUp,
} from '../support/sandbox.ts';
import { useSteadyClock } from '../support/steady-clock.ts';

const NAMES = vendors.map(({ name }) => name);

useSteadyClock();

let sandbox: TestSandbox;

const open = async (profile: Partial<User> = {}): Promise<User> => {
  sandbox = await openSandbox({ profile });
  sandbox.tenant.addApplication({ client_id: 'monitor', name: 'Monitor', metadata: { analytics: 'off' } });
  return sandbox.user;
};

const getArrived = (): Record<string, string[]> =>
  Object.fromEntries(sandbox.mocks.map((mock) => [mock.name, getTypes(mock)]));

const everywhere = (...types: Array<'SignUp' | 'Login'>): Record<string, string[]> =>
  Object.fromEntries(NAMES.map((name) => [name, types]));

const without = (...names: string[]): string[] => NAMES.filter((name) => !names.includes(name));

/** Adds another Action to the end of the flow. */
const bindLast = (code: string) =>
  sandbox.tenant.bind({
    name: 'last',
    secrets: {},
    action: loadAction({ name: 'last', code, dependencies: [] }),
  });

describe('a flow with several Actions', () => {
  it('records the first login as one SignUp at every destination, and the next as a Login', async () => {
    const user = await open();
    await sandbox.logIn();
    expect(getArrived()).toEqual(everywhere('SignUp'));
    expect(user.app_metadata).toEqual(toSignedUp(NAMES));

    await sandbox.logIn();
    expect(getArrived()).toEqual(everywhere('SignUp', 'Login'));
    expect(user.metadataWrites).toBe(1);
  });

  it('repeats a SignUp only at the destinations that were down', async () => {
    const user = await open();
    const { logIn, getMock } = sandbox;
    getMock('keen').injectFault({ response: { status: 503 } });
    getMock('segment').injectFault({ reset: 'after' });
    await logIn();
    expect(user.app_metadata).toEqual(toSignedUp(without('keen', 'segment')));

    getMock('keen').injectFault(undefined);
    getMock('segment').injectFault(undefined);
    await logIn();
    expect(getArrived()).toEqual({
      ...everywhere('SignUp', 'Login'),
      keen: ['SignUp'],
      segment: ['SignUp'],
    });
    expect(user.app_metadata).toEqual(toSignedUp(NAMES));
  });

  it('repeats a SignUp with the same id after another Action has thrown and its flags were lost', async () => {
    const user = await open();
    bindLast('exports.onExecutePostLogin = async () => { throw new Error("no luck") }');
    expect(await sandbox.logIn()).toMatchObject({ outcome: 'access_denied', errorDescription: 'no luck' });
    expect(user.app_metadata).toEqual({});

    sandbox.tenant.bindings.pop();
    await sandbox.logIn();
    for (const mock of sandbox.mocks) {
      const signUps = getActivities(mock);
      expect(signUps.map(({ type, duplicate }) => [type, duplicate])).toEqual([
        ['SignUp', false],
        ['SignUp', true],
      ]);
      expect(new Set(signUps.map(({ id }) => id)).size).toBe(1);
    }
    expect(user.app_metadata).toEqual(toSignedUp(NAMES));
  });

  it('keeps its flags if another Action denies the login', async () => {
    const user = await open();
    bindLast('exports.onExecutePostLogin = async (event, api) => { api.access.deny("not today") }');
    expect(await sandbox.logIn()).toMatchObject({ outcome: 'access_denied', errorDescription: 'not today' });
    expect(user.app_metadata).toEqual(toSignedUp(NAMES));
  });

  it('gives two concurrent first logins the same SignUp id', async () => {
    await open();
    await Promise.all([sandbox.logIn(), sandbox.logIn()]);
    for (const mock of sandbox.mocks) {
      const [first, second, ...others] = getActivities(mock);
      expect([first?.type, second?.type, others]).toEqual(['SignUp', 'SignUp', []]);
      expect(first?.id).toBe(second?.id);
    }
  });

  it('keeps the rest of app_metadata', async () => {
    const user = await open({ app_metadata: { plan: 'gold', signedUp: { elsewhere: true } } });
    await sandbox.logIn();
    expect(user.app_metadata).toEqual({ plan: 'gold', ...toSignedUp(['elsewhere', ...NAMES]) });
  });

  it('delivers a SignUp that cannot be flagged, and reports it', async () => {
    await open({ app_metadata: null });
    const { outcome, outcomes } = await sandbox.logIn();
    expect(outcome).toBe('completed');
    expect(getArrived()).toEqual(everywhere('SignUp'));
    expect(outcomes).toEqual(
      NAMES.map((destination) =>
        expect.objectContaining({ destination, status: 'delivered', metadataWriteFailed: true }),
      ),
    );
  });

  it.each<[string, Partial<User>]>([
    ['a user whom the Rules have flagged', { app_metadata: { signedUp: true } }],
    ['a user with every flag', { app_metadata: toSignedUp(NAMES) }],
    ['a user created years ago', { created_at: '2019-05-04T10:20:30.000Z' }],
  ])('records the first login of %s as a Login, and writes nothing', async (_, profile) => {
    const user = await open(profile);
    await sandbox.logIn();
    expect(getArrived()).toEqual(everywhere('Login'));
    expect(user.metadataWrites).toBe(0);
  });
  it.each<[string, Partial<LoginRequest>]>([
    ['a refresh-token exchange', { kind: 'refresh' }],
    ['silent authentication', { kind: 'silent' }],
    ['a token exchange', { protocol: 'oauth2-token-exchange' }],
    ['delegation', { protocol: 'oauth2-access-token' }],
    ['a JWT bearer grant', { protocol: 'oauth2-resource-owner-jwt-bearer' }],
    ['an application with analytics: off', { application: 'monitor' }],
  ])('skips %s', async (_, request) => {
    await open();
    const { outcome, outcomes, appMetadataAfter } = await sandbox.logIn(request);
    expect([outcome, appMetadataAfter]).toEqual(['completed', {}]);
    expect(outcomes.map(({ status }) => status)).toEqual(NAMES.map(() => 'skipped'));
    for (const { requests } of sandbox.mocks) expect(requests).toEqual([]);
  });

  it('records every execution with RECORD=all, except for an application that has opted out', async () => {
    await open();
    sandbox.configure({ RECORD: 'all' });
    const user = GRACE.user_id;
    await sandbox.logIn({ user, kind: 'refresh' });
    await sandbox.logIn({ user, kind: 'silent' });
    await sandbox.logIn({ user, application: 'monitor' });
    expect(getArrived()).toEqual(everywhere('Login', 'Login'));
  });
});

describe('a flow with ON_FAILURE=deny', () => {
  it('denies a login that could not be recorded, without a detail for the user', async () => {
    await open();
    sandbox.configure({ ON_FAILURE: 'deny' });
    sandbox.getMock('splunk').injectFault({ response: { status: 503, body: 'shard 7 is on fire' } });
    expect(await sandbox.logIn()).toMatchObject({
      outcome: 'access_denied',
      errorDescription: 'This login could not be recorded. Please try again later.',
      deniedBy: 'splunk',
    });
  });

  it.each<[string, Partial<User>, Partial<LoginRequest>]>([
    ['that is recorded', {}, {}],
    ['that is not to be recorded', {}, { kind: 'refresh' }],
    ['whose SignUp cannot be flagged', { app_metadata: null }, {}],
  ])('completes a login %s', async (_, profile, request) => {
    await open(profile);
    sandbox.configure({ ON_FAILURE: 'deny' });
    expect(await sandbox.logIn(request)).toMatchObject({ outcome: 'completed' });
  });
});
