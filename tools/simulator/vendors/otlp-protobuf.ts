/**
 * Binary Protobuf ↔ the JSON mapping, for the messages of OTLP logs.
 *
 * https://protobuf.dev/programming-guides/encoding/
 * https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
 */
import type { JsonObject } from '../json.ts';

type Scalar = 'string' | 'bool' | 'int64' | 'uint32' | 'fixed32' | 'fixed64' | 'double' | 'base64' | 'hex';

interface Field {
  readonly name: string;
  readonly type: Scalar | (() => Message);
  readonly isRepeated?: true;
}

/** Number of the field → the field. */
type Message = Readonly<Record<number, Field>>;

const field = (name: string, type: Field['type']): Field => ({ name, type });
const repeated = (name: string, type: () => Message): Field => ({ name, type, isRepeated: true });

const KEY_VALUE: Message = { 1: field('key', 'string'), 2: field('value', () => ANY_VALUE) };
const ANY_VALUE: Message = {
  1: field('stringValue', 'string'),
  2: field('boolValue', 'bool'),
  3: field('intValue', 'int64'),
  4: field('doubleValue', 'double'),
  5: field('arrayValue', () => ({ 1: repeated('values', () => ANY_VALUE) })),
  6: field('kvlistValue', () => ({ 1: repeated('values', () => KEY_VALUE) })),
  7: field('bytesValue', 'base64'),
};
const attributes = repeated('attributes', () => KEY_VALUE);
const droppedAttributesCount = field('droppedAttributesCount', 'uint32');
const RESOURCE: Message = { 1: attributes, 2: droppedAttributesCount };
const SCOPE: Message = {
  1: field('name', 'string'),
  2: field('version', 'string'),
  3: attributes,
  4: droppedAttributesCount,
};
const LOG_RECORD: Message = {
  1: field('timeUnixNano', 'fixed64'),
  2: field('severityNumber', 'uint32'),
  3: field('severityText', 'string'),
  5: field('body', () => ANY_VALUE),
  6: attributes,
  7: droppedAttributesCount,
  8: field('flags', 'fixed32'),
  9: field('traceId', 'hex'),
  10: field('spanId', 'hex'),
  11: field('observedTimeUnixNano', 'fixed64'),
  12: field('eventName', 'string'),
};
const SCOPE_LOGS: Message = {
  1: field('scope', () => SCOPE),
  2: repeated('logRecords', () => LOG_RECORD),
  3: field('schemaUrl', 'string'),
};
const RESOURCE_LOGS: Message = {
  1: field('resource', () => RESOURCE),
  2: repeated('scopeLogs', () => SCOPE_LOGS),
  3: field('schemaUrl', 'string'),
};
const REQUEST: Message = { 1: repeated('resourceLogs', () => RESOURCE_LOGS) };

/** The request in its JSON mapping; undefined if the bytes are no message. */
export const decodeRequest = (bytes: Buffer): JsonObject | undefined => {
  try {
    return decode(bytes, REQUEST);
  } catch {
    return undefined;
  }
};

const decode = (bytes: Buffer, message: Message): JsonObject => {
  const decoded: JsonObject = {};
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    const { raw, end } = readField(bytes, tag.end, Number(tag.value & 7n));
    at = end;
    const { name, type, isRepeated } = message[Number(tag.value >> 3n)] ?? {};
    if (name === undefined || type === undefined) continue;
    const value = typeof type === 'function' ? decode(raw as Buffer, type()) : toJson(raw, type);
    if (isRepeated) decoded[name] = [...((decoded[name] as unknown[] | undefined) ?? []), value];
    // An empty id is none.
    else if (type !== 'hex' || value !== '') decoded[name] = value;
  }
  return decoded;
};

/** Base 128, the least significant group first. */
const readVarint = (bytes: Buffer, start: number): { value: bigint; end: number } => {
  let value = 0n;
  for (let at = start; ; at += 1) {
    const byte = bytes.readUInt8(at);
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
};

const readField = (bytes: Buffer, start: number, wireType: number): { raw: bigint | Buffer; end: number } => {
  if (wireType === 0) {
    const { value, end } = readVarint(bytes, start);
    return { raw: value, end };
  }
  const length = wireType === 2 ? readVarint(bytes, start) : { value: 0n, end: start };
  const sizes: Readonly<Record<number, number>> = { 1: 8, 2: Number(length.value), 5: 4 };
  const end = length.end + (sizes[wireType] ?? Number.NaN);
  if (!(end <= bytes.length)) throw new RangeError('the message is cut off');
  return { raw: bytes.subarray(length.end, end), end };
};

const toJson = (raw: bigint | Buffer, type: Scalar): string | number | boolean => {
  if (typeof raw === 'bigint') {
    if (type === 'bool') return raw !== 0n;
    return type === 'int64' ? String(BigInt.asIntN(64, raw)) : Number(raw);
  }
  if (type === 'fixed64') return String(raw.readBigUInt64LE());
  if (type === 'fixed32') return raw.readUInt32LE();
  if (type === 'double') return raw.readDoubleLE();
  return raw.toString(type === 'base64' || type === 'hex' ? type : 'utf8');
};

/** An ExportLogsServiceResponse: `{ partialSuccess: { rejectedLogRecords, errorMessage } }`, or empty. */
export const encodeResponse = (rejected: number, errorMessage: string): Buffer =>
  rejected === 0 ? Buffer.alloc(0) : encodeBytes(1, encodeNumberAndText(rejected, errorMessage));

/** A google.rpc.Status. */
export const encodeStatus = (code: number, message: string): Buffer => encodeNumberAndText(code, message);

const encodeNumberAndText = (number: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([1 << 3]), encodeVarint(number), encodeBytes(2, Buffer.from(text))]);

const encodeBytes = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | 2]), encodeVarint(bytes.length), bytes]);

const encodeVarint = (value: number): Buffer => {
  const groups: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) groups.push((rest % 0x80) | 0x80);
  return Buffer.from([...groups, rest]);
};
