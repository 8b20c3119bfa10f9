/** What the embedded OTLP receiver takes and refuses. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { otlp as sink } from '../../../actions/otlp.ts';
import { checkDestination } from '../../../tools/cli/doctor/delivery.ts';
import { otlp } from '../../../tools/simulator/vendors/otlp.ts';
import { startVendorMock, type VendorMock } from '../../../tools/simulator/vendors/vendor-mock.ts';

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

let destination: VendorMock;

beforeEach(async () => {
  destination = await startVendorMock(otlp);
});
afterEach(() => destination.close());

const request = (path: string, init: RequestInit): Promise<Response> => {
  const Authorization = decodeURIComponent(
    String(destination.secrets.OTLP_HEADERS).replace('Authorization=', ''),
  );
  const headers = { Authorization, 'Content-Type': 'application/json', ...init.headers };
  return fetch(destination.url + path, { method: 'POST', ...init, headers });
};

const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  request('/v1/logs', { headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

const send = (logRecords: unknown, more: object = {}): Promise<Response> =>
  post({ resourceLogs: [{ scopeLogs: [{ logRecords, ...more }] }] });

test('takes a log record', async () => {
  const response = await send([record]);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({});
  expect(destination.events).toEqual([
    { id: 'o1', type: 'SignUp', userId: 'auth0|1', payload: record, duplicate: false },
  ]);
});

test.each([
  [{}],
  [{ resource: { attributes: [attribute('service.name')], droppedAttributesCount: 0 }, schemaUrl: 'a' }],
])('takes log records of every resource and scope: %j', async (resourceLogs) => {
  const scopeLogs = [
    { scope: { name: 'a', version: '1' }, logRecords: [record, {}] },
    { logRecords: [record] },
  ];
  expect((await post({ resourceLogs: [{ ...resourceLogs, scopeLogs }] })).status).toBe(200);
  expect(destination.events.map(({ type, duplicate }) => [type, duplicate])).toEqual([
    ['SignUp', false],
    ['other', false],
    ['SignUp', true],
  ]);
});

test('refuses of a request the log records that have an attribute twice', async () => {
  const response = await send([record, { attributes: [attribute('a'), attribute('a')] }]);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    partialSuccess: { rejectedLogRecords: '1', errorMessage: expect.any(String) },
  });
  expect(destination.events).toHaveLength(1);
});

test.each([
  { stringValue: '' },
  { boolValue: false },
  { intValue: '-9223372036854775808' },
  { doubleValue: 1.5 },
  { doubleValue: 'NaN' },
  { bytesValue: 'YWRh' },
  { arrayValue: { values: [{ stringValue: 'a' }, { arrayValue: { values: [] } }] } },
  { kvlistValue: { values: [attribute('a', { intValue: '1' })] } },
])('takes the value %j', async (value) => {
  expect((await send([{ body: value, attributes: [attribute('a', value)] }])).status).toBe(200);
});

test.each<[string, unknown, object?]>([
  ['a number of 64 bits that is no text', [{ timeUnixNano: 1769860800123000000 }]],
  ['a negative time', [{ observedTimeUnixNano: '-1' }]],
  ['a time with decimals', [{ timeUnixNano: '1769860800.123' }]],
  ['the name of a severity', [{ severityNumber: 'SEVERITY_NUMBER_INFO' }]],
  ['a severity that is none', [{ severityNumber: 0 }]],
  ['the original name of a field', [{ time_unix_nano: '1' }]],
  ['an unknown field', [{ message: 'a' }]],
  ['a trace id in base64', [{ traceId: 'W47/95gDgQPSabYzgT/GDA==' }]],
  ['a span id of a trace', [{ spanId: '5b8efff798038103d269b633813fc60c' }]],
  ['a body that is a text', [{ body: 'a' }]],
  ['attributes that are an object', [{ attributes: { a: 'b' } }]],
  ['an attribute without a name', [{ attributes: [attribute('')] }]],
  ['an attribute without a value', [{ attributes: [{ key: 'a' }] }]],
  ['null', [{ attributes: [attribute('a', null)] }]],
  ['a value of no type', [{ attributes: [attribute('a', {})] }]],
  ['a value of two types', [{ attributes: [attribute('a', { stringValue: '1', intValue: '1' })] }]],
  ['an integer that is no text', [{ attributes: [attribute('a', { intValue: 1 })] }]],
  ['a list that is bare', [{ attributes: [attribute('a', { arrayValue: [] })] }]],
  ['a scope that is a text', [record], { scope: 'a' }],
  ['no log records', undefined],
])('answers 400 to %s', async (_, logRecords, more) => {
  const response = await send(logRecords, more);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ code: 3, message: expect.stringContaining('resourceLogs.0') });
  expect(destination.events).toEqual([]);
});

test.each(['{"resourceLogs":', '[]', '{}'])('answers 400 to %s', async (body) => {
  expect((await post(body)).status).toBe(400);
});

test('refuses what is no POST of JSON to its address, with its credentials', async () => {
  const body = JSON.stringify({ resourceLogs: [] });
  expect((await post(body)).status).toBe(200);
  expect((await post(body, { 'Content-Type': 'application/x-protobuf' })).status).toBe(415);
  expect((await request('/', { body })).status).toBe(404);
  expect((await request('/v1/logs', { method: 'GET' })).status).toBe(405);
  const response = await post(body, { Authorization: 'Basic YWRhOg==' });
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ code: 16, message: expect.any(String) });
});

test.each([
  ['other credentials', { OTLP_HEADERS: 'Authorization=Basic%20YWRhOg==' }, /^FAIL: 401 .*OTLP_HEADERS must/],
  ['another path', { OTLP_ENDPOINT: '/otlp' }, /^FAIL: 404 .*OTLP_ENDPOINT must be/],
])('is explained by doctor with %s', async (_, changes, told) => {
  const { OTLP_ENDPOINT = '', ...headers }: Record<string, string> = changes;
  const secrets = { ...destination.secrets, ...headers, OTLP_ENDPOINT: destination.url + OTLP_ENDPOINT };
  let verdict = '';
  for await (const { result, text } of checkDestination(sink, secrets)) verdict = `${result}: ${text}`;
  expect(verdict).toMatch(told);
});
