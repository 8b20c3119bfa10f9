/**
 * Mocks PostHog's capture API: the form of the API key, the validation of events, the size limit of a request, and
 * deduplication by uuid, name, distinct_id and day. As PostHog Cloud does, it responds 200 to a key that no project has,
 * and silently drops the events.
 *
 * Limitations: no forms, no base64, no single events, no distinct_id that is not a string or that is a property, no
 * `sent_at`, no quotas (PostHog responds 200 and drops the events), no 401 for an unknown key (an option of PostHog's
 * source), no delay until duplicates are merged, and no persons.
 *
 * The documentation has a 200 for an event without name or distinct_id; PostHog's source, and so this mock, rejects the
 * whole request with 400. Undocumented, so guessed: the end of the messages about an unreadable or too large body.
 *
 * https://posthog.com/docs/api/capture
 * https://github.com/PostHog/posthog/tree/master/rust/capture/src
 * https://github.com/PostHog/posthog/blob/master/posthog/models/event/sql.py
 * https://github.com/PostHog/posthog/issues/54670
 */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import * as v from 'valibot';
import { asString, isObject, parseObject } from '../json.ts';
import type { Vendor, VendorEnv } from './vendor-mock.ts';

const API_KEY = 'phc_R8mVq2TzYc5LxWn7KdJp0GhB4sFuAe9oZiXt1CvN';

const BODY_LIMIT_BYTES = 20 * 1024 * 1024;
const API_KEY_LIMIT_CHARACTERS = 64;
const DISTINCT_ID_LIMIT_CHARACTERS = 200;
const SIGN_UP = /sign(ed)?[ _-]?up/i;

const PosthogEvent = v.looseObject({
  uuid: v.optional(v.union([v.literal(''), v.pipe(v.string(), v.uuid())])),
  event: v.string(),
  distinct_id: v.optional(v.string(), ''),
  timestamp: v.optional(v.string()),
  properties: v.optional(v.custom(isObject)),
});
type PosthogEvent = v.InferOutput<typeof PosthogEvent>;

const app = new Hono<VendorEnv>();

app.on('POST', ['/batch', '/batch/'], async (c) => {
  const body = await c.req.text();
  if (Buffer.byteLength(body) > BODY_LIMIT_BYTES) return c.text('maximum event size exceeded', 413);
  const request = parseObject(body);
  const { success, output: events } = v.safeParse(v.array(PosthogEvent), request?.batch);
  if (!success) return c.text('failed to hydrate events from request', 400);
  if (events.length === 0) return c.text('request holds no event', 400);

  const key = asString(request?.api_key).trim();
  const problem = request?.api_key === undefined ? 'event submitted without an api_key' : findKeyProblem(key);
  if (problem) return c.text(problem, 401);
  if (events.some(({ event }) => event === ''))
    return c.text('event submitted with an empty event name', 400);
  if (events.some(({ distinct_id }) => distinct_id === ''))
    return c.text('event submitted without a distinct_id', 400);

  for (const event of key === API_KEY ? events : []) {
    // PostHog generates a missing uuid.
    const id = event.uuid || randomUUID();
    const userId = event.distinct_id.slice(0, DISTINCT_ID_LIMIT_CHARACTERS);
    const dedupeKey = [getDay(event), event.event, userId, id].join(' ');
    c.env.accept({ id, type: getType(event), userId, payload: event }, dedupeKey);
  }
  return c.json({ status: 'Ok' });
});

/** Checks the form of the key alone: the edge does not know which projects exist. */
const findKeyProblem = (key: string): string | undefined => {
  const problem =
    (key === '' && 'empty') ||
    (key.length > API_KEY_LIMIT_CHARACTERS && 'too_long') ||
    (/\P{ASCII}/u.test(key) && 'not_ascii') ||
    (key.startsWith('phx_') && 'personal_api_key');
  return problem ? `API key is not valid: ${problem}` : undefined;
};

/** PostHog replaces an invalid time by the current one. */
const getDay = ({ timestamp = '' }: PosthogEvent): string =>
  new Date(Date.parse(timestamp) || Date.now()).toISOString().slice(0, 'yyyy-mm-dd'.length);

const getType = ({ event }: PosthogEvent): 'SignUp' | 'Login' | 'other' => {
  if (event.startsWith('$')) return 'other';
  return SIGN_UP.test(event) ? 'SignUp' : 'Login';
};

export const posthog: Vendor = {
  name: 'posthog',
  app,
  recordedTypes: ['SignUp', 'Login'],
  secrets: ({ url }) => ({ POSTHOG_API_KEY: API_KEY, POSTHOG_HOST: url }),
};
