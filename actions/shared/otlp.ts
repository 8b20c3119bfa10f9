/** OTLP's JSON. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
import * as v from 'valibot';

/** A 64-bit number is a string in Protobuf's JSON. https://protobuf.dev/programming-guides/json/ */
export const toNanoseconds = (time: Date): string => `${time.getTime()}000000`;

/** Backends drop older records: New Relic after 48 hours, Loki after 7 days. Without a time, that of arrival counts. */
const TIMESTAMP_LIMIT_MS = 47 * 60 * 60 * 1000;

export const isTooOld = (time: Date, now: Date): boolean =>
  now.getTime() - time.getTime() > TIMESTAMP_LIMIT_MS;

/** The attributes that have a value. */
export const toAttributes = (values: Readonly<Record<string, string | number | Date | undefined>>) =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => ({ key, value: toAnyValue(value) }));

const toAnyValue = (value: string | number | Date | undefined) => {
  if (typeof value === 'number') return { intValue: String(value) };
  return { stringValue: value instanceof Date ? value.toISOString() : value };
};

/** Some receivers respond with nothing. @internal */
export const Acceptance = v.union([
  v.undefined(),
  v.strictObject({ partialSuccess: v.optional(v.looseObject({})) }),
]);

const PartialRejection = v.object({
  partialSuccess: v.object({
    rejectedLogRecords: v.pipe(v.union([v.string(), v.number()]), v.transform(Number), v.minValue(1)),
    errorMessage: v.optional(v.string(), ''),
  }),
});

/** What an accepted request says of rejected records. https://opentelemetry.io/docs/specs/otlp/#partial-success-1 */
export const getRejection = (body: unknown): string | undefined => {
  const { success, output } = v.safeParse(PartialRejection, body);
  if (!success) return undefined;
  const { rejectedLogRecords, errorMessage } = output.partialSuccess;
  return `${rejectedLogRecords} rejected${errorMessage && `: ${errorMessage}`}`;
};
