/** RudderStack accepts Segment's protocol at its data plane, and responds in its own way. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../tools/simulator/auth0/post-login-api.ts';
import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import { DISABLED_WRITE_KEY, rudderstack } from '../../tools/simulator/vendors/rudderstack.ts';
import { login, signUp } from '../support/events.ts';
import { loadSource } from '../support/source.ts';
import { duplicates, mock, startMock } from '../support/vendor.ts';

/** The calls of one activity. */
const TYPES = ['identify', 'group', 'track'];

beforeEach(() => startMock(rudderstack));

describe.each([
  ['source', loadSource],
  ['bundle', loadBuilt],
] as const)('Action from its %s', (_, load) => {
  describe.each(['segment', 'segment-http'])('%s with RudderStack', (name) => {
    const action = load(name);

    const logIn = async (makeEvent: typeof login, secrets: Record<string, string> = {}) => {
      const event = makeEvent({ secrets: { ...mock.secrets, ...secrets } });
      const { api, effects } = createApi(event);
      const { error, outcomes } = await action.execute(event, api);
      expect(error).toBeUndefined();
      return { outcome: outcomes[0], signedUp: effects.metadata.map(({ value }) => value) };
    };

    it('delivers to a data plane', async () => {
      const { outcome, signedUp } = await logIn(signUp);
      expect(outcome).toMatchObject({ status: 'delivered', activity: { type: 'SignUp' } });
      expect(signedUp).toEqual([{ [name]: true }]);
      expect(mock.requests).toMatchObject([{ path: '/rudder/v1/batch', status: 200 }]);
      expect(mock.events.map(({ payload }) => payload)).toMatchObject(TYPES.map((type) => ({ type })));
    });

    it('retries with the same messageId, by which RudderStack deduplicates', async () => {
      mock.injectFault({ response: { status: 504 }, processed: true }, { count: 1 });
      const { outcome } = await logIn(login);
      expect(outcome).toMatchObject({ status: 'delivered', attempts: 2 });
      expect(duplicates()).toEqual([...TYPES.map(() => false), ...TYPES.map(() => true)]);
    });

    it.each([
      [
        'a wrong write key',
        'wr0ng',
        { message: '401 invalid write key', hint: "check the credentials in the Action's secrets" },
      ],
      ['the key of a disabled source', DISABLED_WRITE_KEY, { message: '404 source is disabled' }],
    ])('reports the rejection of %s', async (_, SEGMENT_WRITE_KEY, failure) => {
      const { outcome, signedUp } = await logIn(signUp, { SEGMENT_WRITE_KEY });
      expect(outcome).toMatchObject({ status: 'failed', reason: 'rejected', buffered: false, ...failure });
      expect(signedUp).toEqual([]);
      expect(mock.requests).toHaveLength(1);
    });
  });
});
