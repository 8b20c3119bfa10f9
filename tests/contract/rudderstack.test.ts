/**
 * RudderStack accepts Segment's protocol at its data plane, and responds in its own way.
 * https://www.rudderstack.com/docs/api/http-api/
 * https://github.com/rudderlabs/rudder-server/blob/master/gateway/response/response.go
 */
import { Hono } from 'hono';
import { auth } from 'hono/utils/basic-auth';
import { beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../tools/simulator/auth0/post-login-api.ts';
import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import { asString, isObject, parseObject } from '../../tools/simulator/json.ts';
import type { Vendor, VendorEnv } from '../../tools/simulator/vendors/vendor-mock.ts';
import { login, signUp } from '../support/events.ts';
import { loadSource } from '../support/source.ts';
import { duplicates, mock, startMock } from '../support/vendor.ts';

const WRITE_KEY = '2RkTqLxV0cYbM5sDkR9eWn2uHjA';
const DISABLED_WRITE_KEY = '2RkTqM4gX7dQw8ZpTnB1yFvKsLc';

const dataPlane = new Hono<VendorEnv>();

dataPlane.post('/v1/batch', async (c) => {
  // Unlike Segment, it does not read a key in the body.
  const writeKey = auth(c.req.raw)?.username;
  if (!writeKey) return c.text('Failed to read writeKey from header', 401);
  if (writeKey === DISABLED_WRITE_KEY) return c.text('Source is disabled', 404);
  if (writeKey !== WRITE_KEY) return c.text('Invalid Write Key', 401);
  const batch = parseObject(await c.req.text())?.batch;
  if (!Array.isArray(batch) || !batch.every(isObject)) return c.text('Invalid JSON', 400);
  for (const call of batch) {
    c.env.accept({
      id: asString(call.messageId),
      type: 'other',
      userId: asString(call.userId),
      payload: call,
    });
  }
  return c.text('OK');
});

/** A self-hosted server, behind a proxy that gives it a path. */
const rudderstack: Vendor = {
  name: 'rudderstack',
  app: new Hono<VendorEnv>().route('/rudder', dataPlane),
  recordedTypes: ['SignUp', 'Login'],
  secrets: ({ url }) => ({ SEGMENT_WRITE_KEY: WRITE_KEY, SEGMENT_HOST: `${url}/rudder/` }),
};

beforeEach(() => startMock(rudderstack));

describe.each([
  ['source', loadSource],
  ['bundle', loadBuilt],
] as const)('Action from its %s', (_, load) => {
  describe.each([
    ['segment', ['identify', 'track']],
    ['segment-http', ['track']],
  ])('%s with RudderStack', (name, types) => {
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
      expect(mock.events.map(({ payload }) => payload)).toMatchObject(types.map((type) => ({ type })));
    });

    it('retries with the same messageId, by which RudderStack deduplicates', async () => {
      mock.injectFault({ response: { status: 504 }, processed: true }, { count: 1 });
      const { outcome } = await logIn(login);
      expect(outcome).toMatchObject({ status: 'delivered', attempts: 2 });
      expect(duplicates()).toEqual([...types.map(() => false), ...types.map(() => true)]);
    });

    it.each([
      [
        'a wrong write key',
        'wr0ng',
        { message: '401 Invalid Write Key', hint: "check the credentials in the Action's secrets" },
      ],
      ['the key of a disabled source', DISABLED_WRITE_KEY, { message: '404 Source is disabled' }],
    ])('reports the rejection of %s', async (_, SEGMENT_WRITE_KEY, failure) => {
      const { outcome, signedUp } = await logIn(signUp, { SEGMENT_WRITE_KEY });
      expect(outcome).toMatchObject({ status: 'failed', reason: 'rejected', buffered: false, ...failure });
      expect(signedUp).toEqual([]);
      expect(mock.requests).toHaveLength(1);
    });
  });
});
