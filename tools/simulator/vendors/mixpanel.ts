/**
 * Imitates Mixpanel's import of events in strict mode: both ways to authenticate, the rules for an event, and the
 * acceptance of the others where some break them.
 * https://docs.mixpanel.com/reference/import-events
 * https://docs.mixpanel.com/reference/event-deduplication
 * https://docs.mixpanel.com/troubleshooting/errors
 *
 * Not documented, so guessed: most messages, the answers to a body that is no array and to more than 2000 events, from
 * which number on a time is in milliseconds, what counts as a level of nesting, and 401 for a token with a project_id.
 *
 * A repetition is known as in Mixpanel's storage, within the day: in a report, only if the time is the very same.
 *
 * Not reproduced: NDJSON, project secrets, OAuth, regions, rate limits, places looked up by `ip`, and the cutting of
 * strings after 255 characters.
 */
import { type Context, Hono } from 'hono';
import { auth } from 'hono/utils/basic-auth';
import {
  type Answer,
  asText,
  isObject,
  type JsonObject,
  type Vendor,
  type VendorEnv,
  type VendorEvent,
} from './vendor-mock.ts';

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
const MS_PER_HOUR = 60 * 60 * 1000;
const EARLIEST_MS = Date.UTC(1971, 0, 1);
/** Numbers below it are seconds: in milliseconds it is in 1973, in seconds in 5138. */
const SECONDS_BELOW = 1e11;

const app = new Hono<VendorEnv>();

app.post('/import', async (c) => {
  if (!isAuthentic(c)) return answer(c, 401, 'Unauthorized', { error: 'Invalid credentials' });
  if ((await c.req.arrayBuffer()).byteLength > REQUEST_LIMIT_BYTES) {
    return refuseSize(c, `request exceeds max limit of ${REQUEST_LIMIT_BYTES} bytes`);
  }
  const events: unknown = await c.req.json().catch(() => undefined);
  if (c.req.header('Content-Type')?.split(';')[0] !== 'application/json' || !Array.isArray(events)) {
    return answer(c, 400, 'Bad Request', { error: 'the body must be an array of events in JSON' });
  }
  if (events.length > REQUEST_LIMIT_EVENTS) {
    return refuseSize(c, `request exceeds max limit of ${REQUEST_LIMIT_EVENTS} events`);
  }

  const failed_records = events.flatMap((event, index) => {
    const violation = findViolation(event);
    if (violation) return [{ index, insert_id: insertIdOf(event), ...violation }];
    accept(c, event);
    return [];
  });
  const num_records_imported = events.length - failed_records.length;
  if (failed_records.length === 0) return answer(c, 200, 'OK', { num_records_imported });
  const error = 'some data points in the request failed validation';
  return answer(c, 400, 'Bad Request', { error, failed_records, num_records_imported });
});

const answer = (c: Context, code: 200 | 400 | 401 | 413, status: string, details: JsonObject): Response =>
  c.json({ code, ...details, status }, code);
const refuseSize = (c: Context, error: string) => answer(c, 413, 'Request Entity Too Large', { error });

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
  if (other !== undefined) return violation(other, 'must not be there');
  if (!asText(name)) return violation('event', 'must be a text');
  if (Buffer.byteLength(JSON.stringify(event)) >= EVENT_LIMIT_BYTES)
    return violation('event', 'must be smaller than 1 MB');
  if (!isTime(properties.time))
    return violation('properties.time', 'must be from 1971 on, at most an hour in the future');
  const { distinct_id: user, $insert_id: id } = properties;
  if (typeof user !== 'string' || NOT_IDS.includes(user))
    return violation('properties.distinct_id', 'must be the id of a user');
  if (!INSERT_ID.test(asText(id)) || NOT_IDS.includes(asText(id)))
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

/** A value that is no object or array is on level 0. */
const isSmall = (value: unknown, level = 1): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  const items = Object.values(value);
  return (
    items.length < LIMIT_ITEMS && level <= LIMIT_LEVELS && items.every((item) => isSmall(item, level + 1))
  );
};

const insertIdOf = (event: unknown): string =>
  isObject(event) && isObject(event.properties) ? asText(event.properties.$insert_id) : '';

const accept = (c: Context<VendorEnv>, payload: JsonObject): void => {
  const { event, properties } = payload as { event: string; properties: JsonObject };
  const { distinct_id, time, $insert_id } = properties;
  const [day] = new Date(toMs(time)).toISOString().split('T');
  c.env.accept(
    { id: asText($insert_id), type: TYPES.get(event) ?? 'other', userId: asText(distinct_id), payload },
    JSON.stringify([event, distinct_id, $insert_id, day]),
  );
};

/** https://docs.mixpanel.com/troubleshooting/errors */
const answers: readonly Answer[] = [
  {
    status: 401,
    means:
      "Mixpanel knows no such token, or the service account may not write to the project: copy MIXPANEL_TOKEN again from the project's settings, and check MIXPANEL_PROJECT_ID and MIXPANEL_REGION",
  },
  { status: 403, means: 'the service account must be an owner or admin of the project' },
  { status: 404, means: 'the server is no proxy for Mixpanel: check MIXPANEL_HOST' },
  { status: 429, means: 'the project is over its rate limit: ask Mixpanel for more, or try again' },
];

export const mixpanel: Vendor = {
  name: 'mixpanel',
  app,
  records: ['SignUp', 'Login'],
  answers,
  secrets: ({ url }) => ({ MIXPANEL_TOKEN: TOKEN, MIXPANEL_HOST: url }),
};
