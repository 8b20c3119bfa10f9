/** The embedded intake of Datadog. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { datadog } from '../../../tools/simulator/vendors/datadog.ts';
import { startVendorMock, type VendorMock } from '../../../tools/simulator/vendors/vendor-mock.ts';

let destination: VendorMock;
beforeEach(async () => {
  destination = await startVendorMock(datadog);
});
afterEach(() => destination.close());

const LOG = { id: 'd1', message: 'SignUp', evt: { name: 'SignUp' }, usr: { id: 'auth0|ada' } };
const hoursAgo = (hours: number) => Date.now() - hours * 60 * 60 * 1000;

const send = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${destination.url}/api/v2/logs`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'DD-API-KEY': destination.secrets.DATADOG_API_KEY ?? '',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

test('takes a log, and lists of them', async () => {
  const response = await send(LOG);
  expect([response.status, await response.json()]).toEqual([202, {}]);
  await send([LOG, { ...LOG, id: 'd2', evt: { name: 'Login' } }, { message: 'something else' }]);
  expect(destination.events).toMatchObject([
    { id: 'd1', type: 'SignUp', userId: 'auth0|ada', payload: LOG, duplicate: false },
    { id: 'd1', duplicate: true },
    { id: 'd2', type: 'Login' },
    { id: '', type: 'other', userId: '' },
  ]);
});

test.each<[string, number, Record<string, string>]>([
  ['no key', 401, { 'DD-API-KEY': '' }],
  ['another key', 403, { 'DD-API-KEY': 'other' }],
  ['another content type', 415, { 'Content-Type': 'text/html' }],
])('refuses a request: %s', async (_, status, headers) => {
  const response = await send(LOG, headers);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ errors: [{ status: String(status) }] });
  expect(destination.events).toEqual([]);
});

test.each<[string, number, unknown]>([
  ['no JSON', 400, '{"id":'],
  ['a text', 400, '"SignUp"'],
  ['a list of texts', 400, ['SignUp']],
  ['more than 5 MB', 413, { ...LOG, words: 'x'.repeat(5_000_000) }],
  ['more than 1000 logs', 413, Array.from({ length: 1001 }, () => LOG)],
])('refuses %s', async (_, status, body) => {
  expect((await send(body)).status).toBe(status);
  expect(destination.events).toEqual([]);
});

// https://docs.datadoghq.com/logs/log_configuration/processors/log_date_remapper/
test.each<[string, object, number]>([
  ['17.9 hours ago', { timestamp: new Date(hoursAgo(17.9)) }, 1],
  ['18.1 hours ago', { timestamp: new Date(hoursAgo(18.1)) }, 0],
  ['in 1.9 hours', { timestamp: hoursAgo(-1.9) }, 1],
  ['in 2.1 hours', { timestamp: hoursAgo(-2.1) }, 0],
  ['18.1 hours ago by another name', { eventTime: hoursAgo(18.1) }, 0],
  ['18.1 hours ago by a name of our own', { occurredAt: hoursAgo(18.1) }, 1],
  ['by no date that can be read', { timestamp: 'yesterday' }, 1],
])('answers 202 to a log that is dated %s, and takes it or not', async (_, dates, processed) => {
  expect((await send([{ ...LOG, ...dates }])).status).toBe(202);
  expect(destination.events).toHaveLength(processed);
});
