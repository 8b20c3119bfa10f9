/**
 * Imitates Segment's HTTP Tracking API: authentication, limits, and deduplication by `messageId`. Like Segment it
 * answers 200 to nearly everything: a call it does not take is silently missing from the events.
 * https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
 *
 * Not documented, so guessed: the text of a 400, and 400 for a content type other than application/json.
 *
 * Not reproduced: OAuth, regions, rate limits, calls other than identify and track outside a batch, the context that
 * a batch shares, and the day after which a `messageId` may be forgotten.
 */
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { auth } from 'hono/utils/basic-auth';
import {
  type Answer,
  asText,
  isObject,
  type JsonObject,
  parseObject,
  type Vendor,
  type VendorEnv,
} from './vendor-mock.ts';

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
  if (!body || !Array.isArray(body.batch) || !body.batch.every(isObject)) return refuse(c);
  if (bytes(body) > BATCH_LIMIT_BYTES || body.batch.some((call) => bytes(call) > CALL_LIMIT_BYTES))
    return refuse(c);
  if (body.batch.length <= BATCH_LIMIT_CALLS) {
    for (const call of body.batch) acceptIfValid(c, { writeKey: body.writeKey, ...call });
  }
  return c.json({ success: true });
});

app.post('/:type{identify|track}', async (c) => {
  const call = await parseBody(c);
  if (!call || bytes(call) > CALL_LIMIT_BYTES) return refuse(c);
  acceptIfValid(c, { ...call, type: c.req.param('type') });
  return c.json({ success: true });
});

// Segment's own 400 is plain text, too: https://github.com/segmentio/analytics-ruby/pull/147
const refuse = (c: Context): Response => c.text('Bad Request', 400);

const parseBody = async (c: Context): Promise<JsonObject | undefined> =>
  c.req.header('Content-Type')?.split(';')[0] === 'application/json'
    ? parseObject(await c.req.text())
    : undefined;

const bytes = (value: JsonObject): number => Buffer.byteLength(JSON.stringify(value));

const acceptIfValid = (c: Context<VendorEnv>, { writeKey, ...call }: JsonObject): void => {
  // Segment gives a call without a messageId one of its own.
  const { type, userId, anonymousId, event, messageId = randomUUID() } = call;
  const valid =
    (auth(c.req.raw)?.username ?? writeKey) === WRITE_KEY &&
    CALLS.includes(asText(type)) &&
    (asText(userId) || asText(anonymousId)) &&
    (type !== 'track' || asText(event)) &&
    asText(messageId).length <= MESSAGE_ID_LIMIT_CHARACTERS;
  if (!valid) return;
  c.env.accept({ id: asText(messageId), type: typeOf(call), userId: asText(userId), payload: call });
};

const typeOf = ({ type, event }: JsonObject): 'SignUp' | 'Login' | 'other' => {
  if (type !== 'track') return 'other';
  return SIGN_UP.test(asText(event)) ? 'SignUp' : 'Login';
};

/** https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#errors */
const answers: readonly Answer[] = [
  {
    status: 200,
    means:
      'Segment answers the same to an unknown write key and to the wrong region, too: look into the debugger of the source, https://segment.com/docs/connections/sources/debugger/',
  },
  { status: 400, means: 'the event is too large or malformed: check SEGMENT_INTEGRATIONS' },
  { status: 401, means: 'the server does not know the key: copy SEGMENT_WRITE_KEY again from the source' },
  {
    status: 404,
    text: 'Source is disabled',
    means: 'the source is switched off: enable it in RudderStack',
  },
  { status: 404, means: "the server does not speak Segment's protocol: check SEGMENT_HOST" },
  { status: 429, means: 'the workspace is over its rate limit: ask Segment for more, or try again' },
];

export const segment: Vendor = {
  name: 'segment',
  app,
  records: ['SignUp', 'Login'],
  answers,
  secrets: ({ url }) => ({ SEGMENT_WRITE_KEY: WRITE_KEY, SEGMENT_HOST: url }),
};
