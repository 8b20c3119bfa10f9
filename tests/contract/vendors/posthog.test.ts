import { beforeEach, describe, expect, it } from 'vitest';
import { posthog as sink } from '../../../actions/posthog.ts';
import type { Activity } from '../../../lib/activity.ts';
import { parseSecrets } from '../../../lib/settings.ts';
import { posthog } from '../../../tools/simulator/vendors/posthog.ts';
import { someLogins } from '../../support/events.ts';
import { send as sendBySink } from '../../support/send.ts';
import { duplicates, mock, post, startMock } from '../../support/vendor.ts';

const UUID = '8a37527b-37ef-5a7a-bdc4-d2ff9ea92806';

const LOOPBACK = '127.0.0.1';

const event = {
  uuid: UUID,
  event: 'user signed up',
  distinct_id: 'auth0|1',
  timestamp: '2026-01-31T12:00:00.123Z',
  properties: { $set: { name: 'Ada' } },
};

/** The event as PostHog stores it. */
const stored = (properties: object) => ({
  ...event,
  properties: { ...event.properties, $ip: LOOPBACK, ...properties },
});

describe('mock PostHog', () => {
  beforeEach(() => startMock(posthog));

  const sendBody = (body: unknown, path = '/batch/'): Promise<Response> => post(path, {}, body);
  const send = (changes: object, more: object = {}): Promise<Response> =>
    sendBody({ api_key: mock.secrets.POSTHOG_API_KEY, batch: [{ ...event, ...changes }], ...more });

  it.each(['/batch', '/batch/'])('accepts a batch at %s', async (path) => {
    const response = await sendBody({ api_key: mock.secrets.POSTHOG_API_KEY, batch: [event] }, path);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'Ok' });
    expect(mock.events).toEqual([
      { id: UUID, type: 'SignUp', userId: 'auth0|1', payload: stored({}), duplicate: false },
    ]);
  });

  it.each([
    ['user signed up', 'SignUp'],
    ['signup', 'SignUp'],
    ['user logged in', 'Login'],
    ['$identify', 'other'],
  ])('counts the event %j as %s', async (name, type) => {
    await send({ event: name });
    expect(mock.events).toMatchObject([{ type }]);
  });

  // https://posthog.com/docs/how-posthog-works/ingestion-pipeline
  it.each([
    ['nothing', {}, true],
    ['the hour', { timestamp: '2026-01-31T13:00:00Z' }, true],
    ['the day', { timestamp: '2026-02-01T12:00:00Z' }, false],
    ['the name', { event: 'user logged in' }, false],
    ['the user', { distinct_id: 'auth0|2' }, false],
    ['the uuid', { uuid: '3d0a0b7e-9f53-5c1e-8a43-0c6ea5d1f1ab' }, false],
  ])('deduplicates an event that differs in %s: %3$s', async (_, changes, isDuplicate) => {
    await send({});
    await send(changes);
    expect(duplicates()).toEqual([false, isDuplicate]);
  });

  // https://github.com/PostHog/posthog/blob/master/nodejs/src/utils/event.ts
  it.each([[undefined], [null], [''], [0], [false]])(
    "stores the sender's IP address in place of $ip %j",
    async ($ip) => {
      await send({ properties: { ...event.properties, $ip } });
      expect(mock.events[0]?.payload).toEqual(stored({}));
    },
  );

  it('stores an IP address that is sent', async () => {
    await send({ properties: { ...event.properties, $ip: '0.0.0.0' } });
    expect(mock.events[0]?.payload).toEqual(stored({ $ip: '0.0.0.0' }));
  });

  it('stores the IP address of a person, unless it is not to be looked up', async () => {
    const getIp = () => mock.store.profiles.get('auth0|1')?.$ip;
    await send({ properties: { $ip: '203.0.113.7', $geoip_disable: true } });
    expect(getIp()).toBeUndefined();
    await send({ properties: { $ip: '203.0.113.7' } });
    expect(getIp()).toBe('203.0.113.7');
    await send({});
    expect(getIp()).toBe(LOOPBACK);
  });

  it('sets properties of the person, and those of $set_once only once', async () => {
    await send({ properties: { $set: { plan: 'free' }, $set_once: { first: 'a' } } });
    await send({ properties: { $set: { plan: 'pro' }, $set_once: { first: 'b' } } });
    expect(mock.store.profiles.get('auth0|1')).toEqual({ plan: 'pro', first: 'a', $ip: LOOPBACK });
  });

  it('stores the properties of a group that is identified, and none that an event is in', async () => {
    const group = { $group_type: 'organization', $group_key: 'org_1', $group_set: { name: 'acme' } };
    await send({ properties: { $groups: { organization: 'org_2' } } });
    await send({ event: '$groupidentify', properties: group });
    expect([...mock.store.groups]).toEqual([['organization:org_1', { name: 'acme' }]]);
  });

  describe('$identify', () => {
    const identify = ($anon_distinct_id: unknown, distinct_id = 'auth0|1') =>
      send({ event: '$identify', distinct_id, properties: { $anon_distinct_id } });

    it('merges the visitor into the user, whose properties win', async () => {
      const set = (properties: object) => ({ properties: { $set: properties, $geoip_disable: true } });
      await send({ distinct_id: 'visitor', ...set({ referrer: 'a', plan: 'none' }) });
      await send(set({ plan: 'pro' }));
      await identify('visitor');
      await send({ distinct_id: 'visitor', ...set({ seats: 3 }) });
      expect([...mock.store.identities]).toEqual([['visitor', 'auth0|1']]);
      expect([...mock.store.profiles]).toEqual([
        ['auth0|1', { referrer: 'a', plan: 'pro', seats: 3, $ip: LOOPBACK }],
      ]);
    });

    it.each<[string, () => Promise<unknown>]>([
      ['the visitor of another user', () => identify('visitor', 'auth0|2')],
      ['a user who has been identified', () => identify('auth0|1', 'auth0|2')],
    ])('does not merge %s', async (_, identifyAgain) => {
      await identify('visitor');
      await identifyAgain();
      expect([...mock.store.identities]).toEqual([['visitor', 'auth0|1']]);
    });

    it.each(['', ' ', 'anonymous', 'Undefined', '"null"', '0', '[object Object]', 'auth0|1'])(
      'does not merge the visitor %j',
      async (visitor) => {
        await identify(visitor);
        expect(mock.store.identities.size).toBe(0);
      },
    );
  });

  it('stores the address of the sender for no event of the sink', async () => {
    const [login] = someLogins(1) as [Activity];
    const activity = {
      ...login,
      request: { ...login.request, ip: undefined },
      visitor: { ...login.visitor, anonymousId: 'visitor' },
      group: { id: 'org_1', name: 'acme' },
    };
    await sendBySink(sink, [activity], parseSecrets(sink, mock.secrets));
    expect(mock.events).toHaveLength(3);
    expect(JSON.stringify(mock.events)).not.toContain(LOOPBACK);
    expect(mock.store.profiles.get(activity.user.id)).not.toHaveProperty('$ip');
  });

  it.each([undefined, ''])('generates a uuid in place of %j', async (uuid) => {
    await send({ uuid });
    expect(mock.events[0]?.id).toMatch(/^[\da-f-]{36}$/);
  });

  it('accepts an event with an invalid time, as of now', async () => {
    expect((await send({ timestamp: 'yesterday' })).status).toBe(200);
    await send({ timestamp: undefined });
    expect(duplicates()).toEqual([false, true]);
  });

  it('truncates a distinct_id after 200 characters', async () => {
    await send({ distinct_id: 'd'.repeat(201) });
    expect(mock.events).toMatchObject([{ userId: 'd'.repeat(200) }]);
  });

  it('responds 200 to a key that no project has, and drops the events', async () => {
    const response = await send({}, { api_key: 'phc_of_another_region' });
    expect([response.status, await response.json()]).toEqual([200, { status: 'Ok' }]);
    expect(mock.events).toEqual([]);
  });

  it('accepts a key with white space around it', async () => {
    await send({}, { api_key: ` ${mock.secrets.POSTHOG_API_KEY}\n` });
    expect(mock.events).toHaveLength(1);
  });

  it.each([
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
  ])('responds %i %s to an event with %j in a request with %j', async (status, text, changes, more) => {
    const response = await send(changes, more);
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(mock.events).toEqual([]);
  });

  it('rejects a batch because of one of its events', async () => {
    const response = await send({}, { batch: [event, { ...event, distinct_id: '' }] });
    expect(response.status).toBe(400);
    expect(mock.events).toEqual([]);
  });

  it('rejects invalid JSON, and a body over 20 MB', async () => {
    expect((await sendBody('{"batch":')).status).toBe(400);
    const response = await send({ properties: { text: 'x'.repeat(20 * 1024 * 1024) } });
    expect([response.status, await response.text()]).toEqual([413, 'maximum event size exceeded']);
    expect(mock.events).toEqual([]);
  });
});
