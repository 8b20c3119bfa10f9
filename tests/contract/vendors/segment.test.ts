import { beforeEach, describe, expect, it } from 'vitest';
import { segment } from '../../../tools/simulator/vendors/segment.ts';
import { acceptedIds, duplicates, mock, post, startMock } from '../../support/vendor.ts';

const call = { type: 'track', event: 'Signed Up', userId: 'auth0|1', messageId: 's1' };
const basic = (key: string | undefined) => `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
const send = (body: unknown, path = '/v1/batch', headers: Record<string, string | undefined> = {}) =>
  post(path, { Authorization: basic(mock.secrets.SEGMENT_WRITE_KEY), ...headers }, body);

describe('mock Segment', () => {
  beforeEach(() => startMock(segment));

  it('accepts a batch', async () => {
    const identify = { type: 'identify', userId: 'auth0|1', messageId: 's2' };
    const response = await send({ batch: [identify, call] });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ success: true });
    expect(mock.events).toEqual([
      { id: 's2', type: 'other', userId: 'auth0|1', payload: identify, duplicate: false },
      { id: 's1', type: 'SignUp', userId: 'auth0|1', payload: call, duplicate: false },
    ]);
  });

  it.each([
    ['signup', 'SignUp'],
    ['User Signed Up', 'SignUp'],
    ['sign-up', 'SignUp'],
    ['Logged In', 'Login'],
    ['Signed In', 'Login'],
  ])('counts the event %j as %s', async (event, type) => {
    await send({ ...call, event }, '/v1/track');
    expect(mock.events).toMatchObject([{ type }]);
  });

  it.each([
    ['identify', {}],
    ['group', { groupId: 'org_1' }],
    ['alias', { previousId: 'visitor' }],
    ['page', {}],
    ['screen', {}],
  ])('accepts a single %s', async (type, fields) => {
    await send({ ...fields, userId: 'auth0|1', messageId: 's3' }, `/v1/${type}`);
    expect(mock.events).toMatchObject([{ id: 's3', type: 'other', payload: { type } }]);
  });

  it('stores the traits of users and groups, and joins visitors to users', async () => {
    const user = { userId: 'auth0|1', anonymousId: 'visitor' };
    await send({
      batch: [
        { ...user, type: 'identify', messageId: 's2', traits: { name: 'Ada', plan: 'free' } },
        { ...user, type: 'group', messageId: 's3', groupId: 'org_1', traits: { name: 'acme' } },
        { ...user, ...call },
        { ...user, type: 'identify', messageId: 's4', traits: { plan: 'pro' } },
      ],
    });
    expect([...mock.store.profiles]).toEqual([['auth0|1', { name: 'Ada', plan: 'pro' }]]);
    expect([...mock.store.groups]).toEqual([['org_1', { name: 'acme' }]]);
    expect([...mock.store.identities]).toEqual([['visitor', 'auth0|1']]);
  });

  it('stores nothing of a duplicate', async () => {
    const identify = { type: 'identify', userId: 'auth0|1', messageId: 's2', traits: { plan: 'free' } };
    await send({ batch: [identify, { ...identify, traits: { plan: 'pro' } }] });
    expect(duplicates()).toEqual([false, true]);
    expect(mock.store.profiles.get('auth0|1')).toEqual({ plan: 'free' });
  });

  it('accepts the write key in the body', async () => {
    const writeKey = mock.secrets.SEGMENT_WRITE_KEY;
    await send({ ...call, writeKey }, '/v1/track', { Authorization: undefined });
    await send({ batch: [{ ...call, messageId: 's4' }], writeKey }, '/v1/batch', {
      Authorization: undefined,
    });
    expect(acceptedIds()).toEqual(['s1', 's4']);
  });

  it('deduplicates by messageId, whatever the type of call', async () => {
    await send({ batch: [call, { ...call, type: 'identify' }] });
    expect(duplicates()).toEqual([false, true]);
  });

  it('generates a missing messageId', async () => {
    await send({ batch: [{ ...call, messageId: undefined }] });
    expect(mock.events[0]?.id).toMatch(/^[\da-f-]{36}$/);
  });

  it.each<[string, object, string?]>([
    ['an unknown write key', { batch: [call] }, basic('unknown')],
    ['a call of an unknown type', { batch: [{ ...call, type: 'login' }] }],
    ['a call without a user', { batch: [{ ...call, userId: undefined }] }],
    ['a track without an event', { batch: [{ ...call, event: undefined }] }],
    ['a group without an id', { batch: [{ ...call, type: 'group' }] }],
    ['an alias without a previous id', { batch: [{ ...call, type: 'alias' }] }],
    ['traits that are a list', { batch: [{ ...call, type: 'identify', traits: [] }] }],
    ['properties that are a string', { batch: [{ ...call, properties: 'a' }] }],
    ['a context that is null', { batch: [{ ...call, context: null }] }],
    ['a messageId over 100 characters', { batch: [{ ...call, messageId: 'm'.repeat(101) }] }],
    [
      'over 2500 calls',
      { batch: Array.from({ length: 2501 }, (_, id) => ({ ...call, messageId: `${id}` })) },
    ],
  ])('responds 200 and drops the call: %s', async (_, body, authorization) => {
    const response = await send(body, '/v1/batch', authorization ? { Authorization: authorization } : {});
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ success: true });
    expect(mock.requests).toHaveLength(1);
    expect(mock.events).toEqual([]);
  });

  const words = 'w'.repeat(30 * 1024);
  it.each<[string, unknown, string?]>([
    ['invalid JSON', '{"batch": ['],
    ['no batch', {}],
    ['a batch over 500 kB', { batch: Array.from({ length: 17 }, () => ({ ...call, words })) }],
    ['a call over 32 kB in a batch', { batch: [{ ...call, words: words + words }] }],
    ['a call over 32 kB', { ...call, words: words + words }, '/v1/track'],
  ])('responds 400 to %s', async (_, body, path) => {
    expect((await send(body, path)).status).toBe(400);
    expect(mock.events).toEqual([]);
  });

  it('responds 400 to another content type', async () => {
    expect((await send({ batch: [call] }, '/v1/batch', { 'Content-Type': 'text/plain' })).status).toBe(400);
  });
});
