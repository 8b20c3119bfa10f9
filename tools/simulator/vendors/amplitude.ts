/**
 * Mocks Amplitude's HTTP V2 API: the API key, the limits of a request, the validation of events, of which one invalid
 * event rejects all, deduplication by user or device and `insert_id`, and what is stored of users and groups. A device is
 * joined to the first user who has an event on it. Where Amplitude would look up the location of an IP address, the mock
 * stores the address itself as `ip` of the profile.
 *
 * Limitations: no regions, no throttled users, no silenced devices, and of the operations on properties only `$set` and
 * `$setOnce` change them; strings are not truncated after 1024 characters, and an `insert_id` is remembered for longer
 * than 7 days.
 *
 * Undocumented, so guessed: 400 for another content type, and which events are named where several are invalid (all of
 * them: the documentation has it both ways).
 *
 * https://amplitude.com/docs/apis/analytics/http-v2
 * https://amplitude.com/docs/apis/analytics/http-api-batching-retries
 * https://amplitude.com/docs/data/sources/instrument-track-unique-users
 * https://amplitude.com/docs/data/understand-ip-address-and-location
 */
import { type Context, Hono } from 'hono';
import { asString, isObject, type JsonObject, parseObject } from '../json.ts';
import { getMediaType } from './media-type.ts';
import type { Vendor, VendorEnv, VendorEvent } from './vendor-mock.ts';
import { join, setProperties } from './vendor-store.ts';

const API_KEY = '5a105e8b9d40e1329780d62ea2265d8a';
const TYPES = new Map<unknown, VendorEvent['type']>([
  ['Signed Up', 'SignUp'],
  ['Logged In', 'Login'],
]);

const REQUEST_LIMIT_BYTES = 1024 * 1024;
const REQUEST_LIMIT_EVENTS = 2000;
const ID_MIN_CHARACTERS = 5;
const LIMIT_LEVELS = 40;
const NOT_IDS = [
  ...['anonymous', 'nil', 'none', 'null', 'n/a', 'na', 'undefined', 'unknown', '""', '{}', 'lmy47d', '0'],
  ...['-1', '00000000-0000-0000-0000-000000000000'],
];
const RESERVED = /^\[Amplitude\] /;
/** Field → property of the user. Setting one of them resets the others. */
const LOCATION = {
  country: '[Amplitude] Country',
  region: '[Amplitude] Region',
  city: '[Amplitude] City',
  dma: '[Amplitude] DMA',
};
const GROUP_TYPES_LIMIT = 5;
const GROUPS_LIMIT = 10;

const app = new Hono<VendorEnv>();

app.post('/2/httpapi', async (c) => {
  const sent = await c.req.text();
  const bytes = Buffer.byteLength(sent);
  if (bytes >= REQUEST_LIMIT_BYTES) return reject(c, 413, 'Payload too large');
  if (sent === '') return reject(c, 400, 'Missing request body');
  const body = parseObject(sent);
  if (getMediaType(c) !== 'application/json' || !body) {
    return reject(c, 400, 'Invalid JSON request body');
  }
  const missing_field = ['api_key', 'events'].find((field) => body[field] === undefined);
  if (missing_field) return reject(c, 400, 'Request missing required field', { missing_field });
  const { api_key, events, options } = body;
  if (api_key !== API_KEY) return reject(c, 400, `Invalid API key: ${api_key}`);
  if (!Array.isArray(events) || !events.every(isObject)) return reject(c, 400, 'Invalid event JSON');
  if (events.length >= REQUEST_LIMIT_EVENTS) return reject(c, 413, 'Payload too large');

  const { min_id_length = ID_MIN_CHARACTERS } = isObject(options) ? options : {};
  const violations = [
    {
      error: 'Request missing required field',
      name: 'events_with_missing_fields',
      indexes: byField(events, missingFields),
    },
    {
      error: 'Invalid field values on some events',
      name: 'events_with_invalid_fields',
      indexes: byField(events, invalidFields),
    },
    {
      error: 'Invalid id length for user_id or device_id',
      name: 'events_with_invalid_id_lengths',
      indexes: byField(events, (event) => shortIds(event, Number(min_id_length))),
    },
  ].filter(({ indexes }) => Object.keys(indexes).length > 0);
  if (violations[0]) {
    const details = violations.map(({ name, indexes }) => [name, indexes]);
    return reject(c, 400, violations[0].error, Object.fromEntries(details));
  }

  for (const event of events) acceptEvent(c.env, event, Number(min_id_length));
  return c.json({
    code: 200,
    events_ingested: events.length,
    payload_size_bytes: bytes,
    server_upload_time: Date.now(),
  });
});

const reject = (c: Context, code: 400 | 413, error: string, details: JsonObject = {}): Response =>
  c.json({ code, error, ...details }, code);

/** Field → indexes of the events in which it is invalid. */
const byField = (
  events: readonly JsonObject[],
  getFields: (event: JsonObject) => readonly string[],
): Record<string, number[]> => {
  const indexes: Record<string, number[]> = {};
  for (const [index, event] of events.entries()) {
    for (const field of getFields(event)) indexes[field] = [...(indexes[field] ?? []), index];
  }
  return indexes;
};

const IDS = ['user_id', 'device_id'];

const missingFields = ({ event_type, user_id, device_id }: JsonObject): string[] => [
  ...(event_type === undefined ? ['event_type'] : []),
  ...(user_id === undefined && device_id === undefined ? IDS : []),
];

const isString = (value: unknown): boolean => typeof value === 'string';
const isSmallObject = (value: unknown): boolean => isObject(value) && getDepth(value) <= LIMIT_LEVELS;
const isGroup = (value: unknown): boolean => ['string', 'number'].includes(typeof value);

const RULES: Readonly<Record<string, (value: unknown) => boolean>> = {
  event_type: (value) => asString(value) !== '' && !RESERVED.test(asString(value)),
  user_id: (value) => typeof value === 'string' && !NOT_IDS.includes(value),
  device_id: (value) => typeof value === 'string' && !NOT_IDS.includes(value),
  time: Number.isInteger,
  session_id: Number.isInteger,
  insert_id: isString,
  ip: isString,
  ...Object.fromEntries(Object.keys(LOCATION).map((name) => [name, isString])),
  language: isString,
  user_agent: isString,
  library: isString,
  groups: (value) => isObject(value) && Object.values(value).flat().every(isGroup),
  group_properties: isSmallObject,
  event_properties: isSmallObject,
  user_properties: isSmallObject,
};

const invalidFields = (event: JsonObject): string[] =>
  Object.entries(RULES).flatMap(([field, isValid]) =>
    event[field] === undefined || isValid(event[field]) ? [] : [field],
  );

/** Amplitude removes a short id from its event, and rejects the event if it has no other. */
const shortIds = (event: JsonObject, minLength: number): string[] => {
  const present = IDS.filter((field) => typeof event[field] === 'string');
  const short = present.filter((field) => asString(event[field]).length < minLength);
  return short.length === present.length ? short : [];
};

const getDepth = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(getDepth)) : 0;

const acceptEvent = (
  { accept, store, remoteAddress }: VendorEnv['Bindings'],
  event: JsonObject,
  minIdLength: number,
): void => {
  const [userId, deviceId] = IDS.map((field) => asString(event[field])).map((id) =>
    id.length >= minIdLength ? id : '',
  ) as [string, string];
  const id = asString(event.insert_id);
  const type = TYPES.get(event.event_type) ?? 'other';
  // Amplitude derives a missing device id from the user id.
  accept({ id, type, userId, payload: event }, id && JSON.stringify([deviceId || userId, id]));

  join(store.identities, deviceId, userId);
  const { user_properties, group_properties, groups } = event;
  applyOperations(store.profiles, userId || deviceId, user_properties);
  setProperties(store.profiles, userId || deviceId, toLocation(event, remoteAddress));
  for (const group of toGroups(groups)) applyOperations(store.groups, group, group_properties);
};

/** Properties without an operation are set. */
const applyOperations = (entries: Map<string, JsonObject>, id: string, properties: unknown): void => {
  const { $set, $setOnce, ...others } = isObject(properties) ? properties : {};
  const plain = Object.entries(others).filter(([name]) => !name.startsWith('$'));
  setProperties(entries, id, { ...Object.fromEntries(plain), ...(isObject($set) && $set) }, $setOnce);
};

const toLocation = (event: JsonObject, remoteAddress: string): JsonObject => {
  const fields = Object.entries(LOCATION);
  if (fields.some(([field]) => event[field] !== undefined))
    return Object.fromEntries(fields.map(([field, property]) => [property, event[field]]));
  if (event.ip === undefined) return {};
  return { ip: event.ip === '$remote' ? remoteAddress : event.ip };
};

const toGroups = (groups: unknown): string[] =>
  Object.entries(isObject(groups) ? groups : {})
    .slice(0, GROUP_TYPES_LIMIT)
    .flatMap(([type, values]) => [values].flat().map((value) => `${type}:${value}`))
    .slice(0, GROUPS_LIMIT);

export const amplitude: Vendor = {
  name: 'amplitude',
  app,
  recordedTypes: ['SignUp', 'Login'],
  secrets: ({ url }) => ({ AMPLITUDE_API_KEY: API_KEY, AMPLITUDE_HOST: url }),
};
