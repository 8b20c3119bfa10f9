import { beforeEach, describe, expect, it } from 'vitest';
import { mixpanel, SERVICE_ACCOUNT } from '../../../tools/simulator/vendors/mixpanel.ts';
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

  it.each([
    ['2001 events', Array.from({ length: 2001 }, () => event)],
    ['10 MB', Array.from({ length: 11 }, () => withProperties({ words: 'w'.repeat(1_000_000) }))],
  ])('responds 413 to %s', async (_, body) => {
    expect((await send(body)).status).toBe(413);
    expect(mock.events).toEqual([]);
  });
});
