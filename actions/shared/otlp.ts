/** OTLP's JSON. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
import { getField, getString, isEmptyObject } from '../../lib/json.ts';

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

/** The only field of a response is `partialSuccess`. Some receivers respond with nothing. */
export const isAcceptance = (body: unknown): boolean =>
  body === undefined ||
  isEmptyObject(body) ||
  (typeof body === 'object' && body !== null && Object.keys(body).join() === 'partialSuccess');

/** What an accepted request says of rejected records. https://opentelemetry.io/docs/specs/otlp/#partial-success-1 */
export const getRejection = (body: unknown): string | undefined => {
  const partialSuccess = getField(body, 'partialSuccess');
  const rejected = Number(getField(partialSuccess, 'rejectedLogRecords'));
  if (!(rejected > 0)) return undefined;
  const message = getString(getField(partialSuccess, 'errorMessage'));
  return `${rejected} rejected${message ? `: ${message}` : ''}`;
};
