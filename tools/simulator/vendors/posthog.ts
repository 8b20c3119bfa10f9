/**
 * Mocks PostHog's capture API: the form of the API key, the validation of events, the size limit of a request,
 * deduplication by uuid, name, distinct_id and day, and what is stored of persons and groups. As PostHog Cloud does, it
 * responds 200 to a key that no project has, and silently drops the events. An event whose `$ip` is falsy is stored with
 * the sender's. Where PostHog would look up the location of an address for the person, the mock stores the address itself
 * as `$ip` of the person.
 *
 * Limitations: no forms, no base64, no single events, no distinct_id that is not a string or that is a property, no
 * `sent_at`, no quotas (PostHog responds 200 and drops the events), no 401 for an unknown key (an option of PostHog's
 * source), no delay until duplicates are merged, no `$unset`, no `$create_alias`, no anonymous events, and no limit of
 * five types of groups.
 *
 * The documentation has a 200 for an event without name or distinct_id; PostHog's source, and so this mock, rejects the
 * whole request with 400. Undocumented, so guessed: the end of the messages about an unreadable or too large body.
 *
 * https://posthog.com/docs/api/capture
 * https://posthog.com/docs/product-analytics/identify
 * https://posthog.com/docs/product-analytics/group-analytics
 * https://github.com/PostHog/posthog/tree/master/rust/capture/src
 * https://github.com/PostHog/posthog/blob/master/nodejs/src/utils/event.ts
 * https://github.com/PostHog/posthog/blob/master/plugin-server/src/worker/ingestion/persons/person-merge-service.ts
 * https://github.com/PostHog/posthog/blob/master/posthog/models/event/sql.py
 * https://github.com/PostHog/posthog/issues/54670
 */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import * as v from 'valibot';
import { asString, isObject, type JsonObject, parseObject } from '../json.ts';
import type { Vendor, VendorEnv } from './vendor-mock.ts';
import { join, setProperties, type VendorStore } from './vendor-store.ts';

const API_KEY = 'phc_R8mVq2TzYc5LxWn7KdJp0GhB4sFuAe9oZiXt1CvN';

const BODY_LIMIT_BYTES = 20 * 1024 * 1024;
const API_KEY_LIMIT_CHARACTERS = 64;
const DISTINCT_ID_LIMIT_CHARACTERS = 200;
const SIGN_UP = /sign(ed)?[ _-]?up/i;
/** Ids that are never joined with another, in any case and in quotes as well. */
const NOT_IDS =
  /^(['"]?)(anonymous|guest|distinctid|distinct_id|id|not_authenticated|email|undefined|true|false|none|null|nan|0|\[object object\])\1$/i;

const PosthogEvent = v.looseObject({
  uuid: v.optional(v.union([v.literal(''), v.pipe(v.string(), v.uuid())])),
  event: v.string(),
  distinct_id: v.optional(v.string(), ''),
  timestamp: v.optional(v.string()),
  properties: v.optional(v.custom<JsonObject>(isObject)),
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
    acceptEvent(c.env, event);
  }
  return c.json({ status: 'Ok' });
});

const acceptEvent = ({ accept, store, remoteAddress }: VendorEnv['Bindings'], event: PosthogEvent): void => {
  // PostHog generates a missing uuid.
  const id = event.uuid || randomUUID();
  const userId = event.distinct_id.slice(0, DISTINCT_ID_LIMIT_CHARACTERS);
  const dedupeKey = [getDay(event), event.event, userId, id].join(' ');
  const properties: JsonObject = { ...event.properties, $ip: event.properties?.$ip || remoteAddress };
  accept({ id, type: getType(event), userId, payload: { ...event, properties } }, dedupeKey);
  if (event.event === '$identify') identify(store, String(properties.$anon_distinct_id ?? ''), userId);
  if (event.event === '$groupidentify') {
    setProperties(store.groups, `${properties.$group_type}:${properties.$group_key}`, properties.$group_set);
  }
  updatePerson(store, store.identities.get(userId) ?? userId, properties);
};

/** Merges the person of the anonymous id into that of the user. A person who has been identified stays separate. */
const identify = ({ identities, profiles }: VendorStore, anonymousId: string, userId: string): void => {
  const isMergeable = [anonymousId, userId].every((id) => id.trim() !== '' && !NOT_IDS.test(id));
  const isIdentified = identities.has(anonymousId) || [...identities.values()].includes(anonymousId);
  if (!isMergeable || isIdentified || anonymousId === userId) return;
  join(identities, anonymousId, userId);
  setProperties(profiles, userId, {}, profiles.get(anonymousId));
  profiles.delete(anonymousId);
};

const updatePerson = ({ profiles }: VendorStore, person: string, properties: JsonObject): void => {
  const { $ip, $geoip_disable, $set, $set_once } = properties;
  setProperties(profiles, person, $set, $set_once);
  if (!$geoip_disable) setProperties(profiles, person, { $ip });
};

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
