/**
 * Imitates Keen's event collection: the write key, one event or many, the rules for properties and for what stands
 * under `keen`, and the rejection of repeated events.
 * https://keen.io/docs/api/#event-collections
 * https://keen.io/blog/updating-keens-api-status-codes/
 * https://keen.io/blog/uniqueness-token-for-rejecting-duplicate-events-guarantee-exactly-once-delivery/
 *
 * Not documented, so guessed: most messages and error codes, the answer to a repeated event (as to a first one), and
 * to a content type other than application/json.
 *
 * Not reproduced: keys in the query, scoped keys, the 31 days after which a uniqueness token is forgotten, what
 * add-ons add, and everything that reads or deletes.
 */
import { type Context, Hono } from 'hono';
import * as v from 'valibot';
import {
  type Answer,
  asText,
  isObject,
  type JsonObject,
  parseObject,
  type Vendor,
  type VendorEnv,
  type VendorEvent,
} from './vendor-mock.ts';

const PROJECT_ID = '5f8e1c2ab1d4e7000a6c93d2';
const WRITE_KEY = 'E4C9A7F21B6D830F5A9C';
const TYPES = new Map<string, VendorEvent['type']>([
  ['signups', 'SignUp'],
  ['logins', 'Login'],
]);

const EVENT_LIMIT_BYTES = 900_000;
const STRING_LIMIT_CHARACTERS = 10_000;
const PROPERTY_NAME_LIMIT_CHARACTERS = 256;

/** What a sender may put under `keen`; the rest is Keen's own. */
const KeenProperties = v.strictObject({
  timestamp: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  uniqueness_token: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(64))),
  addons: v.optional(v.array(v.object({ name: v.string(), input: v.looseObject({}), output: v.string() }))),
  location: v.optional(v.object({ coordinates: v.tuple([v.number(), v.number()]) })),
});

const app = new Hono<VendorEnv>().basePath('/3.0/projects/:project/events');

app.use(async (c, next) => {
  if (c.req.param('project') !== PROJECT_ID)
    return refuse(c, 404, 'ResourceNotFoundError', 'No such project.');
  if (c.req.header('Authorization') !== WRITE_KEY)
    return refuse(c, 401, 'InvalidApiKeyError', 'Invalid API key.');
  if (c.req.header('Content-Type')?.split(';')[0] !== 'application/json') return refuseBody(c);
  return next();
});

app.post('/:collection', async (c) => {
  const event = parseObject(await c.req.text());
  if (!event) return refuseBody(c);
  if (isTooLarge(event)) return refuseSize(c);
  const violation = findViolation(event);
  if (violation) return refuse(c, 400, violation.name, violation.description);
  accept(c, c.req.param('collection'), event);
  return c.json({ created: true }, 201);
});

app.post('/', async (c) => {
  const collections = Object.entries(parseObject(await c.req.text()) ?? {});
  if (collections.length === 0 || !collections.every(isCollection)) return refuseBody(c);
  if (collections.some(([, events]) => events.some(isTooLarge))) return refuseSize(c);
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

const refuse = (c: Context, status: 400 | 401 | 404 | 413, error_code: string, message: string): Response =>
  c.json({ message, error_code }, status);
const refuseBody = (c: Context) => refuse(c, 400, 'InvalidJSONError', 'The body must be a JSON object.');
const refuseSize = (c: Context) => refuse(c, 413, 'RequestEntityTooLargeError', 'The event is too large.');

const isTooLarge = (event: JsonObject): boolean =>
  Buffer.byteLength(JSON.stringify(event)) > EVENT_LIMIT_BYTES;
const isCollection = (entry: [string, unknown]): entry is [string, JsonObject[]] =>
  Array.isArray(entry[1]) && entry[1].every(isObject);

const accept = (c: Context<VendorEnv>, collection: string, payload: JsonObject): void => {
  const id = isObject(payload.keen) ? asText(payload.keen.uniqueness_token) : '';
  const type = TYPES.get(collection) ?? 'other';
  c.env.accept({ id, type, userId: asText(payload.userId), payload }, id && `${collection} ${id}`);
};

interface Violation {
  name: string;
  description: string;
}

const findViolation = (event: JsonObject): Violation | undefined => {
  for (const [name, value] of properties(event)) {
    if (name.length > PROPERTY_NAME_LIMIT_CHARACTERS || name.includes('.'))
      return { name: 'InvalidPropertyNameError', description: `'${name}' is too long or contains a period.` };
    if (asText(value).length >= STRING_LIMIT_CHARACTERS)
      return { name: 'InvalidPropertyValueError', description: `The value of '${name}' is too long.` };
  }
  const { issues } = v.safeParse(v.optional(KeenProperties), event.keen);
  return issues && { name: 'InvalidPropertyValueError', description: `keen: ${issues[0].message}.` };
};

/** Every property, however deep. */
function* properties(value: object): Generator<[name: string, value: unknown]> {
  for (const [name, child] of Object.entries(value)) {
    yield [name, child];
    if (typeof child === 'object' && child !== null) yield* properties(child);
  }
}

/** https://keen.io/docs/api/ */
const answers: readonly Answer[] = [
  {
    status: 401,
    means: "the key is not the project's: copy KEENIO_WRITE_KEY again from the project's Access page",
  },
  {
    status: 404,
    means: 'Keen knows no such project: copy KEENIO_PROJECT_ID again, and check KEENIO_URL if it is set',
  },
  {
    status: 400,
    means:
      'Keen does not take the event: check the names of the collections in KEENIO_SIGNUP_COLLECTION and KEENIO_LOGIN_COLLECTION',
  },
];

export const keen: Vendor = {
  name: 'keen',
  app,
  records: ['SignUp'],
  answers,
  secrets: ({ url }) => ({ KEENIO_PROJECT_ID: PROJECT_ID, KEENIO_WRITE_KEY: WRITE_KEY, KEENIO_URL: url }),
};
