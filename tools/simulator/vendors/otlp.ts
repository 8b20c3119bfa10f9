/**
 * Imitates a receiver of OpenTelemetry's logs over OTLP/HTTP in JSON: credentials in a header, Protobuf's JSON, and
 * answers that refuse a part.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * https://protobuf.dev/programming-guides/json/
 * https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto/logs/v1
 * https://github.com/open-telemetry/opentelemetry-collector/blob/main/receiver/otlpreceiver/otlphttp.go
 *
 * Stricter than the specification: a field that does not exist is refused, so that a misspelt one is noticed; so are
 * numbers of 64 bits that are not texts, null, and values of no type.
 *
 * Each vendor has rules of its own about which log records it refuses: here those that have an attribute twice. OTLP knows
 * no repetitions. Here `log.record.uid` tells them, as the semantic conventions suggest.
 *
 * Not reproduced: Protobuf's binary form, gRPC, traces and metrics, limits of size and age.
 */
import { type Context, Hono } from 'hono';
import * as v from 'valibot';
import { type Answer, parseObject, type Vendor, type VendorEnv, type VendorEvent } from './vendor-mock.ts';

const CREDENTIALS = Buffer.from('1234567:glc_eyJvIjoiOTg3NiIsIm4iOiJhdXRoMCJ9').toString('base64');

const TYPES = new Map<unknown, VendorEvent['type']>([
  ['auth0.signup', 'SignUp'],
  ['auth0.login', 'Login'],
]);

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const INVALID_ARGUMENT = 3;
const UNAUTHENTICATED = 16;

const UnsignedLong = v.pipe(v.string(), v.regex(/^\d{1,20}$/));
const Long = v.pipe(v.string(), v.regex(/^-?\d{1,19}$/));
const UnsignedInteger = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));
const hex = (bytes: number) => v.pipe(v.string(), v.hexadecimal(), v.length(2 * bytes));

const AnyValue: v.GenericSchema<unknown> = v.union([
  v.strictObject({ stringValue: v.string() }),
  v.strictObject({ boolValue: v.boolean() }),
  v.strictObject({ intValue: Long }),
  v.strictObject({ doubleValue: v.union([v.number(), v.picklist(['NaN', 'Infinity', '-Infinity'])]) }),
  v.strictObject({ arrayValue: v.strictObject({ values: v.array(v.lazy(() => AnyValue)) }) }),
  v.strictObject({ kvlistValue: v.strictObject({ values: v.lazy(() => KeyValues) }) }),
  v.strictObject({ bytesValue: v.pipe(v.string(), v.base64()) }),
]);

const KeyValues = v.array(v.strictObject({ key: v.pipe(v.string(), v.minLength(1)), value: AnyValue }));

const LogRecord = v.strictObject({
  timeUnixNano: v.optional(UnsignedLong),
  observedTimeUnixNano: v.optional(UnsignedLong),
  severityNumber: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(24))),
  severityText: v.optional(v.string()),
  eventName: v.optional(v.string()),
  body: v.optional(AnyValue),
  attributes: v.optional(KeyValues, []),
  droppedAttributesCount: v.optional(UnsignedInteger),
  flags: v.optional(UnsignedInteger),
  traceId: v.optional(hex(16)),
  spanId: v.optional(hex(8)),
});
type LogRecord = v.InferOutput<typeof LogRecord>;

const described = {
  attributes: v.optional(KeyValues),
  droppedAttributesCount: v.optional(UnsignedInteger),
};

const Request = v.strictObject({
  resourceLogs: v.array(
    v.strictObject({
      resource: v.optional(v.strictObject(described)),
      scopeLogs: v.array(
        v.strictObject({
          scope: v.optional(
            v.strictObject({ name: v.optional(v.string()), version: v.optional(v.string()), ...described }),
          ),
          logRecords: v.array(LogRecord),
          schemaUrl: v.optional(v.string()),
        }),
      ),
      schemaUrl: v.optional(v.string()),
    }),
  ),
});

const app = new Hono<VendorEnv>();

app.all('/v1/logs', async (c) => {
  if (c.req.header('Authorization') !== `Basic ${CREDENTIALS}`)
    return refuse(c, 401, UNAUTHENTICATED, 'the request has no valid credentials');
  if (c.req.method !== 'POST') return c.text('405 method not allowed, supported: [POST]', 405);
  if (c.req.header('Content-Type')?.split(';')[0] !== 'application/json')
    return c.text('415 unsupported media type, supported: [application/json]', 415);
  const { success, output, issues } = v.safeParse(Request, parseObject(await c.req.text()));
  if (!success) return refuse(c, 400, INVALID_ARGUMENT, `${v.getDotPath(issues[0])}: ${issues[0].message}`);

  const records = output.resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) => logRecords),
  );
  const accepted = records.filter(hasEachAttributeOnce);
  for (const record of accepted) c.env.accept(toEvent(record));
  const rejected = records.length - accepted.length;
  if (rejected === 0) return c.json({});
  const errorMessage = 'log records must not have an attribute twice';
  return c.json({ partialSuccess: { rejectedLogRecords: String(rejected), errorMessage } });
});

/** https://opentelemetry.io/docs/specs/otlp/#failures-1 */
const refuse = (c: Context, status: 400 | 401, code: number, message: string): Response =>
  c.json({ code, message }, status);

const hasEachAttributeOnce = ({ attributes }: LogRecord): boolean =>
  new Set(attributes.map(({ key }) => key)).size === attributes.length;

const toEvent = (record: LogRecord): VendorEvent => {
  const textOf = (key: string): string => {
    const attribute = record.attributes.find((attribute) => attribute.key === key);
    return String(Reflect.get(Object(attribute?.value), 'stringValue') ?? '');
  };
  const type = TYPES.get(record.eventName) ?? 'other';
  return { id: textOf('log.record.uid'), type, userId: textOf('user.id'), payload: record };
};

const CREDENTIALS_WRONG =
  'the credentials are not accepted: OTLP_HEADERS must have them as the vendor documents OTEL_EXPORTER_OTLP_HEADERS, with %20 for a blank';
const ADDRESS_WRONG =
  'no logs are taken at this address: OTLP_ENDPOINT must be the one for OTLP over HTTP, not gRPC, as the vendor documents OTEL_EXPORTER_OTLP_ENDPOINT';

/** https://opentelemetry.io/docs/specs/otlp/#otlphttp-response */
const answers: readonly Answer[] = [
  { status: 401, means: CREDENTIALS_WRONG },
  { status: 403, means: CREDENTIALS_WRONG },
  { status: 404, means: ADDRESS_WRONG },
  { status: 405, means: ADDRESS_WRONG },
  {
    status: 415,
    means:
      'JSON is not taken there, only Protobuf: put an OpenTelemetry Collector in front, which takes both',
  },
  {
    status: 400,
    means: 'what the Action sends is not understood, or OTLP_HEADERS lacks a header: ask the vendor',
  },
  { status: 429, means: 'the account is over its rate limit: ask the vendor for more, or try again' },
];

export const otlp: Vendor = {
  name: 'otlp',
  app,
  records: ['SignUp', 'Login'],
  answers,
  secrets: ({ url }) => ({ OTLP_ENDPOINT: url, OTLP_HEADERS: `Authorization=Basic%20${CREDENTIALS}` }),
};
