/** What the embedded PostHog takes, refuses and silently drops. https://posthog.com/docs/api/capture */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { posthog as sink } from '../../../actions/posthog.ts';
import { checkDestination } from '../../../tools/cli/doctor/delivery.ts';
import { posthog } from '../../../tools/simulator/vendors/posthog.ts';
import { startVendorMock, type VendorMock } from '../../../tools/simulator/vendors/vendor-mock.ts';

const UUID = '8a37527b-37ef-5a7a-bdc4-d2ff9ea92806';

const event = {
  uuid: UUID,
  event: 'user signed up',
  distinct_id: 'auth0|1',
  timestamp: '2026-01-31T12:00:00.123Z',
  properties: { $set: { name: 'Ada' } },
};

let destination: VendorMock;

beforeEach(async () => {
  destination = await startVendorMock(posthog);
});
afterEach(() => destination.close());

const post = (body: unknown, path = '/batch/'): Promise<Response> =>
  fetch(destination.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const send = (changes: object, more: object = {}): Promise<Response> =>
  post({ api_key: destination.secrets.POSTHOG_API_KEY, batch: [{ ...event, ...changes }], ...more });

test.each(['/batch', '/batch/'])('takes a batch at %s', async (path) => {
  const response = await post({ api_key: destination.secrets.POSTHOG_API_KEY, batch: [event] }, path);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: 'Ok' });
  expect(destination.events).toEqual([
    { id: UUID, type: 'SignUp', userId: 'auth0|1', payload: event, duplicate: false },
  ]);
});

test.each([
  ['user signed up', 'SignUp'],
  ['signup', 'SignUp'],
  ['user logged in', 'Login'],
  ['$identify', 'other'],
])('counts the event %j as %s', async (name, type) => {
  await send({ event: name });
  expect(destination.events).toMatchObject([{ type }]);
});

// https://posthog.com/docs/how-posthog-works/ingestion-pipeline
test.each([
  ['nothing', {}, true],
  ['the hour', { timestamp: '2026-01-31T13:00:00Z' }, true],
  ['the day', { timestamp: '2026-02-01T12:00:00Z' }, false],
  ['the name', { event: 'user logged in' }, false],
  ['the user', { distinct_id: 'auth0|2' }, false],
  ['the uuid', { uuid: '3d0a0b7e-9f53-5c1e-8a43-0c6ea5d1f1ab' }, false],
])('knows a repeated event that differs in %s: %j is %s', async (_, changes, isDuplicate) => {
  await send({});
  await send(changes);
  expect(destination.events.map(({ duplicate }) => duplicate)).toEqual([false, isDuplicate]);
});

test.each([undefined, ''])('gives a uuid to an event with the uuid %j', async (uuid) => {
  await send({ uuid });
  expect(destination.events[0]?.id).toMatch(/^[\da-f-]{36}$/);
});

test('takes an event whose time it cannot read, as of now', async () => {
  expect((await send({ timestamp: 'yesterday' })).status).toBe(200);
  await send({ timestamp: undefined });
  expect(destination.events.map(({ duplicate }) => duplicate)).toEqual([false, true]);
});

test('cuts a distinct_id after 200 characters', async () => {
  await send({ distinct_id: 'd'.repeat(201) });
  expect(destination.events).toMatchObject([{ userId: 'd'.repeat(200) }]);
});

test('answers 200 to a key that no project has, and takes nothing', async () => {
  const response = await send({}, { api_key: 'phc_of_another_region' });
  expect([response.status, await response.json()]).toEqual([200, { status: 'Ok' }]);
  expect(destination.events).toEqual([]);
});

test('takes a key that was copied with blanks around it', async () => {
  await send({}, { api_key: ` ${destination.secrets.POSTHOG_API_KEY}\n` });
  expect(destination.events).toHaveLength(1);
});

test.each([
  [401, 'event submitted without an api_key', {}, { api_key: undefined }],
  [401, 'API key is not valid: empty', {}, { api_key: ' ' }],
  [401, 'API key is not valid: too_long', {}, { api_key: 'k'.repeat(65) }],
  [401, 'API key is not valid: not_ascii', {}, { api_key: 'phc_é' }],
  [401, 'API key is not valid: personal_api_key', {}, { api_key: 'phx_personal' }],
  [400, 'request holds no event', {}, { batch: [] }],
  [400, 'failed to hydrate events from request', {}, { batch: undefined }],
  [400, 'failed to hydrate events from request', { event: undefined }, {}],
  [400, 'failed to hydrate events from request', { uuid: 'u1' }, {}],
  [400, 'failed to hydrate events from request', { properties: [] }, {}],
  [400, 'event submitted with an empty event name', { event: '' }, {}],
  [400, 'event submitted without a distinct_id', { distinct_id: undefined }, {}],
  [400, 'event submitted without a distinct_id', { distinct_id: '' }, {}],
])('answers %i %s to an event with %j in a request with %j', async (status, text, changes, more) => {
  const response = await send(changes, more);
  expect([response.status, await response.text()]).toEqual([status, text]);
  expect(destination.events).toEqual([]);
});

test('refuses a batch for one of its events', async () => {
  const response = await send({}, { batch: [event, { ...event, distinct_id: '' }] });
  expect(response.status).toBe(400);
  expect(destination.events).toEqual([]);
});

test('refuses what is no JSON, and 20 MB of it', async () => {
  expect((await post('{"batch":')).status).toBe(400);
  const response = await send({ properties: { text: 'x'.repeat(20 * 1024 * 1024) } });
  expect([response.status, await response.text()]).toEqual([413, 'maximum event size exceeded']);
  expect(destination.events).toEqual([]);
});

test.each([
  [{}, /^note: Login .* accepted in \d+ ms\. PostHog answers the same to an unknown key, .* look into/],
  [{ POSTHOG_API_KEY: 'phx_personal' }, /^FAIL: 401 Unauthorized, .* copy POSTHOG_API_KEY again/],
])('is explained by doctor: %j', async (secrets, told) => {
  let verdict = '';
  for await (const { result, text } of checkDestination(sink, { ...destination.secrets, ...secrets })) {
    verdict = `${result}: ${text}`;
  }
  expect(verdict).toMatch(told);
});
