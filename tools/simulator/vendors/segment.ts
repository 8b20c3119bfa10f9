/**
 * Mocks Segment's HTTP Tracking API: authentication, limits, and deduplication by `messageId`. As Segment does, it
 * responds 200 to nearly everything, and silently drops the calls that it does not accept.
 *
 * Limitations: no OAuth, no regions, no rate limits, no calls other than identify and track outside a batch, no context
 * shared by a batch, and a `messageId` is remembered for longer than a day.
 *
 * Undocumented, so guessed: the text of a 400, and 400 for a content type other than application/json.
 *
 * https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
 */
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { auth } from 'hono/utils/basic-auth';
import { asString, isObject, type JsonObject, parseObject } from '../json.ts';
import { getMediaType } from './media-type.ts';
import type { Vendor, VendorEnv } from './vendor-mock.ts';

const WRITE_KEY = 'q3Zt7LxV0cYbM5sDkR9eWn2uHjA8fGpT';

const CALL_LIMIT_BYTES = 32 * 1024;
const BATCH_LIMIT_BYTES = 500 * 1024;
const BATCH_LIMIT_CALLS = 2500;
const MESSAGE_ID_LIMIT_CHARACTERS = 100;
const CALLS = ['alias', 'group', 'identify', 'page', 'screen', 'track'];
const SIGN_UP = /sign(ed)?[ _-]?up/i;

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

app.post('/:type{identify|track}', async (c) => {
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
  // Segment generates a missing messageId.
  const { type, userId, anonymousId, event, messageId = randomUUID() } = call;
  const valid =
    (auth(c.req.raw)?.username ?? writeKey) === WRITE_KEY &&
    CALLS.includes(asString(type)) &&
    (asString(userId) || asString(anonymousId)) &&
    (type !== 'track' || asString(event)) &&
    asString(messageId).length <= MESSAGE_ID_LIMIT_CHARACTERS;
  if (!valid) return;
  c.env.accept({ id: asString(messageId), type: getType(call), userId: asString(userId), payload: call });
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
