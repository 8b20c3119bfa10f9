/**
 * Mocks an OpenTelemetry receiver of logs over OTLP/HTTP: credentials in a header, Protobuf as JSON and in binary, and
 * responses of partial success, in the encoding of the request.
 *
 * Limitations: no gRPC, no traces, no metrics, no limits of size and age.
 *
 * Stricter than the specification: an unknown field is rejected, so that a misspelled one is noticed; so are times that
 * are not strings, which a number is not precise enough for, null, and values without a type.
 *
 * Vendors differ in which log records they reject: here those with a duplicate attribute. OTLP has no deduplication: here
 * a duplicate is known by `log.record.uid`, as the semantic conventions suggest.
 *
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * https://protobuf.dev/programming-guides/json/
 * https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto/logs/v1
 * https://github.com/open-telemetry/opentelemetry-collector/blob/main/receiver/otlpreceiver/otlphttp.go
 */
import { type Context, Hono } from 'hono';
import * as v from 'valibot';
import { type JsonObject, parseObject } from '../json.ts';
import { getMediaType } from './media-type.ts';
import { decodeRequest, encodeResponse, encodeStatus } from './otlp-protobuf.ts';
import type { Vendor, VendorEnv, VendorEvent } from './vendor-mock.ts';

const CREDENTIALS = Buffer.from('1234567:glc_eyJvIjoiOTg3NiIsIm4iOiJhdXRoMCJ9').toString('base64');

const TYPES = new Map<unknown, VendorEvent['type']>([
  ['auth0.signup', 'SignUp'],
  ['auth0.login', 'Login'],
]);

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const INVALID_ARGUMENT = 3;
const UNAUTHENTICATED = 16;

const UnsignedLong = v.pipe(v.string(), v.regex(/^\d{1,20}$/));
/** The JSON mapping is a string, and parsers accept a number as well: OpenTelemetry's own exporter sends one. */
const Long = v.union(
  [v.pipe(v.string(), v.regex(/^-?\d{1,19}$/)), v.pipe(v.number(), v.integer())],
  'must be an integer, as a string or as a number',
);
const UnsignedInteger = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));
const hex = (bytes: number) => v.pipe(v.string(), v.hexadecimal(), v.length(2 * bytes));

const AnyValue: v.GenericSchema<unknown> = v.pipe(
  v.strictObject({
    stringValue: v.optional(v.string()),
    boolValue: v.optional(v.boolean()),
    intValue: v.optional(Long),
    doubleValue: v.optional(v.union([v.number(), v.picklist(['NaN', 'Infinity', '-Infinity'])])),
    arrayValue: v.optional(v.strictObject({ values: v.optional(v.array(v.lazy(() => AnyValue))) })),
    kvlistValue: v.optional(v.strictObject({ values: v.optional(v.lazy(() => KeyValues)) })),
    bytesValue: v.optional(v.pipe(v.string(), v.base64())),
  }),
  v.check((value) => Object.keys(value).length === 1, 'must have one of stringValue, intValue …'),
);

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

const attributes = {
  attributes: v.optional(KeyValues),
  droppedAttributesCount: v.optional(UnsignedInteger),
};

const Request = v.strictObject({
  resourceLogs: v.array(
    v.strictObject({
      resource: v.optional(v.strictObject(attributes)),
      scopeLogs: v.array(
        v.strictObject({
          scope: v.optional(
            v.strictObject({ name: v.optional(v.string()), version: v.optional(v.string()), ...attributes }),
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
    return reject(c, 401, UNAUTHENTICATED, 'the request has no valid credentials');
  if (c.req.method !== 'POST') return c.text('405 method not allowed, supported: [POST]', 405);
  if (!isJson(c) && !isProtobuf(c))
    return c.text('415 unsupported media type, supported: [application/json, application/x-protobuf]', 415);
  const { success, output, issues } = v.safeParse(Request, await readRequest(c));
  if (!success) return reject(c, 400, INVALID_ARGUMENT, `${v.getDotPath(issues[0])}: ${issues[0].message}`);

  const records = output.resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) => logRecords),
  );
  const accepted = records.filter(hasUniqueAttributes);
  for (const record of accepted) c.env.accept(toEvent(record));
  const rejected = records.length - accepted.length;
  const errorMessage = 'log records must not have duplicate attributes';
  if (isProtobuf(c)) return respondInProtobuf(c, 200, encodeResponse(rejected, errorMessage));
  if (rejected === 0) return c.json({});
  return c.json({ partialSuccess: { rejectedLogRecords: String(rejected), errorMessage } });
});

const isJson = (c: Context): boolean => getMediaType(c) === 'application/json';
const isProtobuf = (c: Context): boolean => getMediaType(c) === 'application/x-protobuf';

const readRequest = async (c: Context): Promise<JsonObject | undefined> =>
  isJson(c) ? parseObject(await c.req.text()) : decodeRequest(Buffer.from(await c.req.arrayBuffer()));

/** https://opentelemetry.io/docs/specs/otlp/#failures-1 */
const reject = (c: Context, status: 400 | 401, code: number, message: string): Response =>
  isProtobuf(c)
    ? respondInProtobuf(c, status, encodeStatus(code, message))
    : c.json({ code, message }, status);

const respondInProtobuf = (c: Context, status: 200 | 400 | 401, message: Buffer): Response =>
  c.body(new Uint8Array(message), status, { 'Content-Type': 'application/x-protobuf' });

const hasUniqueAttributes = ({ attributes }: LogRecord): boolean =>
  new Set(attributes.map(({ key }) => key)).size === attributes.length;

const toEvent = (record: LogRecord): VendorEvent => {
  const getAttribute = (key: string): string => {
    const attribute = record.attributes.find((attribute) => attribute.key === key);
    return String(Reflect.get(Object(attribute?.value), 'stringValue') ?? '');
  };
  const type = TYPES.get(record.eventName) ?? 'other';
  return { id: getAttribute('log.record.uid'), type, userId: getAttribute('user.id'), payload: record };
};

export const otlp: Vendor = {
  name: 'otlp',
  app,
  recordedTypes: ['SignUp', 'Login'],
  secrets: ({ url }) => ({ OTLP_ENDPOINT: url, OTLP_HEADERS: `Authorization=Basic%20${CREDENTIALS}` }),
};
