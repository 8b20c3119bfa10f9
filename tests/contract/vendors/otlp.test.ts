import { beforeEach, describe, expect, it } from 'vitest';
import { otlp } from '../../../tools/simulator/vendors/otlp.ts';
import { mock, post, startMock } from '../../support/vendor.ts';

const attribute = (key: string, value: unknown = { stringValue: 'a' }) => ({ key, value });

const record = {
  timeUnixNano: '1769860800123000000',
  severityNumber: 9,
  eventName: 'auth0.signup',
  body: { stringValue: 'SignUp' },
  attributes: [
    attribute('log.record.uid', { stringValue: 'o1' }),
    attribute('user.id', { stringValue: 'auth0|1' }),
  ],
};

describe('mock OpenTelemetry receiver', () => {
  beforeEach(() => startMock(otlp));

  const authorization = () => ({
    Authorization: decodeURIComponent(`${mock.secrets.OTLP_HEADERS}`.replace('Authorization=', '')),
  });

  const sendBody = (
    body: unknown,
    headers: Record<string, string> = {},
    path = '/v1/logs',
  ): Promise<Response> => post(path, { ...authorization(), ...headers }, body);

  const send = (logRecords: unknown, more: object = {}): Promise<Response> =>
    sendBody({ resourceLogs: [{ scopeLogs: [{ logRecords, ...more }] }] });

  it('accepts a log record', async () => {
    const response = await send([record]);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({});
    expect(mock.events).toEqual([
      { id: 'o1', type: 'SignUp', userId: 'auth0|1', payload: record, duplicate: false },
    ]);
  });

  it.each([
    [{}],
    [{ resource: { attributes: [attribute('service.name')], droppedAttributesCount: 0 }, schemaUrl: 'a' }],
  ])('accepts log records of every resource and scope: %j', async (resourceLogs) => {
    const scopeLogs = [
      { scope: { name: 'a', version: '1' }, logRecords: [record, {}] },
      { logRecords: [record] },
    ];
    expect((await sendBody({ resourceLogs: [{ ...resourceLogs, scopeLogs }] })).status).toBe(200);
    expect(mock.events.map(({ type, duplicate }) => [type, duplicate])).toEqual([
      ['SignUp', false],
      ['other', false],
      ['SignUp', true],
    ]);
  });

  it('rejects the log records of a request that have a duplicate attribute', async () => {
    const response = await send([record, { attributes: [attribute('a'), attribute('a')] }]);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      partialSuccess: { rejectedLogRecords: '1', errorMessage: expect.any(String) },
    });
    expect(mock.events).toHaveLength(1);
  });

  it.each([
    { stringValue: '' },
    { boolValue: false },
    { intValue: '-9223372036854775808' },
    { intValue: 7 },
    { doubleValue: 1.5 },
    { doubleValue: 'NaN' },
    { bytesValue: 'YWRh' },
    { arrayValue: {} },
    { arrayValue: { values: [{ stringValue: 'a' }, { arrayValue: { values: [] } }] } },
    { kvlistValue: { values: [attribute('a', { intValue: '1' })] } },
  ])('accepts the value %j', async (value) => {
    expect((await send([{ body: value, attributes: [attribute('a', value)] }])).status).toBe(200);
  });

  it.each<[string, unknown, object?]>([
    ['a 64-bit number that is not a string', [{ timeUnixNano: 1769860800123000000 }]],
    ['a negative time', [{ observedTimeUnixNano: '-1' }]],
    ['a time with decimals', [{ timeUnixNano: '1769860800.123' }]],
    ['the name of a severity', [{ severityNumber: 'SEVERITY_NUMBER_INFO' }]],
    ['a severity out of range', [{ severityNumber: 0 }]],
    ['the original name of a field', [{ time_unix_nano: '1' }]],
    ['an unknown field', [{ message: 'a' }]],
    ['a trace id in base64', [{ traceId: 'W47/95gDgQPSabYzgT/GDA==' }]],
    ['a trace id for a span id', [{ spanId: '5b8efff798038103d269b633813fc60c' }]],
    ['a string for a body', [{ body: 'a' }]],
    ['an object for attributes', [{ attributes: { a: 'b' } }]],
    ['an attribute without a name', [{ attributes: [attribute('')] }]],
    ['an attribute without a value', [{ attributes: [{ key: 'a' }] }]],
    ['null', [{ attributes: [attribute('a', null)] }]],
    ['a value without a type', [{ attributes: [attribute('a', {})] }]],
    ['a value with two types', [{ attributes: [attribute('a', { stringValue: '1', intValue: '1' })] }]],
    ['a fraction for an integer', [{ attributes: [attribute('a', { intValue: 1.5 })] }]],
    ['a list without values', [{ attributes: [attribute('a', { arrayValue: [] })] }]],
    ['a string for a scope', [record], { scope: 'a' }],
    ['no log records', undefined],
  ])('responds 400 to %s', async (_, logRecords, more) => {
    const response = await send(logRecords, more);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ code: 3, message: expect.stringContaining('resourceLogs.0') });
    expect(mock.events).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['intValue: must be an integer, as a string or as a number', { intValue: true }],
    ['value: must have one of stringValue, intValue …', { stringValue: '1', intValue: '1' }],
    ['stringValue: Invalid type: Expected string but received 1', { stringValue: 1 }],
  ])('names the place and the reason of a rejection: %s', async (message, value) => {
    const response = await send([{ attributes: [attribute('a', value)] }]);
    expect(await response.json()).toEqual({ code: 3, message: expect.stringContaining(message) });
  });

  it.each(['{"resourceLogs":', '[]', '{}'])('responds 400 to %s', async (body) => {
    expect((await sendBody(body)).status).toBe(400);
  });

  it('rejects anything but a POST of JSON to its path with its credentials', async () => {
    const body = JSON.stringify({ resourceLogs: [] });
    expect((await sendBody(body)).status).toBe(200);
    expect((await sendBody(body, { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await sendBody(body, {}, '/')).status).toBe(404);
    expect((await fetch(`${mock.url}/v1/logs`, { headers: authorization() })).status).toBe(405);
    const response = await sendBody(body, { Authorization: 'Basic YWRhOg==' });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ code: 16, message: expect.any(String) });
  });

  describe('binary Protobuf', () => {
    const PROTOBUF = { 'Content-Type': 'application/x-protobuf' };
    const varint = (value: bigint): Buffer =>
      value < 0x80n
        ? Buffer.of(Number(value))
        : Buffer.concat([Buffer.of(Number(value & 0x7fn) | 0x80), varint(value >> 7n)]);
    const tag = (field: number, wireType: number) => varint(BigInt((field << 3) | wireType));
    const number = (field: number, value: bigint) => Buffer.concat([tag(field, 0), varint(value)]);
    const bytes = (field: number, ...parts: Array<Buffer | string>) => {
      const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
      return Buffer.concat([tag(field, 2), varint(BigInt(content.length)), content]);
    };
    const fixed = (field: number, value: bigint | number) => {
      const content = Buffer.alloc(typeof value === 'bigint' ? 8 : 4);
      if (typeof value === 'bigint') content.writeBigUInt64LE(value);
      else content.writeUInt32LE(value);
      return Buffer.concat([tag(field, typeof value === 'bigint' ? 1 : 5), content]);
    };
    const double = (field: number, value: number) => {
      const content = Buffer.alloc(8);
      content.writeDoubleLE(value);
      return Buffer.concat([tag(field, 1), content]);
    };
    const keyValue = (key: string, value: Buffer) => bytes(6, bytes(1, key), bytes(2, value));
    const request = (...logRecords: Buffer[]) =>
      bytes(1, bytes(1), bytes(2, bytes(1, bytes(1, 'a')), ...logRecords.map((fields) => bytes(2, fields))));

    it('is accepted, and stored as its JSON mapping', async () => {
      const recordBytes = Buffer.concat([
        fixed(1, 1769860800123000000n),
        number(2, 9n),
        bytes(3, 'INFO'),
        bytes(5, bytes(1, 'SignUp')),
        keyValue('log.record.uid', bytes(1, 'o1')),
        keyValue('user.id', bytes(1, 'auth0|1')),
        keyValue('bool', number(2, 0n)),
        keyValue('int', number(3, BigInt.asUintN(64, -7n))),
        keyValue('double', double(4, 1.5)),
        keyValue('list', bytes(5, bytes(1, bytes(1, 'a')), bytes(1, bytes(1, 'b')))),
        keyValue('map', bytes(6, bytes(1, bytes(1, 'k'), bytes(2, bytes(1, 'v'))))),
        keyValue('bytes', bytes(7, 'ada')),
        fixed(8, 1),
        bytes(9, Buffer.alloc(16, 0xab)),
        bytes(10),
        bytes(12, 'auth0.signup'),
        bytes(99, 'from a newer version'),
      ]);
      const response = await sendBody(request(recordBytes), PROTOBUF);
      expect([response.status, response.headers.get('Content-Type')]).toEqual([
        200,
        'application/x-protobuf',
      ]);
      expect(await response.text()).toBe('');
      expect(mock.events).toMatchObject([{ id: 'o1', type: 'SignUp', userId: 'auth0|1' }]);
      expect(mock.events[0]?.payload).toEqual({
        timeUnixNano: '1769860800123000000',
        severityNumber: 9,
        severityText: 'INFO',
        body: { stringValue: 'SignUp' },
        attributes: [
          attribute('log.record.uid', { stringValue: 'o1' }),
          attribute('user.id', { stringValue: 'auth0|1' }),
          attribute('bool', { boolValue: false }),
          attribute('int', { intValue: '-7' }),
          attribute('double', { doubleValue: 1.5 }),
          attribute('list', { arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'b' }] } }),
          attribute('map', { kvlistValue: { values: [attribute('k', { stringValue: 'v' })] } }),
          attribute('bytes', { bytesValue: 'YWRh' }),
        ],
        flags: 1,
        traceId: 'ab'.repeat(16),
        eventName: 'auth0.signup',
      });
    });

    it('gets a partial success in Protobuf', async () => {
      const twice = Buffer.concat([keyValue('a', bytes(1, '1')), keyValue('a', bytes(1, '2'))]);
      const response = await sendBody(request(twice), PROTOBUF);
      const message = 'log records must not have duplicate attributes';
      expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes(1, number(1, 1n), bytes(2, message)));
      expect(mock.events).toEqual([]);
    });

    it.each([
      ['is cut off', request(bytes(3, 'INFO')).subarray(0, -1)],
      ['is JSON', Buffer.from(JSON.stringify({ resourceLogs: [] }))],
    ])('is rejected in Protobuf if it %s', async (_, body) => {
      const response = await sendBody(body, PROTOBUF);
      expect(response.status).toBe(400);
      expect(Buffer.from(await response.arrayBuffer()).subarray(0, 2)).toEqual(number(1, 3n));
    });
  });
});
