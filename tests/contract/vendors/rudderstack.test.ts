import { beforeEach, describe, expect, it } from 'vitest';
import { DISABLED_WRITE_KEY, rudderstack } from '../../../tools/simulator/vendors/rudderstack.ts';
import { duplicates, mock, post, startMock } from '../../support/vendor.ts';

const call = { type: 'track', event: 'Signed Up', userId: 'auth0|1', messageId: 'r1' };
const basic = (key: string | undefined) => `Basic ${btoa(`${key}:`)}`;
const send = (body: unknown, headers: Record<string, string | undefined> = {}) =>
  post('/rudder/v1/batch', { Authorization: basic(mock.secrets.SEGMENT_WRITE_KEY), ...headers }, body);

describe('mock RudderStack', () => {
  beforeEach(() => startMock(rudderstack));

  it.each(['application/json', 'application/x-www-form-urlencoded', undefined])(
    'accepts a batch with the content type %s',
    async (contentType) => {
      const response = await send({ batch: [call] }, { 'Content-Type': contentType });
      expect([response.status, await response.text()]).toEqual([200, 'ok']);
      expect(mock.events).toMatchObject([{ id: 'r1', type: 'SignUp', userId: 'auth0|1', duplicate: false }]);
    },
  );

  it("adds the sender's IP address as request_ip, and leaves one that was sent", async () => {
    const located = { ...call, messageId: 'r2', context: { ip: '203.0.113.7' } };
    const relayed = { ...call, messageId: 'r3', request_ip: '198.51.100.1' };
    await send({ batch: [call, located, relayed] });
    expect(mock.events.map(({ payload }) => payload)).toEqual([
      { ...call, request_ip: '127.0.0.1' },
      { ...located, request_ip: '127.0.0.1' },
      relayed,
    ]);
  });

  it('deduplicates by messageId, and stores traits', async () => {
    const identify = { type: 'identify', userId: 'auth0|1', messageId: 'r2', traits: { name: 'Ada' } };
    await send({ batch: [identify, identify] });
    expect(duplicates()).toEqual([false, true]);
    expect(mock.store.profiles.get('auth0|1')).toEqual({ name: 'Ada' });
  });

  it.each<[number, string, string, unknown, Record<string, string | undefined>?]>([
    [
      401,
      'failed to read writekey from header',
      'no write key',
      { batch: [call] },
      { Authorization: undefined },
    ],
    [
      401,
      'invalid write key',
      'an unknown write key',
      { batch: [call] },
      { Authorization: basic('unknown') },
    ],
    [
      404,
      'source is disabled',
      'the key of a disabled source',
      { batch: [call] },
      { Authorization: basic(DISABLED_WRITE_KEY) },
    ],
    [400, 'invalid json', 'invalid JSON', '{"batch":'],
    [400, 'event is not a valid rudder event', 'a batch that is no list', { batch: call }],
    [400, 'empty batch payload', 'an empty batch', { batch: [] }],
    [
      400,
      'request neither has anonymousId nor userId',
      'a batch with a call of nobody',
      { batch: [call, { ...call, userId: ' ' }] },
    ],
  ])('responds %i %s to %s', async (status, message, _, body, headers) => {
    const response = await send(body, headers);
    expect([response.status, await response.text()]).toEqual([status, `${message}\n`]);
    expect(mock.events).toEqual([]);
  });
});
