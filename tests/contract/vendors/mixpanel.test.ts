// https://docs.mixpanel.com/reference/import-events
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findMeaning } from '../../../tools/cli/doctor/responses.ts';
import { mixpanel, SERVICE_ACCOUNT } from '../../../tools/simulator/vendors/mixpanel.ts';
import { startVendorMock, type VendorMock } from '../../../tools/simulator/vendors/vendor-mock.ts';

const MS_PER_HOUR = 60 * 60 * 1000;
const { name, secret, project } = SERVICE_ACCOUNT;

let destination: VendorMock;
beforeEach(async () => {
  destination = await startVendorMock(mixpanel);
});
afterEach(() => destination.close());

const properties = { time: 1769860800123, distinct_id: 'auth0|1', $insert_id: 'm1' };
const event = { event: 'Signed Up', properties };
const withProperties = (changes: object) => ({ ...event, properties: { ...properties, ...changes } });

const send = (body: unknown, headers: Record<string, string> = {}, query = '?strict=1') =>
  fetch(`${destination.url}/import${query}`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Basic ${btoa(`${destination.secrets.MIXPANEL_TOKEN}:`)}`,
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const duplicates = () => destination.events.map(({ duplicate }) => duplicate);

test('takes events', async () => {
  const login = { event: 'Logged In', properties: { ...properties, ip: 0 } };
  const response = await send([event, login, { ...event, event: 'Purchase' }]);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ code: 200, num_records_imported: 3, status: 'OK' });
  expect(destination.events).toEqual([
    { id: 'm1', type: 'SignUp', userId: 'auth0|1', payload: event, duplicate: false },
    { id: 'm1', type: 'Login', userId: 'auth0|1', payload: login, duplicate: false },
    expect.objectContaining({ type: 'other' }),
  ]);
});

describe('authentication', () => {
  const basic = (credentials: string) => ({ Authorization: `Basic ${btoa(credentials)}` });
  const inProject = (id: string) => `?strict=1&project_id=${id}`;

  test('is by a service account, too', async () => {
    expect((await send([event], basic(`${name}:${secret}`), inProject(project))).status).toBe(200);
  });

  test.each([
    ['an unknown token', basic('unknown:'), ''],
    ['no authorization', { Authorization: '' }, ''],
    ['a service account of another project', basic(`${name}:${secret}`), inProject('1')],
    ['a service account without a project', basic(`${name}:${secret}`), ''],
    ['the wrong secret', basic(`${name}:wrong`), inProject(project)],
    ['a token and a project', {}, inProject(project)],
  ])('fails: %s', async (_, headers: Record<string, string>, query) => {
    const response = await send([event], headers, query);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      code: 401,
      error: 'Invalid credentials',
      status: 'Unauthorized',
    });
    expect(destination.events).toEqual([]);
  });
});

describe('a repeated event', () => {
  test('is known by its name, user, id and day', async () => {
    const { time } = properties;
    await send([
      event,
      event,
      withProperties({ time: time + 1 }),
      withProperties({ time: Math.floor(time / 1000) }),
    ]);
    expect(duplicates()).toEqual([false, true, true, true]);
  });

  test.each([
    { ...event, event: 'Logged In' },
    withProperties({ distinct_id: 'auth0|2' }),
    withProperties({ $insert_id: 'm2' }),
    withProperties({ time: properties.time + 24 * MS_PER_HOUR }),
  ])('is another one: %j', async (other) => {
    await send([event, other]);
    expect(duplicates()).toEqual([false, false]);
  });
});

test('takes the others where some are invalid, and names those', async () => {
  const invalid = withProperties({ time: 'now', $insert_id: 'm2' });
  const response = await send([event, invalid, withProperties({ $insert_id: 'm3' }), null]);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    code: 400,
    error: 'some data points in the request failed validation',
    failed_records: [
      { index: 1, insert_id: 'm2', field: 'properties.time', message: expect.any(String) },
      { index: 3, insert_id: '', field: 'properties', message: expect.any(String) },
    ],
    num_records_imported: 2,
    status: 'Bad Request',
  });
  expect(destination.events.map(({ id }) => id)).toEqual(['m1', 'm3']);
});

const items = (count: number) => Array.from({ length: count }, (_, index) => index);
const keys = (count: number) => Object.fromEntries(items(count).map((index) => [`k${index}`, index]));

test.each<[string, string, object]>([
  ['no properties', 'properties', { event: 'Signed Up' }],
  ['no name', 'event', { properties }],
  ['something else', 'token', { ...event, token: 't' }],
  ['over 1 MB', 'event', withProperties({ words: 'w'.repeat(1024 * 1024) })],
  ['no time', 'properties.time', withProperties({ time: undefined })],
  ['a time in ISO 8601', 'properties.time', withProperties({ time: '2026-01-31T12:00:00Z' })],
  ['a fraction of a second', 'properties.time', withProperties({ time: 1769860800.123 })],
  ['a time before 1971', 'properties.time', withProperties({ time: Date.UTC(1970, 11, 31) / 1000 })],
  ['a time in the future', 'properties.time', withProperties({ time: Date.now() + 2 * MS_PER_HOUR })],
  ['no user', 'properties.distinct_id', withProperties({ distinct_id: undefined })],
  ['a user by number', 'properties.distinct_id', withProperties({ distinct_id: 7 })],
  ['a placeholder for a user', 'properties.distinct_id', withProperties({ distinct_id: 'undefined' })],
  ['no id', 'properties.$insert_id', withProperties({ $insert_id: undefined })],
  ['an id over 36 characters', 'properties.$insert_id', withProperties({ $insert_id: 'm'.repeat(37) })],
  ['an id with an underscore', 'properties.$insert_id', withProperties({ $insert_id: 'm_1' })],
  ['a placeholder for an id', 'properties.$insert_id', withProperties({ $insert_id: 'null' })],
  ['255 properties', 'properties', withProperties(keys(252))],
  ['255 keys', 'properties.a', withProperties({ a: keys(255) })],
  ['255 elements', 'properties.a', withProperties({ a: items(255) })],
  ['four levels', 'properties.a', withProperties({ a: { b: { c: { d: {} } } } })],
])('refuses an event: %s', async (_, field, body) => {
  const response = await send([body]);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    failed_records: [{ index: 0, field }],
    num_records_imported: 0,
  });
  expect(destination.events).toEqual([]);
});

test('takes an event at its limits', async () => {
  const limits = {
    time: Date.now() + MS_PER_HOUR - 60_000,
    distinct_id: '',
    $insert_id: 'm'.repeat(36),
    keys: keys(254),
    elements: items(254),
    nested: { a: { b: { c: 1 } } },
  };
  expect((await send([withProperties(limits)])).status).toBe(200);
  expect((await send([withProperties(keys(251))])).status).toBe(200);
});

test.each([
  ['what is no array', event],
  ['bad JSON', '[{'],
])('answers 400 to %s', async (_, body) => {
  expect((await send(body)).status).toBe(400);
});

test('answers 400 to another content type', async () => {
  expect((await send([event], { 'Content-Type': 'text/plain' })).status).toBe(400);
});

test.each([
  ['2001 events', Array.from({ length: 2001 }, () => event)],
  ['10 MB', Array.from({ length: 11 }, () => withProperties({ words: 'w'.repeat(1_000_000) }))],
])('answers 413 to %s', async (_, body) => {
  expect((await send(body)).status).toBe(413);
  expect(destination.events).toEqual([]);
});

test.each([
  [401, 'copy MIXPANEL_TOKEN again'],
  [403, 'owner or admin'],
  [404, 'check MIXPANEL_HOST'],
  [429, 'over its rate limit'],
])('says what it means by %d', (status, means) => {
  expect(findMeaning('mixpanel', status, '')).toContain(means);
});
