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
    { doubleValue: 1.5 },
    { doubleValue: 'NaN' },
    { bytesValue: 'YWRh' },
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
    ['an integer that is not a string', [{ attributes: [attribute('a', { intValue: 1 })] }]],
    ['a list without values', [{ attributes: [attribute('a', { arrayValue: [] })] }]],
    ['a string for a scope', [record], { scope: 'a' }],
    ['no log records', undefined],
  ])('responds 400 to %s', async (_, logRecords, more) => {
    const response = await send(logRecords, more);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ code: 3, message: expect.stringContaining('resourceLogs.0') });
    expect(mock.events).toEqual([]);
  });

  it.each(['{"resourceLogs":', '[]', '{}'])('responds 400 to %s', async (body) => {
    expect((await sendBody(body)).status).toBe(400);
  });

  it('rejects anything but a POST of JSON to its path with its credentials', async () => {
    const body = JSON.stringify({ resourceLogs: [] });
    expect((await sendBody(body)).status).toBe(200);
    expect((await sendBody(body, { 'Content-Type': 'application/x-protobuf' })).status).toBe(415);
    expect((await sendBody(body, {}, '/')).status).toBe(404);
    expect((await fetch(`${mock.url}/v1/logs`, { headers: authorization() })).status).toBe(405);
    const response = await sendBody(body, { Authorization: 'Basic YWRhOg==' });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ code: 16, message: expect.any(String) });
  });
});
