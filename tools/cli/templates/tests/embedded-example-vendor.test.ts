/** What the embedded Example Vendor takes and refuses. TODO: the vendor's documentation of that. */
import { beforeEach, expect, test } from 'vitest';
import { mock, post, startMock } from '../../../../tests/support/vendor.ts';
import { exampleVendor } from '../tools/local/destinations/example-vendor.ts';

const EVENT = {
  id: '8a37527b-37ef-5a7a-bdc4-d2ff9ea92806',
  time: '2026-01-31T12:00:00.123Z',
  type: 'SignUp',
  userId: 'auth0|1',
};

const send = (body: unknown, token = mock.secrets.EXAMPLE_VENDOR_TOKEN): Promise<Response> =>
  post('/v1/events', { Authorization: `Bearer ${token}` }, body);

beforeEach(() => startMock(exampleVendor));

test('takes events', async () => {
  const other = { ...EVENT, id: 'b4b9fd66-8190-5e79-bd94-c6e97a9c6858', type: 'Login' };
  const response = await send({ events: [EVENT, other] });
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ accepted: 2 });
  expect(mock.events).toMatchObject([
    { id: EVENT.id, type: 'SignUp', userId: EVENT.userId, payload: EVENT },
    { id: other.id, type: 'Login', userId: EVENT.userId, payload: other },
  ]);
});

test('knows a repeated event by its id', async () => {
  await send({ events: [EVENT] });
  await send({ events: [EVENT] });
  expect(mock.events.map(({ duplicate }) => duplicate)).toEqual([false, true]);
});

test('refuses an unknown token', async () => {
  expect((await send({ events: [EVENT] }, 'unknown')).status).toBe(401);
  expect(mock.events).toEqual([]);
});

test.each<[string, unknown]>([
  ['what is not JSON', '{"events":'],
  ['what is no list', { events: EVENT }],
  ['an id that is none', { events: [{ ...EVENT, id: '1' }] }],
  ['a time that is none', { events: [{ ...EVENT, time: 'now' }] }],
  ['an unknown type', { events: [{ ...EVENT, type: 'Logout' }] }],
  ['an event of nobody', { events: [EVENT, { ...EVENT, userId: '' }] }],
])('refuses %s, and takes nothing', async (_, body) => {
  const response = await send(body);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ message: expect.any(String) });
  expect(mock.events).toEqual([]);
});
