/**
 * Imitates PostHog's capture API: the shape of the key, the rules for an event, the limit of a request, and the
 * deduplication by uuid, name, distinct_id and day. Like PostHog's cloud it answers 200 to a key that no project has: its
 * events are silently missing.
 * https://posthog.com/docs/api/capture
 * https://github.com/PostHog/posthog/tree/master/rust/capture/src
 * https://github.com/PostHog/posthog/blob/master/posthog/models/event/sql.py
 * https://github.com/PostHog/posthog/issues/54670
 *
 * The documentation has a 200 for an event without name or distinct_id, and the source a 400 for the whole request, as
 * here.
 *
 * Not documented, so guessed: the end of the messages about a body that cannot be read or is too large.
 *
 * Not reproduced: forms, base64, single events, a distinct_id that is no text or stands among the properties, `sent_at`,
 * quotas (PostHog answers 200, and the events are missing), the 401 for an unknown key that PostHog's source can be told
 * to answer, the time until a repetition is merged with the first event, and all that happens to persons.
 */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import * as v from 'valibot';
import { type Answer, asText, isObject, parseObject, type Vendor, type VendorEnv } from './vendor-mock.ts';

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

  const key = asText(request?.api_key).trim();
  const fault = request?.api_key === undefined ? 'event submitted without an api_key' : findFault(key);
  if (fault) return c.text(fault, 401);
  if (events.some(({ event }) => event === ''))
    return c.text('event submitted with an empty event name', 400);
  if (events.some(({ distinct_id }) => distinct_id === ''))
    return c.text('event submitted without a distinct_id', 400);

  for (const event of key === API_KEY ? events : []) {
    // PostHog gives an event without a uuid one of its own.
    const id = event.uuid || randomUUID();
    const userId = event.distinct_id.slice(0, DISTINCT_ID_LIMIT_CHARACTERS);
    const dedupeKey = [dayOf(event), event.event, userId, id].join(' ');
    c.env.accept({ id, type: typeOf(event), userId, payload: event }, dedupeKey);
  }
  return c.json({ status: 'Ok' });
});

/** Of the shape of a key: which projects there are is not known at the edge. */
const findFault = (key: string): string | undefined => {
  const fault =
    (key === '' && 'empty') ||
    (key.length > API_KEY_LIMIT_CHARACTERS && 'too_long') ||
    (/\P{ASCII}/u.test(key) && 'not_ascii') ||
    (key.startsWith('phx_') && 'personal_api_key');
  return fault ? `API key is not valid: ${fault}` : undefined;
};

/** PostHog takes a time that it cannot read for now. */
const dayOf = ({ timestamp = '' }: PosthogEvent): string =>
  new Date(Date.parse(timestamp) || Date.now()).toISOString().slice(0, 'yyyy-mm-dd'.length);

const typeOf = ({ event }: PosthogEvent): 'SignUp' | 'Login' | 'other' => {
  if (event.startsWith('$')) return 'other';
  return SIGN_UP.test(event) ? 'SignUp' : 'Login';
};

const answers: readonly Answer[] = [
  {
    status: 200,
    means:
      "PostHog answers the same to an unknown key, to the wrong region and over its quota, too: look into the project's Activity, https://posthog.com/docs/data/events",
  },
  {
    status: 401,
    means:
      "this is no key of a project, which begins with phc_: copy POSTHOG_API_KEY again from the project's settings",
  },
  { status: 400, means: 'PostHog does not read what the Action sends: report it' },
  { status: 404, means: 'PostHog does not capture events at this address: check POSTHOG_HOST' },
  {
    status: 413,
    means: 'PostHog, or a proxy in front of it, takes no event of this size: check POSTHOG_HOST',
  },
];

export const posthog: Vendor = {
  name: 'posthog',
  app,
  records: ['SignUp', 'Login'],
  answers,
  secrets: ({ url }) => ({ POSTHOG_API_KEY: API_KEY, POSTHOG_HOST: url }),
};
