/**
 * Mocks Keen's event collection: the write key, one event or several, the rules for properties and for what `keen` may
 * hold, and the rejection of duplicate events.
 *
 * Limitations: no keys in the query, no scoped keys, no add-on results, nothing that reads or deletes, and a uniqueness
 * token is remembered for longer than 31 days.
 *
 * Undocumented, so guessed: most messages and error codes, and the responses to a duplicate event (the same as to the
 * first) and to a content type other than application/json.
 *
 * https://keen.io/docs/api/#event-collections
 * https://keen.io/blog/updating-keens-api-status-codes/
 * https://keen.io/blog/uniqueness-token-for-rejecting-duplicate-events-guarantee-exactly-once-delivery/
 */
import { type Context, Hono } from 'hono';
import * as v from 'valibot';
import { asString, isObject, type JsonObject, parseObject } from '../json.ts';
import { getMediaType } from './media-type.ts';
import type { Vendor, VendorEnv, VendorEvent } from './vendor-mock.ts';

const PROJECT_ID = '5f8e1c2ab1d4e7000a6c93d2';
const WRITE_KEY = 'E4C9A7F21B6D830F5A9C';
const TYPES = new Map<string, VendorEvent['type']>([
  ['signups', 'SignUp'],
  ['logins', 'Login'],
]);

const EVENT_LIMIT_BYTES = 900_000;
const STRING_LIMIT_CHARACTERS = 10_000;
const PROPERTY_NAME_LIMIT_CHARACTERS = 256;

/** What a sender may set in `keen`; the other properties are Keen's own. */
const KeenProperties = v.strictObject({
  timestamp: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  uniqueness_token: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(64))),
  addons: v.optional(v.array(v.object({ name: v.string(), input: v.looseObject({}), output: v.string() }))),
  location: v.optional(v.object({ coordinates: v.tuple([v.number(), v.number()]) })),
});

const app = new Hono<VendorEnv>().basePath('/3.0/projects/:project/events');

app.use(async (c, next) => {
  if (c.req.param('project') !== PROJECT_ID)
    return reject(c, 404, 'ResourceNotFoundError', 'No such project.');
  if (c.req.header('Authorization') !== WRITE_KEY)
    return reject(c, 401, 'InvalidApiKeyError', 'Invalid API key.');
  if (getMediaType(c) !== 'application/json') return rejectBody(c);
  return next();
});

app.post('/:collection', async (c) => {
  const event = parseObject(await c.req.text());
  if (!event) return rejectBody(c);
  if (isTooLarge(event)) return rejectSize(c);
  const violation = findViolation(event);
  if (violation) return reject(c, 400, violation.name, violation.description);
  accept(c, c.req.param('collection'), event);
  return c.json({ created: true }, 201);
});

app.post('/', async (c) => {
  const collections = Object.entries(parseObject(await c.req.text()) ?? {});
  if (collections.length === 0 || !collections.every(isCollection)) return rejectBody(c);
  if (collections.some(([, events]) => events.some(isTooLarge))) return rejectSize(c);
  const results = collections.map(([collection, events]) => [
    collection,
    events.map((event) => {
      const error = findViolation(event);
      if (!error) accept(c, collection, event);
      return error ? { success: false, error } : { success: true };
    }),
  ]);
  return c.json(Object.fromEntries(results));
});

const reject = (c: Context, status: 400 | 401 | 404 | 413, error_code: string, message: string): Response =>
  c.json({ message, error_code }, status);
const rejectBody = (c: Context) => reject(c, 400, 'InvalidJSONError', 'The body must be a JSON object.');
const rejectSize = (c: Context) => reject(c, 413, 'RequestEntityTooLargeError', 'The event is too large.');

const isTooLarge = (event: JsonObject): boolean =>
  Buffer.byteLength(JSON.stringify(event)) > EVENT_LIMIT_BYTES;
const isCollection = (entry: [string, unknown]): entry is [string, JsonObject[]] =>
  Array.isArray(entry[1]) && entry[1].every(isObject);

const accept = (c: Context<VendorEnv>, collection: string, payload: JsonObject): void => {
  const id = isObject(payload.keen) ? asString(payload.keen.uniqueness_token) : '';
  const type = TYPES.get(collection) ?? 'other';
  c.env.accept({ id, type, userId: asString(payload.userId), payload }, id && `${collection} ${id}`);
};

interface Violation {
  name: string;
  description: string;
}

const findViolation = (event: JsonObject): Violation | undefined => {
  for (const [name, value] of properties(event)) {
    if (name.length > PROPERTY_NAME_LIMIT_CHARACTERS || name.includes('.'))
      return { name: 'InvalidPropertyNameError', description: `'${name}' is too long or contains a period.` };
    if (asString(value).length >= STRING_LIMIT_CHARACTERS)
      return { name: 'InvalidPropertyValueError', description: `The value of '${name}' is too long.` };
  }
  const { issues } = v.safeParse(v.optional(KeenProperties), event.keen);
  return issues && { name: 'InvalidPropertyValueError', description: `keen: ${issues[0].message}.` };
};

/** Every property, at any depth. */
function* properties(value: object): Generator<[name: string, value: unknown]> {
  for (const [name, child] of Object.entries(value)) {
    yield [name, child];
    if (typeof child === 'object' && child !== null) yield* properties(child);
  }
}

export const keen: Vendor = {
  name: 'keen',
  app,
  recordedTypes: ['SignUp'],
  secrets: ({ url }) => ({ KEENIO_PROJECT_ID: PROJECT_ID, KEENIO_WRITE_KEY: WRITE_KEY, KEENIO_URL: url }),
};
