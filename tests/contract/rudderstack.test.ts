/**
 * RudderStack takes Segment's protocol at its data plane, and answers in its own way.
 * https://www.rudderstack.com/docs/api/http-api/
 * https://github.com/rudderlabs/rudder-server/blob/master/gateway/response/response.go
 */
import { Hono } from 'hono';
import { auth } from 'hono/utils/basic-auth';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Sink } from '../../lib/sink.ts';
import { checkDestination } from '../../tools/cli/doctor/delivery.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import { createApi, createCache } from '../../tools/simulator/auth0/api.ts';
import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import {
  asText,
  isObject,
  parseObject,
  type Vendor,
  type VendorEnv,
} from '../../tools/simulator/vendors/vendor-mock.ts';
import { login, signUp } from '../support/events.ts';
import { loadSource } from '../support/source.ts';
import { destination, start } from '../support/vendor.ts';

const WRITE_KEY = '2RkTqLxV0cYbM5sDkR9eWn2uHjA';
const DISABLED_WRITE_KEY = '2RkTqM4gX7dQw8ZpTnB1yFvKsLc';

const dataPlane = new Hono<VendorEnv>();

dataPlane.post('/v1/batch', async (c) => {
  // Unlike Segment, it reads no key in the body.
  const writeKey = auth(c.req.raw)?.username;
  if (!writeKey) return c.text('Failed to read writeKey from header', 401);
  if (writeKey === DISABLED_WRITE_KEY) return c.text('Source is disabled', 404);
  if (writeKey !== WRITE_KEY) return c.text('Invalid Write Key', 401);
  const batch = parseObject(await c.req.text())?.batch;
  if (!Array.isArray(batch) || !batch.every(isObject)) return c.text('Invalid JSON', 400);
  for (const call of batch) {
    c.env.accept({ id: asText(call.messageId), type: 'other', userId: asText(call.userId), payload: call });
  }
  return c.text('OK');
});

/** A server of one's own, behind a proxy that gives it a path. */
const rudderstack: Vendor = {
  name: 'rudderstack',
  app: new Hono<VendorEnv>().route('/rudder', dataPlane),
  records: ['SignUp', 'Login'],
  answers: [],
  secrets: ({ url }) => ({ SEGMENT_WRITE_KEY: WRITE_KEY, SEGMENT_HOST: `${url}/rudder/` }),
};

beforeEach(() => start(rudderstack));

describe.each([
  ['source', loadSource],
  ['bundle', loadBuilt],
] as const)('from its %s', (_, load) => {
  describe.each([
    ['segment', ['identify', 'track']],
    ['segment-http', ['track']],
  ])('%s', (name, types) => {
    const action = load(name);

    const logIn = async (makeEvent: typeof login, secrets: Record<string, string> = {}) => {
      const event = makeEvent({ secrets: { ...destination.secrets, LOG: 'all', ...secrets } });
      const { api, effects } = createApi(event, createCache(Date.now));
      const { error, logs } = await action.execute(event, api);
      expect(error).toBeUndefined();
      return { line: logs.trimEnd(), marks: effects.metadata.map(({ value }) => value) };
    };

    it('delivers to a data plane', async () => {
      const { line, marks } = await logIn(signUp);
      expect(line).toMatch(/SignUp delivered in \d+ ms$/);
      expect(marks).toEqual([{ [name]: true }]);
      expect(destination.requests).toMatchObject([{ path: '/rudder/v1/batch', status: 200 }]);
      expect(destination.events.map(({ payload }) => payload)).toMatchObject(types.map((type) => ({ type })));
    });

    it('repeats a login whose answer was lost with its messageId, by which it is dropped', async () => {
      destination.injectFault({ response: { status: 504 }, processed: true }, { count: 1 });
      const { line } = await logIn(login);
      expect(line).toMatch(/Login delivered in \d+ ms$/);
      const kept = destination.events.filter(({ duplicate }) => !duplicate);
      expect(destination.events).toHaveLength(2 * types.length);
      expect(kept.map(({ payload }) => payload)).toMatchObject(types.map((type) => ({ type })));
    });

    it.each([
      ['a wrong write key', 'wr0ng', "401 Invalid Write Key; check the credentials in the Action's secrets"],
      ['the key of a source that is switched off', DISABLED_WRITE_KEY, '404 Source is disabled'],
    ])('is refused with %s', async (_, SEGMENT_WRITE_KEY, reason) => {
      const { line, marks } = await logIn(signUp, { SEGMENT_WRITE_KEY });
      expect(line).toContain(`[${name}] SignUp not delivered: ${reason}`);
      expect(marks).toEqual([]);
      expect(destination.requests).toHaveLength(1);
    });
  });
});

describe.each(['segment', 'segment-http'])('npm run doctor -- %s', (name) => {
  it.each([
    ['wr0ng', 'the server does not know the key: copy SEGMENT_WRITE_KEY again from the source'],
    [DISABLED_WRITE_KEY, 'the source is switched off: enable it in RudderStack'],
  ])('explains the answer to the key %s', async (SEGMENT_WRITE_KEY, means) => {
    const checks = [];
    const secrets = { ...destination.secrets, SEGMENT_WRITE_KEY };
    const sink = (await loadSinks()).find((candidate) => candidate.name === name) as Sink;
    for await (const check of checkDestination(sink, secrets)) checks.push(check);
    expect(checks.at(-1)).toMatchObject({
      what: 'delivery',
      result: 'FAIL',
      text: expect.stringContaining(means),
    });
  });
});
