import { beforeEach, describe, expect, it } from 'vitest';
import { mixpanel as sink } from '../../../actions/mixpanel.ts';
import type { Activity } from '../../../lib/activity.ts';
import { parseSecrets } from '../../../lib/settings.ts';
import { mixpanel, SERVICE_ACCOUNT } from '../../../tools/simulator/vendors/mixpanel.ts';
import { someLogins } from '../../support/events.ts';
import { send } from '../../support/send.ts';
import { duplicates, mock, post, startMock } from '../../support/vendor.ts';

const MS_PER_HOUR = 60 * 60 * 1000;
const { name, secret, project } = SERVICE_ACCOUNT;
const basic = (credentials: string) => ({ Authorization: `Basic ${btoa(credentials)}` });

describe('mock Mixpanel', () => {
  beforeEach(() => startMock(mixpanel));

  const properties = { time: 1769860800123, distinct_id: 'auth0|1', $insert_id: 'm1' };
  const event = { event: 'Signed Up', properties };
  const withProperties = (changes: object) => ({ ...event, properties: { ...properties, ...changes } });

  const send = (body: unknown, headers: Record<string, string> = {}, query = '?strict=1') =>
    post(`/import${query}`, { ...basic(`${mock.secrets.MIXPANEL_TOKEN}:`), ...headers }, body);

  it('accepts events', async () => {
    const login = { event: 'Logged In', properties: { ...properties, ip: 0 } };
    const response = await send([event, login, { ...event, event: 'Purchase' }]);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ code: 200, num_records_imported: 3, status: 'OK' });
    expect(mock.events).toEqual([
      { id: 'm1', type: 'SignUp', userId: 'auth0|1', payload: event, duplicate: false },
      { id: 'm1', type: 'Login', userId: 'auth0|1', payload: login, duplicate: false },
      expect.objectContaining({ type: 'other' }),
    ]);
  });

  describe('credentials', () => {
    const inProject = (id: string) => `?strict=1&project_id=${id}`;

    it('accepts a service account', async () => {
      expect((await send([event], basic(`${name}:${secret}`), inProject(project))).status).toBe(200);
    });

    it.each([
      ['an unknown token', basic('unknown:'), ''],
      ['no authorization', { Authorization: '' }, ''],
      ['a service account of another project', basic(`${name}:${secret}`), inProject('1')],
      ['a service account without a project', basic(`${name}:${secret}`), ''],
      ['the wrong secret', basic(`${name}:wrong`), inProject(project)],
      ['a token and a project', {}, inProject(project)],
    ])('rejects %s', async (_, headers: Record<string, string>, query) => {
      const response = await send([event], headers, query);
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({
        code: 401,
        error: 'Invalid credentials',
        status: 'Unauthorized',
      });
      expect(mock.events).toEqual([]);
    });
  });

  describe('deduplication', () => {
    it('goes by name, user, id and day', async () => {
      const { time } = properties;
      await send([
        event,
        event,
        withProperties({ time: time + 1 }),
        withProperties({ time: Math.floor(time / 1000) }),
      ]);
      expect(duplicates()).toEqual([false, true, true, true]);
    });

    it.each([
      { ...event, event: 'Logged In' },
      withProperties({ distinct_id: 'auth0|2' }),
      withProperties({ $insert_id: 'm2' }),
      withProperties({ time: properties.time + 24 * MS_PER_HOUR }),
    ])('accepts a similar event: %j', async (other) => {
      await send([event, other]);
      expect(duplicates()).toEqual([false, false]);
    });
  });

  it('accepts the valid events of a request and names the invalid ones', async () => {
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
    expect(mock.events.map(({ id }) => id)).toEqual(['m1', 'm3']);
  });

  const items = (count: number) => Array.from({ length: count }, (_, index) => index);
  const keys = (count: number) => Object.fromEntries(items(count).map((index) => [`k${index}`, index]));

  it.each<[string, string, object]>([
    ['no properties', 'properties', { event: 'Signed Up' }],
    ['no name', 'event', { properties }],
    ['an unknown field', 'token', { ...event, token: 't' }],
    ['over 1 MB', 'event', withProperties({ words: 'w'.repeat(1024 * 1024) })],
    ['no time', 'properties.time', withProperties({ time: undefined })],
    ['a time in ISO 8601', 'properties.time', withProperties({ time: '2026-01-31T12:00:00Z' })],
    ['a fraction of a second', 'properties.time', withProperties({ time: 1769860800.123 })],
    ['a time before 1971', 'properties.time', withProperties({ time: Date.UTC(1970, 11, 31) / 1000 })],
    ['a time in the future', 'properties.time', withProperties({ time: Date.now() + 2 * MS_PER_HOUR })],
    ['no user', 'properties.distinct_id', withProperties({ distinct_id: undefined })],
    ['a number for a user', 'properties.distinct_id', withProperties({ distinct_id: 7 })],
    ['a placeholder for a user', 'properties.distinct_id', withProperties({ distinct_id: 'undefined' })],
    ['no id', 'properties.$insert_id', withProperties({ $insert_id: undefined })],
    ['an id over 36 characters', 'properties.$insert_id', withProperties({ $insert_id: 'm'.repeat(37) })],
    ['an id with an underscore', 'properties.$insert_id', withProperties({ $insert_id: 'm_1' })],
    ['a placeholder for an id', 'properties.$insert_id', withProperties({ $insert_id: 'null' })],
    ['255 properties', 'properties', withProperties(keys(252))],
    ['255 keys', 'properties.a', withProperties({ a: keys(255) })],
    ['255 elements', 'properties.a', withProperties({ a: items(255) })],
    ['four levels', 'properties.a', withProperties({ a: { b: { c: { d: {} } } } })],
  ])('rejects an event: %s', async (_, field, body) => {
    const response = await send([body]);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      failed_records: [{ index: 0, field }],
      num_records_imported: 0,
    });
    expect(mock.events).toEqual([]);
  });

  it('accepts an event at its limits', async () => {
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

  it.each([
    ['anything but an array', event],
    ['invalid JSON', '[{'],
  ])('responds 400 to %s', async (_, body) => {
    expect((await send(body)).status).toBe(400);
  });

  it('responds 400 to another content type', async () => {
    expect((await send([event], { 'Content-Type': 'text/plain' })).status).toBe(400);
  });

  describe('events with a device and a group', () => {
    it('join the device to the first user who is on it', async () => {
      const onDevice = (user: string) =>
        withProperties({ $device_id: 'd1', $user_id: user, distinct_id: user });
      await send([withProperties({ $device_id: 'd1' }), onDevice('auth0|1'), onDevice('auth0|2')]);
      expect([...mock.store.identities]).toEqual([['d1', 'auth0|1']]);
    });

    it("create the group under the project's group key", async () => {
      await send([withProperties({ organizationId: 'org_1', company: 'org_2' })]);
      expect([...mock.store.groups]).toEqual([['organizationId:org_1', {}]]);
    });
  });

  describe('import that is not strict', () => {
    const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
    const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const authorized = () => basic(`${mock.secrets.MIXPANEL_TOKEN}:`);

    it('accepts base64 in a form', async () => {
      const response = await send(`data=${encodeURIComponent(base64([event]))}`, FORM, '');
      expect([response.status, await response.text()]).toEqual([200, '1']);
      expect(mock.events).toMatchObject([{ id: 'm1', type: 'SignUp' }]);
    });

    it('accepts base64 in a query', async () => {
      const query = new URLSearchParams({ data: base64(event), verbose: '1' });
      const response = await fetch(`${mock.url}/import?${query}`, { headers: authorized() });
      expect(await response.json()).toEqual({ status: 1, error: null });
      expect(mock.events).toMatchObject([{ id: 'm1', type: 'SignUp' }]);
    });

    it('drops the invalid events of a request without a word', async () => {
      const response = await send([{ ...event, event: '' }, event], {}, '?verbose=1');
      expect(await response.json()).toEqual({ status: 1, error: null });
      expect(mock.events).toHaveLength(1);
    });

    it('requires credentials', async () => {
      expect((await send([event], basic('unknown:'), '')).status).toBe(401);
    });
  });

  it.each([
    ['2001 events', Array.from({ length: 2001 }, () => event)],
    ['10 MB', Array.from({ length: 11 }, () => withProperties({ words: 'w'.repeat(1_000_000) }))],
  ])('responds 413 to %s', async (_, body) => {
    expect((await send(body)).status).toBe(413);
    expect(mock.events).toEqual([]);
  });
});

describe('Track API of the mock Mixpanel', () => {
  beforeEach(() => startMock(mixpanel));

  const toEvent = (changes: object = {}) => ({
    event: 'Signed Up',
    properties: { token: mock.secrets.MIXPANEL_TOKEN, distinct_id: 'auth0|1', ...changes },
  });
  const track = async (records: unknown) => (await post('/track?verbose=1', {}, records)).json();

  it('accepts an event without time and id', async () => {
    expect(await track([toEvent()])).toEqual({ status: 1, error: null });
    expect(mock.events).toMatchObject([{ id: '', type: 'SignUp', userId: 'auth0|1', duplicate: false }]);
  });

  it('accepts base64 in a query, and responds 1', async () => {
    const data = Buffer.from(JSON.stringify(toEvent())).toString('base64');
    expect(await (await fetch(`${mock.url}/track?data=${encodeURIComponent(data)}`)).text()).toBe('1');
    expect(mock.events).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['token, missing or empty', { token: undefined }],
    ['distinct_id, missing or empty', { distinct_id: undefined }],
    ['time, too old', { time: Date.now() - 6 * 24 * MS_PER_HOUR }],
    ['time, invalid', { time: 'now' }],
  ])('responds %s, and drops the event', async (error, changes) => {
    expect(await track([toEvent(changes as object)])).toEqual({ status: 0, error });
    expect(mock.events).toEqual([]);
  });

  it('responds 0 to what holds no event', async () => {
    expect(await (await post('/track', {}, 'none')).text()).toBe('0');
  });

  it('responds as if a token that no project has were known, and drops the event', async () => {
    expect(await track([toEvent({ token: 'unknown' })])).toEqual({ status: 1, error: null });
    expect(mock.events).toEqual([]);
  });
});

describe('Engage API of the mock Mixpanel', () => {
  beforeEach(() => startMock(mixpanel));

  const toUpdate = (changes: object = {}) => ({
    $token: mock.secrets.MIXPANEL_TOKEN,
    $distinct_id: 'auth0|1',
    $ip: '0',
    $set: { $name: 'Ada' },
    ...changes,
  });
  const engage = async (updates: unknown, query = 'verbose=1') =>
    (await post(`/engage?${query}`, {}, updates)).json();
  const getProfile = () => mock.store.profiles.get('auth0|1');

  it('sets properties, and those of $set_once only once', async () => {
    expect(await engage([toUpdate({ $set_once: { plan: 'free' } })])).toEqual({ status: 1, error: null });
    await engage([toUpdate({ $set: { $name: 'Ada King' }, $set_once: { plan: 'pro' } })]);
    expect(getProfile()).toEqual({ $name: 'Ada King', plan: 'free' });
    expect(mock.events).toEqual([]);
  });

  it.each([
    ["the sender's address", 'verbose=1', { $ip: undefined }, '127.0.0.1'],
    ['the address of the update', 'verbose=1', { $ip: '203.0.113.7' }, '203.0.113.7'],
    ['no address of an update with $ip 0', 'verbose=1', { $ip: '0' }, undefined],
    ['no address of a request with ip=0', 'verbose=1&ip=0', { $ip: undefined }, undefined],
  ])('looks up %s', async (_, query, changes, $ip) => {
    await engage([toUpdate(changes)], query);
    expect(getProfile()).toEqual({ $name: 'Ada', ...($ip && { $ip }) });
  });

  it.each<[string, object]>([
    ['$token, missing or empty', { $token: undefined }],
    ['$distinct_id, missing or empty', { $distinct_id: '' }],
    ['$set, missing or empty', { $set: undefined }],
    ['$set_once, missing or empty', { $set_once: 'free' }],
    ['$unset, missing or empty', { $unset: { plan: 1 } }],
  ])('responds 200 with status 0 and %s', async (error, changes) => {
    const response = await post('/engage?verbose=1', {}, [toUpdate(changes)]);
    expect([response.status, await response.json()]).toEqual([200, { status: 0, error }]);
    expect(mock.store.profiles.size).toBe(0);
  });

  it('responds 1 if one of the updates is valid', async () => {
    const response = await post('/engage', {}, [toUpdate({ $token: '' }), toUpdate()]);
    expect(await response.text()).toBe('1');
    expect(getProfile()).toEqual({ $name: 'Ada' });
  });

  it('responds as if a token that no project has were known, and stores nothing', async () => {
    expect(await engage([toUpdate({ $token: 'unknown' })])).toEqual({ status: 1, error: null });
    expect(mock.store.profiles.size).toBe(0);
  });

  it('makes the sink fail on a profile without a user, which Mixpanel rejects with 200', async () => {
    const [login] = someLogins(1) as [Activity];
    const nobody = { ...login, user: { ...login.user, id: '' } };
    const secrets = parseSecrets(sink, { ...mock.secrets, MIXPANEL_PROFILES: 'all' });
    await expect(send(sink, [nobody], secrets)).rejects.toMatchObject({
      name: 'RejectedError',
      vendorMessage: '$distinct_id, missing or empty',
    });
  });
});

describe('Groups API of the mock Mixpanel', () => {
  beforeEach(() => startMock(mixpanel));

  const toUpdate = (changes: object = {}) => ({
    $token: mock.secrets.MIXPANEL_TOKEN,
    $group_key: 'organizationId',
    $group_id: 'org_1',
    $set: { $name: 'acme' },
    ...changes,
  });

  it('sets the properties of a group', async () => {
    expect(await (await post('/groups', {}, [toUpdate()])).text()).toBe('1');
    expect([...mock.store.groups]).toEqual([['organizationId:org_1', { $name: 'acme' }]]);
  });

  it.each(['$token', '$group_key', '$group_id'])('rejects an update without %s', async (field) => {
    const response = await post('/groups?verbose=1', {}, [toUpdate({ [field]: undefined })]);
    expect(await response.json()).toEqual({ status: 0, error: `${field}, missing or empty` });
    expect(mock.store.groups.size).toBe(0);
  });
});
