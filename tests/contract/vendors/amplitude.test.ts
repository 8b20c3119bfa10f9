// https://amplitude.com/docs/apis/analytics/http-v2
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { amplitude as sink } from '../../../actions/amplitude.ts';
import type { Activity } from '../../../lib/activity.ts';
import { RejectedError, UnavailableError } from '../../../lib/errors.ts';
import { readSecrets } from '../../../lib/secrets.ts';
import { findMeaning } from '../../../tools/cli/doctor/responses.ts';
import { amplitude } from '../../../tools/simulator/vendors/amplitude.ts';
import { startVendorMock, type VendorMock } from '../../../tools/simulator/vendors/vendor-mock.ts';
import { withinDeadline } from '../../support/deadline.ts';
import { idsOf, someLogins } from '../../support/events.ts';

let destination: VendorMock;
beforeEach(async () => {
  destination = await startVendorMock(amplitude);
});
afterEach(() => destination.close());

const event = { event_type: 'Signed Up', user_id: 'auth0|1', insert_id: 'a1', time: 1769860800123 };

const post = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${destination.url}/2/httpapi`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const send = (events: unknown, more: object = {}) =>
  post({ api_key: destination.secrets.AMPLITUDE_API_KEY, events, ...more });

const acceptedIds = () => destination.events.map(({ id }) => id);

test('takes events', async () => {
  const login = { ...event, event_type: 'Logged In', insert_id: 'a2', user_properties: { $set: {} } };
  const response = await send([event, login, { event_type: 'Purchase', device_id: 'device' }]);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    code: 200,
    events_ingested: 3,
    payload_size_bytes: destination.requests[0]?.body.length,
    server_upload_time: expect.any(Number),
  });
  expect(destination.events).toEqual([
    { id: 'a1', type: 'SignUp', userId: 'auth0|1', payload: event, duplicate: false },
    { id: 'a2', type: 'Login', userId: 'auth0|1', payload: login, duplicate: false },
    expect.objectContaining({ id: '', type: 'other', duplicate: false }),
  ]);
});

test('knows a repeated event by its insert_id, within a user or device', async () => {
  const others = [
    { user_id: 'auth0|2' },
    { device_id: 'device' },
    { insert_id: 'a2' },
    { insert_id: undefined },
  ];
  await send([
    event,
    { ...event, time: event.time + 1 },
    ...others.map((changes) => ({ ...event, ...changes })),
  ]);
  await send([{ ...event, insert_id: undefined }]);
  expect(destination.events.map(({ duplicate }) => duplicate)).toEqual([
    false,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});

test.each<[string, number, object | string, object]>([
  ['no body', 400, '', { error: 'Missing request body' }],
  ['bad JSON', 400, '{"api_key":', { error: 'Invalid JSON request body' }],
  ['no key', 400, { events: [event] }, { error: 'Request missing required field', missing_field: 'api_key' }],
  ['an unknown key', 400, { api_key: 'unknown', events: [event] }, { error: 'Invalid API key: unknown' }],
  ['1 MB', 413, { words: 'w'.repeat(1024 * 1024) }, { error: 'Payload too large' }],
])('refuses a request: %s', async (_, code, body, details) => {
  const response = await post(body);
  expect(response.status).toBe(code);
  expect(await response.json()).toEqual({ code, ...details });
  expect(destination.events).toEqual([]);
});

test.each<[string, number, unknown, object]>([
  ['no events', 400, undefined, { error: 'Request missing required field', missing_field: 'events' }],
  ['an event that is none', 400, [event, null], { error: 'Invalid event JSON' }],
  ['2000 events', 413, Array.from({ length: 2000 }, () => event), { error: 'Payload too large' }],
])('refuses a request with the key, but %s', async (_, code, events, details) => {
  const response = await send(events);
  expect(response.status).toBe(code);
  expect(await response.json()).toEqual({ code, ...details });
});

test('answers 400 to another content type', async () => {
  const body = JSON.stringify({ api_key: destination.secrets.AMPLITUDE_API_KEY, events: [event] });
  expect((await post(body, { 'Content-Type': 'text/plain' })).status).toBe(400);
});

const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });

test.each<[string, string, string[], object]>([
  ['no name', 'missing_fields', ['event_type'], { event_type: undefined }],
  ['no user', 'missing_fields', ['user_id', 'device_id'], { user_id: undefined }],
  ['a reserved name', 'invalid_fields', ['event_type'], { event_type: '[Amplitude] Revenue' }],
  ['a placeholder for a user', 'invalid_fields', ['user_id'], { user_id: 'anonymous' }],
  ['a user by number', 'invalid_fields', ['user_id'], { user_id: 1234567 }],
  ['a time in ISO 8601', 'invalid_fields', ['time'], { time: '2026-01-31T12:00:00Z' }],
  ['properties that are a list', 'invalid_fields', ['event_properties'], { event_properties: [] }],
  ['41 levels', 'invalid_fields', ['user_properties'], { user_properties: nested(41) }],
  ['a user of 4 characters', 'invalid_id_lengths', ['user_id'], { user_id: '1234' }],
])('refuses all events because of one: %s', async (_, kind, fields, changes) => {
  const response = await send([event, { ...event, ...changes }]);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    code: 400,
    error: expect.any(String),
    [`events_with_${kind}`]: Object.fromEntries(fields.map((field) => [field, [1]])),
  });
  expect(destination.events).toEqual([]);
});

test.each([
  ['a short id beside a longer one', { device_id: '1' }, {}],
  ['a short id if it is told to', { user_id: '1' }, { options: { min_id_length: 1 } }],
  ['40 levels', { event_properties: nested(40) }, { options: {} }],
])('takes %s', async (_, changes, more) => {
  expect((await send([{ ...event, ...changes }], more)).status).toBe(200);
});

test.each([
  [400, 'Invalid API key: 123', 'copy AMPLITUDE_API_KEY again'],
  [404, '', 'check AMPLITUDE_HOST'],
  [429, 'Too many requests', 'over its rate limit'],
])('says what it means by %d %s', (status, text, means) => {
  expect(findMeaning('amplitude', status, text)).toContain(means);
});

describe('the Action', () => {
  const [first, second, third] = someLogins(3) as [Activity, Activity, Activity];
  /** A user whom Amplitude does not take. */
  const invalid = { ...second, user: { ...second.user, id: 'undefined' } };

  const deliver = (batch: readonly Activity[]): Promise<void> =>
    withinDeadline(1000, (http) => sink.send(batch, readSecrets(sink.secrets, destination.secrets), http));

  test('sends the others again where one is invalid', async () => {
    const failure = deliver([first, invalid, third]);
    await expect(failure).rejects.toBeInstanceOf(RejectedError);
    await expect(failure).rejects.toMatchObject({
      status: 400,
      vendorText: 'Invalid field values on some events',
      refused: [invalid],
    });
    expect(acceptedIds()).toEqual(idsOf([first, third]));
  });

  test.each([
    [400, { silenced_events: [0], throttled_events: [1] }, [first, second]],
    [429, { throttled_users: { any: 31 }, throttled_events: [2] }, [third]],
    [400, { events_with_missing_fields: { any: [0], other: [0] } }, [first]],
    [400, { events_with_invalid_id_lengths: { user_id: [1, 2] } }, [second, third]],
  ])('sends the others again where some are refused with %d: %j', async (status, details, refused) => {
    const body = JSON.stringify({ code: status, error: 'As Amplitude says', ...details });
    destination.injectFault({ response: { status, body } }, { count: 1 });
    const failure = deliver([first, second, third]);
    await expect(failure).rejects.toBeInstanceOf(RejectedError);
    await expect(failure).rejects.toMatchObject({ status, vendorText: 'As Amplitude says', refused });
    expect(acceptedIds()).toEqual(
      idsOf([first, second, third].filter((activity) => !refused.includes(activity))),
    );
  });

  test.each([
    [503, UnavailableError],
    [400, RejectedError],
  ])('names none if the others are answered %d', async (status, kind) => {
    destination.injectFault(
      { response: { status, body: '{"error":"As Amplitude says"}' } },
      { count: 1, skip: 1 },
    );
    const failure = deliver([first, invalid, third]);
    await expect(failure).rejects.toBeInstanceOf(kind);
    await expect(failure).rejects.toMatchObject({ status, vendorText: 'As Amplitude says' });
    await expect(failure).rejects.not.toMatchObject({ refused: expect.anything() });
    expect(destination.requests).toHaveLength(2);
    expect(destination.events).toEqual([]);
  });
});
