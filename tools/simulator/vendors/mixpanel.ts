/**
 * Mocks Mixpanel's Import API, in strict mode and without it, and its Track, Engage and Groups APIs: both kinds of
 * credentials, the validation of events, of which the valid ones are accepted and the others are not, deduplication, and
 * what is stored of users and groups. An event with `$device_id` and `$user_id` joins the two, as in a project with
 * Simplified ID Merge, and a group is whatever an event has under the project's group key. Where Mixpanel would look up
 * the location of a user's IP address, the mock stores the address itself as `$ip` of the profile.
 *
 * Limitations: no NDJSON, no project secrets, no OAuth, no regions, no rate limits, no locations of events; strings are
 * not truncated after 255 characters, and of the operations on profiles and groups only `$set` and `$set_once` change
 * them. Duplicates are detected within a day, as in Mixpanel's storage; its reports detect them only if the time is
 * exactly the same.
 *
 * Undocumented, so guessed: most messages, the responses to a body that is not an array and to more than 2000 events, the
 * number from which on a time is in milliseconds, what counts as a level of nesting, 401 for a token with a project_id,
 * and that one update may have several operations.
 *
 * https://docs.mixpanel.com/reference/import-events
 * https://docs.mixpanel.com/reference/track-event
 * https://docs.mixpanel.com/reference/profile-set
 * https://docs.mixpanel.com/reference/group-set-property
 * https://docs.mixpanel.com/reference/event-deduplication
 * https://docs.mixpanel.com/docs/tracking-methods/id-management/identifying-users-simplified
 * https://docs.mixpanel.com/troubleshooting/errors
 */
import { type Context, Hono } from 'hono';
import { auth } from 'hono/utils/basic-auth';
import { asString, isObject, type JsonObject } from '../json.ts';
import { getMediaType } from './media-type.ts';
import { findUpdateProblem, updateGroup, updateProfile } from './mixpanel-profiles.ts';
import { acceptValid, findMissing, readRecords } from './mixpanel-records.ts';
import type { Vendor, VendorEnv, VendorEvent } from './vendor-mock.ts';
import { join, setProperties } from './vendor-store.ts';

const TOKEN = '9f86d081884c7d659a2feaa0c55ad015';
/** A service account, and the project it may write to. */
export const SERVICE_ACCOUNT = {
  name: 'auth0.3c59dc.mp-service-account',
  secret: 'mV7qTz0RkY4bXn2LwHs9',
  project: '2195193',
};
const TYPES = new Map<unknown, VendorEvent['type']>([
  ['Signed Up', 'SignUp'],
  ['Logged In', 'Login'],
]);

const REQUEST_LIMIT_BYTES = 10 * 1024 * 1024;
const REQUEST_LIMIT_EVENTS = 2000;
const EVENT_LIMIT_BYTES = 1024 * 1024;
/** Of properties, of keys in an object, and of elements in an array. */
const LIMIT_ITEMS = 255;
const LIMIT_LEVELS = 3;
const INSERT_ID = /^[\da-z-]{1,36}$/i;
const NOT_IDS = [
  ...['00000000-0000-0000-0000-000000000000', 'anon', 'anonymous', 'nil', 'none', 'null', 'n/a', 'na'],
  ...['undefined', 'unknown', '<nil>', '0', '-1', 'true', 'false', '[]', '{}'],
];
/** By its default, the Action sends the organization under it. */
const GROUP_KEY = 'organizationId';
const MS_PER_HOUR = 60 * 60 * 1000;
/** The Track API accepts no older events. */
const TRACK_LIMIT_MS = 5 * 24 * MS_PER_HOUR;
const EARLIEST_MS = Date.UTC(1971, 0, 1);
/** Smaller numbers are seconds: this one is a date in 1973 in milliseconds, and in 5138 in seconds. */
const SECONDS_BELOW = 1e11;

const app = new Hono<VendorEnv>();

app.on(['GET', 'POST'], '/import', async (c) => {
  if (!isAuthentic(c)) return respond(c, 401, 'Unauthorized', { error: 'Invalid credentials' });
  if ((await c.req.arrayBuffer()).byteLength > REQUEST_LIMIT_BYTES) {
    return rejectSize(c, `request exceeds max limit of ${REQUEST_LIMIT_BYTES} bytes`);
  }
  const isStrict = c.req.query('strict') === '1';
  const events = await readRecords(c);
  if (!events || (isStrict && getMediaType(c) !== 'application/json')) {
    return respond(c, 400, 'Bad Request', { error: 'the body must be an array of events in JSON' });
  }
  if (events.length > REQUEST_LIMIT_EVENTS) {
    return rejectSize(c, `request exceeds max limit of ${REQUEST_LIMIT_EVENTS} events`);
  }
  return isStrict ? importStrictly(c, events) : acceptValid(c, events, findImportProblem, acceptEvent);
});

const importStrictly = (c: Context<VendorEnv>, events: readonly unknown[]): Response => {
  const failed_records = events.flatMap((event, index) => {
    const violation = findViolation(event);
    if (violation) return [{ index, insert_id: getInsertId(event), ...violation }];
    acceptEvent(c, event as JsonObject);
    return [];
  });
  const num_records_imported = events.length - failed_records.length;
  if (failed_records.length === 0) return respond(c, 200, 'OK', { num_records_imported });
  const error = 'some data points in the request failed validation';
  return respond(c, 400, 'Bad Request', { error, failed_records, num_records_imported });
};

app.on(['GET', 'POST'], '/track', async (c) =>
  acceptValid(c, await readRecords(c), findTrackProblem, (c, event) => {
    if (isObject(event.properties) && event.properties.token === TOKEN) acceptEvent(c, event);
  }),
);

/** Mixpanel responds the same to a token that no project has, and drops the update. */
const inProject =
  (change: (c: Context<VendorEnv>, update: JsonObject) => void): typeof change =>
  (c, update) => {
    if (update.$token === TOKEN) change(c, update);
  };

app.on(['GET', 'POST'], '/engage', async (c) =>
  acceptValid(c, await readRecords(c), findUpdateProblem(['$distinct_id']), inProject(updateProfile)),
);

app.on(['GET', 'POST'], '/groups', async (c) =>
  acceptValid(
    c,
    await readRecords(c),
    findUpdateProblem(['$group_key', '$group_id']),
    inProject(updateGroup),
  ),
);

const findImportProblem = ({ event, properties }: JsonObject): string | undefined => {
  if (!asString(event)) return 'event, missing or empty';
  if (!isObject(properties)) return 'properties, missing or empty';
  return (
    findMissing(properties, ['time', 'distinct_id']) ??
    (isTime(properties.time) ? undefined : 'time, invalid')
  );
};

const findTrackProblem = (record: JsonObject): string | undefined => {
  const properties = { time: Date.now(), ...(isObject(record.properties) && record.properties) };
  const problem = findMissing(properties, ['token']) ?? findImportProblem({ ...record, properties });
  return problem ?? (toMs(properties.time) < Date.now() - TRACK_LIMIT_MS ? 'time, too old' : undefined);
};

const respond = (c: Context, code: 200 | 400 | 401 | 413, status: string, details: JsonObject): Response =>
  c.json({ code, ...details, status }, code);
const rejectSize = (c: Context, error: string) => respond(c, 413, 'Request Entity Too Large', { error });

const isAuthentic = (c: Context): boolean => {
  const { username, password } = auth(c.req.raw) ?? {};
  const project = c.req.query('project_id');
  if (project === undefined) return username === TOKEN && password === '';
  const { name, secret, project: own } = SERVICE_ACCOUNT;
  return username === name && password === secret && project === own;
};

interface Violation {
  field: string;
  message: string;
}

const violation = (field: string, rule: string): Violation => ({
  field,
  message: `'${field}' is invalid: ${rule}`,
});

const findViolation = (event: unknown): Violation | undefined => {
  if (!isObject(event) || !isObject(event.properties)) return violation('properties', 'must be an object');
  const { event: name, properties, ...others } = event;
  const [other] = Object.keys(others);
  if (other !== undefined) return violation(other, 'is not allowed');
  if (!asString(name)) return violation('event', 'must be a string');
  if (Buffer.byteLength(JSON.stringify(event)) >= EVENT_LIMIT_BYTES)
    return violation('event', 'must be smaller than 1 MB');
  if (!isTime(properties.time))
    return violation('properties.time', 'must be after 1970 and at most an hour in the future');
  const { distinct_id: user, $insert_id: id } = properties;
  if (typeof user !== 'string' || NOT_IDS.includes(user))
    return violation('properties.distinct_id', 'must be a user id');
  if (!INSERT_ID.test(asString(id)) || NOT_IDS.includes(asString(id)))
    return violation('properties.$insert_id', 'must be up to 36 letters, digits and hyphens');
  if (Object.keys(properties).length >= LIMIT_ITEMS)
    return violation('properties', `must be fewer than ${LIMIT_ITEMS}`);
  for (const [property, value] of Object.entries(properties)) {
    if (!isSmall(value)) return violation(`properties.${property}`, 'must be smaller, or less nested');
  }
  return undefined;
};

const isTime = (time: unknown): boolean => {
  const ms = toMs(time);
  return Number.isInteger(time) && ms >= EARLIEST_MS && ms <= Date.now() + MS_PER_HOUR;
};

const toMs = (time: unknown): number => Number(time) * (Number(time) < SECONDS_BELOW ? 1000 : 1);

/** A value that is neither an object nor an array is on level 0. */
const isSmall = (value: unknown, level = 1): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  const items = Object.values(value);
  return (
    items.length < LIMIT_ITEMS && level <= LIMIT_LEVELS && items.every((item) => isSmall(item, level + 1))
  );
};

const getInsertId = (event: unknown): string =>
  isObject(event) && isObject(event.properties) ? asString(event.properties.$insert_id) : '';

const acceptEvent = (c: Context<VendorEnv>, payload: JsonObject): void => {
  const { event, properties } = payload as { event: string; properties: JsonObject };
  const { distinct_id, time = Date.now(), $insert_id, $device_id, $user_id } = properties;
  const { accept, store } = c.env;
  const [id, userId] = [asString($insert_id), asString($user_id) || asString(distinct_id)];
  const [day] = new Date(toMs(time)).toISOString().split('T');
  const dedupeKey = id && JSON.stringify([event, userId, id, day]);
  accept({ id, type: TYPES.get(event) ?? 'other', userId, payload }, dedupeKey);
  join(store.identities, asString($device_id), asString($user_id));
  const group = asString(properties[GROUP_KEY]);
  if (group) setProperties(store.groups, `${GROUP_KEY}:${group}`, {});
};

export const mixpanel: Vendor = {
  name: 'mixpanel',
  app,
  recordedTypes: ['SignUp', 'Login'],
  secrets: ({ url }) => ({ MIXPANEL_TOKEN: TOKEN, MIXPANEL_HOST: url }),
};
