/** Mixpanel takes profiles in a request of their own: whatever becomes of it, the event is counted once. */
import { describe, expect, it } from 'vitest';
import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import type { Fault } from '../../tools/simulator/vendors/fault.ts';
import { ADA, getTypes, openSandbox, toSignedUp } from '../support/sandbox.ts';
import { loadSource } from '../support/source.ts';
import { useSteadyClock } from '../support/steady-clock.ts';

useSteadyClock();

const ENGAGE = /^POST \/engage/;
const IMPORT = /^POST \/import/;

describe.each([
  ['source', loadSource],
  ['bundle', loadBuilt],
] as const)('the %s of mixpanel', (_, load) => {
  const open = async (secrets: Record<string, string> = {}) => {
    const sandbox = await openSandbox({
      names: ['mixpanel'],
      load,
      secrets: { MIXPANEL_PROFILES: 'signups', ...secrets },
    });
    const mock = sandbox.getMock('mixpanel');
    return { ...sandbox, mock, getProfile: () => mock.store.profiles.get(ADA.user_id) };
  };

  it('sets the profile with the SignUp, and by default not again with a Login', async () => {
    const { logIn, mock, getProfile } = await open();
    expect((await logIn()).line).toBe('');
    expect(getProfile()).toMatchObject({ $name: ADA.name, $email: ADA.email });
    await logIn();
    expect(getTypes(mock)).toEqual(['SignUp', 'Login']);
    expect(mock.requests.filter(({ path }) => path.startsWith('/engage'))).toHaveLength(1);
  });

  it('sets the profile with every login if MIXPANEL_PROFILES=all', async () => {
    const { logIn, mock, user, getProfile } = await open({ MIXPANEL_PROFILES: 'all' });
    await logIn();
    user.email = 'countess@example.com';
    await logIn();
    expect(getTypes(mock)).toEqual(['SignUp', 'Login']);
    expect(getProfile()).toMatchObject({ $email: 'countess@example.com' });
  });

  it.each<[string, Fault, RegExp]>([
    [
      '401',
      { response: { status: 401, body: '{"error":"wrong token"}' } },
      /profile not set: 401 wrong token$/,
    ],
    [
      '200 and an error',
      { response: { status: 200, body: '{"status":0,"error":"$set, missing"}' } },
      /profile not set: \$set, missing$/,
    ],
    ['503', { response: { status: 503, body: '' } }, /profile not set: 503 Service Unavailable$/],
    ['a reset', { reset: 'before' }, /profile not set: connection error: ECONNRESET$/],
    ['nothing', { hang: true }, /profile not set: timed out after \d+ ms$/],
  ])('delivers the SignUp once if Mixpanel responds to the profile with %s', async (_, fault, line) => {
    const { logIn, mock, user } = await open();
    mock.injectFault(fault, { request: ENGAGE });
    const signUp = await logIn();
    expect(signUp.outcome).toBe('completed');
    expect(signUp.outcomes).toMatchObject([{ status: 'delivered', attempts: 1 }]);
    expect(signUp.line).toMatch(line);
    expect(user.app_metadata).toEqual(toSignedUp(['mixpanel']));

    expect((await logIn()).line).toBe('');
    expect(getTypes(mock)).toEqual(['SignUp', 'Login']);
    expect(mock.events.filter(({ duplicate }) => duplicate)).toEqual([]);
  });

  it('completes a login with ON_FAILURE=deny whose profile fails', async () => {
    const { logIn, mock } = await open({ ON_FAILURE: 'deny' });
    mock.injectFault({ response: { status: 503 } }, { request: ENGAGE });
    expect((await logIn()).outcome).toBe('completed');
    expect(getTypes(mock)).toEqual(['SignUp']);
  });

  it('repeats the SignUp, with its profile, after an outage of the events', async () => {
    const { logIn, mock, user, getProfile } = await open();
    mock.injectFault({ response: { status: 503 } }, { request: IMPORT });
    expect((await logIn()).outcomes).toMatchObject([{ status: 'failed', buffered: true }]);
    expect(user.app_metadata).toEqual({});

    mock.injectFault(undefined);
    expect((await logIn()).line).toBe('');
    expect(user.app_metadata).toEqual(toSignedUp(['mixpanel']));
    expect(mock.events.map(({ type, duplicate }) => [type, duplicate])).toEqual([['SignUp', false]]);
    expect(getProfile()).toMatchObject({ $name: ADA.name });
  });
});
