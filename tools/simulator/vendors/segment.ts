/**
 * Mocks Segment's HTTP Tracking API: authentication, limits, what each call requires, deduplication by `messageId` across
 * all calls, and what the calls store: traits of users and groups, and which visitor became which user. As Segment does,
 * it responds 200 to nearly everything, and silently drops the calls that it does not accept.
 *
 * Limitations: no OAuth, no regions, no rate limits, no context shared by a batch, no aliases, and a `messageId` is
 * remembered for longer than a day.
 *
 * Undocumented, so guessed: the text of a 400, and 400 for a content type other than application/json. What becomes of a
 * call whose fields have the wrong type is known from Segment's own libraries alone, which do not send it: here it is dropped.
 *
 * https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
 * https://github.com/segmentio/analytics-next/blob/master/packages/core/src/validation/assertions.ts
 */
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { auth } from 'hono/utils/basic-auth';
import { asString, isObject, type JsonObject, parseObject } from '../json.ts';
import { getMediaType } from './media-type.ts';
import type { Vendor, VendorEnv } from './vendor-mock.ts';
import { join, setProperties } from './vendor-store.ts';

const WRITE_KEY = 'q3Zt7LxV0cYbM5sDkR9eWn2uHjA8fGpT';

const CALL_LIMIT_BYTES = 32 * 1024;
const BATCH_LIMIT_BYTES = 500 * 1024;
const BATCH_LIMIT_CALLS = 2500;
const MESSAGE_ID_LIMIT_CHARACTERS = 100;
const SIGN_UP = /sign(ed)?[ _-]?up/i;

/** The field that a call requires in addition to a user; none for some. */
const REQUIRED: Readonly<Record<string, string | undefined>> = {
  alias: 'previousId',
  group: 'groupId',
  identify: undefined,
  page: undefined,
  screen: undefined,
  track: 'event',
};
const OBJECTS = ['traits', 'properties', 'context', 'integrations'];

const app = new Hono<VendorEnv>().basePath('/v1');

app.post('/batch', async (c) => {
  const body = await parseBody(c);
  if (!body || !Array.isArray(body.batch) || !body.batch.every(isObject)) return reject(c);
  if (byteLength(body) > BATCH_LIMIT_BYTES || body.batch.some((call) => byteLength(call) > CALL_LIMIT_BYTES))
    return reject(c);
  if (body.batch.length <= BATCH_LIMIT_CALLS) {
    for (const call of body.batch) acceptIfValid(c, { writeKey: body.writeKey, ...call });
  }
  return c.json({ success: true });
});

app.post(`/:type{${Object.keys(REQUIRED).join('|')}}`, async (c) => {
  const call = await parseBody(c);
  if (!call || byteLength(call) > CALL_LIMIT_BYTES) return reject(c);
  acceptIfValid(c, { ...call, type: c.req.param('type') });
  return c.json({ success: true });
});

// Segment's own 400 is plain text as well: https://github.com/segmentio/analytics-ruby/pull/147
const reject = (c: Context): Response => c.text('Bad Request', 400);

const parseBody = async (c: Context): Promise<JsonObject | undefined> =>
  getMediaType(c) === 'application/json' ? parseObject(await c.req.text()) : undefined;

const byteLength = (value: JsonObject): number => Buffer.byteLength(JSON.stringify(value));

const acceptIfValid = (c: Context<VendorEnv>, { writeKey, ...call }: JsonObject): void => {
  const isKnown = (auth(c.req.raw)?.username ?? writeKey) === WRITE_KEY;
  const isIdentifiable = asString(call.userId) || asString(call.anonymousId);
  if (isKnown && isIdentifiable && isCall(call)) acceptCall(c.env, call);
};

const isCall = (call: JsonObject): boolean => {
  const type = asString(call.type);
  const required = REQUIRED[type];
  return (
    Object.hasOwn(REQUIRED, type) &&
    (required === undefined || asString(call[required]) !== '') &&
    asString(call.messageId).length <= MESSAGE_ID_LIMIT_CHARACTERS &&
    OBJECTS.every((name) => call[name] === undefined || isObject(call[name]))
  );
};

/** Stores a call, unless it is a duplicate. Those without a `messageId` get one. */
export const acceptCall = ({ accept, store }: VendorEnv['Bindings'], payload: JsonObject): void => {
  const [userId, anonymousId] = [asString(payload.userId), asString(payload.anonymousId)];
  const id = asString(payload.messageId) || randomUUID();
  const isNew = accept({ id, type: getType(payload), userId, payload });
  if (!isNew) return;
  join(store.identities, anonymousId, userId);
  if (payload.type === 'identify') setProperties(store.profiles, userId || anonymousId, payload.traits);
  if (payload.type === 'group') setProperties(store.groups, asString(payload.groupId), payload.traits);
};

const getType = ({ type, event }: JsonObject): 'SignUp' | 'Login' | 'other' => {
  if (type !== 'track') return 'other';
  return SIGN_UP.test(asString(event)) ? 'SignUp' : 'Login';
};

export const segment: Vendor = {
  name: 'segment',
  app,
  recordedTypes: ['SignUp', 'Login'],
  secrets: ({ url }) => ({ SEGMENT_WRITE_KEY: WRITE_KEY, SEGMENT_HOST: url }),
};
