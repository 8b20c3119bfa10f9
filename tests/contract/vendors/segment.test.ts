/** What the embedded Segment takes and refuses. https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/ */
import { beforeEach, expect, test } from 'vitest';
import { segment } from '../../../tools/simulator/vendors/segment.ts';
import { acceptedIds, destination, post, start } from '../../support/vendor.ts';

const call = { type: 'track', event: 'Signed Up', userId: 'auth0|1', messageId: 's1' };
const basic = (key: string | undefined) => `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
const send = (body: unknown, path = '/v1/batch', headers: Record<string, string | undefined> = {}) =>
  post(path, { Authorization: basic(destination.secrets.SEGMENT_WRITE_KEY), ...headers }, body);

beforeEach(() => start(segment));

test('takes a batch', async () => {
  const identify = { type: 'identify', userId: 'auth0|1', messageId: 's2' };
  const response = await send({ batch: [identify, call] });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ success: true });
  expect(destination.events).toEqual([
    { id: 's2', type: 'other', userId: 'auth0|1', payload: identify, duplicate: false },
    { id: 's1', type: 'SignUp', userId: 'auth0|1', payload: call, duplicate: false },
  ]);
});

test.each([
  ['signup', 'SignUp'],
  ['User Signed Up', 'SignUp'],
  ['sign-up', 'SignUp'],
  ['Logged In', 'Login'],
  ['Signed In', 'Login'],
])('counts the event %j as %s', async (event, type) => {
  await send({ ...call, event }, '/v1/track');
  expect(destination.events).toMatchObject([{ type }]);
});

test('takes a single identify', async () => {
  await send({ userId: 'auth0|1', messageId: 's3' }, '/v1/identify');
  expect(destination.events).toMatchObject([{ id: 's3', type: 'other' }]);
});

test('takes the write key in the body, too', async () => {
  const writeKey = destination.secrets.SEGMENT_WRITE_KEY;
  await send({ ...call, writeKey }, '/v1/track', { Authorization: undefined });
  await send({ batch: [{ ...call, messageId: 's4' }], writeKey }, '/v1/batch', {
    Authorization: undefined,
  });
  expect(acceptedIds()).toEqual(['s1', 's4']);
});

test('knows a repeated call by its messageId, whatever its type', async () => {
  await send({ batch: [call, { ...call, type: 'identify' }] });
  expect(destination.events.map(({ duplicate }) => duplicate)).toEqual([false, true]);
});

test('gives a messageId to a call without one', async () => {
  await send({ batch: [{ ...call, messageId: undefined }] });
  expect(destination.events[0]?.id).toMatch(/^[\da-f-]{36}$/);
});

test.each<[string, object, string?]>([
  ['an unknown write key', { batch: [call] }, basic('unknown')],
  ['a call of no known type', { batch: [{ ...call, type: 'login' }] }],
  ['a call without a user', { batch: [{ ...call, userId: undefined }] }],
  ['a track without an event', { batch: [{ ...call, event: undefined }] }],
  ['a messageId over 100 characters', { batch: [{ ...call, messageId: 'm'.repeat(101) }] }],
  ['over 2500 calls', { batch: Array.from({ length: 2501 }, (_, id) => ({ ...call, messageId: `${id}` })) }],
])('answers 200 to what it does not take: %s', async (_, body, authorization) => {
  const response = await send(body, '/v1/batch', authorization ? { Authorization: authorization } : {});
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ success: true });
  expect(destination.requests).toHaveLength(1);
  expect(destination.events).toEqual([]);
});

const words = 'w'.repeat(30 * 1024);
test.each<[string, unknown, string?]>([
  ['bad JSON', '{"batch": ['],
  ['no batch', {}],
  ['a batch over 500 kB', { batch: Array.from({ length: 17 }, () => ({ ...call, words })) }],
  ['a call over 32 kB in a batch', { batch: [{ ...call, words: words + words }] }],
  ['a call over 32 kB', { ...call, words: words + words }, '/v1/track'],
])('answers 400 to %s', async (_, body, path) => {
  expect((await send(body, path)).status).toBe(400);
  expect(destination.events).toEqual([]);
});

test('answers 400 to another content type', async () => {
  expect((await send({ batch: [call] }, '/v1/batch', { 'Content-Type': 'text/plain' })).status).toBe(400);
});
