import { beforeEach, describe, expect, it } from 'vitest';
import { keen } from '../../../tools/simulator/vendors/keen.ts';
import { duplicates, mock, post, startMock } from '../../support/vendor.ts';

const event = {
  userId: 'auth0|1',
  keen: { uniqueness_token: 'k1', timestamp: '2024-01-01T00:00:00.000Z' },
};
const send = (body: unknown, path = '/signups', headers: Record<string, string | undefined> = {}) => {
  const { KEENIO_PROJECT_ID: project, KEENIO_WRITE_KEY: key } = mock.secrets;
  return post(`/3.0/projects/${project}/events${path}`, { Authorization: key, ...headers }, body);
};

describe('mock Keen', () => {
  beforeEach(() => startMock(keen));

  it('accepts one event', async () => {
    const response = await send(event);
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ created: true });
    expect(mock.events).toEqual([
      { id: 'k1', type: 'SignUp', userId: 'auth0|1', payload: event, duplicate: false },
    ]);
  });

  it('responds for each of several events', async () => {
    const response = await send({ signups: [event, { 'a.b': 1 }], logins: [event], other: [] }, '');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      signups: [
        { success: true },
        { success: false, error: { name: 'InvalidPropertyNameError', description: expect.any(String) } },
      ],
      logins: [{ success: true }],
      other: [],
    });
    expect(mock.events.map(({ type }) => type)).toEqual(['SignUp', 'Login']);
  });

  // https://keen.io/blog/uniqueness-token-for-rejecting-duplicate-events-guarantee-exactly-once-delivery/
  it('deduplicates by uniqueness token within a collection', async () => {
    const statuses = [await send(event), await send(event), await send(event, '/logins')].map(
      ({ status }) => status,
    );
    expect(statuses).toEqual([201, 201, 201]);
    expect(duplicates()).toEqual([false, true, false]);
  });

  it('accepts an event without a uniqueness token each time', async () => {
    await send({ userId: 'auth0|1' });
    await send({ userId: 'auth0|1' });
    expect(duplicates()).toEqual([false, false]);
  });

  it.each<[string, number, string, Record<string, string | undefined>]>([
    ['no key', 401, 'InvalidApiKeyError', { Authorization: undefined }],
    ['a scheme before the key', 401, 'InvalidApiKeyError', { Authorization: 'Bearer E4C9A7F21B6D830F5A9C' }],
    ['another content type', 400, 'InvalidJSONError', { 'Content-Type': 'text/plain' }],
  ])('rejects a request: %s', async (_, status, error_code, headers) => {
    const response = await send(event, '/signups', headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ message: expect.any(String), error_code });
    expect(mock.events).toEqual([]);
  });

  it('rejects an unknown project', async () => {
    const response = await post('/3.0/projects/none/events/signups', {}, event);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error_code: 'ResourceNotFoundError' });
  });

  it.each(['', '/signups'])('rejects anything but a JSON object at /events%s', async (path) => {
    expect((await send('[1]', path)).status).toBe(400);
    expect((await send('{', path)).status).toBe(400);
  });

  // https://keen.io/blog/updating-keens-api-status-codes/
  it('responds 413 to an event over 900 kB, alone or among others', async () => {
    const large = { words: Array.from({ length: 91 }, () => 'x'.repeat(9_990)) };
    expect((await send(large)).status).toBe(413);
    expect((await send({ signups: [event, large] }, '')).status).toBe(413);
    expect(mock.events).toEqual([]);
  });

  const addon = { name: 'keen:ip_to_geo', input: { ip: 'ip' }, output: 'geo' };
  it.each<[string, string, object]>([
    ['a name with a period', 'InvalidPropertyNameError', { 'a.b': 1 }],
    ['a nested name with a period', 'InvalidPropertyNameError', { a: [{ b: { 'c.d': 1 } }] }],
    ['a name over 256 characters', 'InvalidPropertyNameError', { ['n'.repeat(257)]: 1 }],
    ['a number for keen', 'InvalidPropertyValueError', { keen: 1 }],
    [
      'a reserved child of keen',
      'InvalidPropertyValueError',
      { keen: { created_at: '2024-01-01T00:00:00Z' } },
    ],
    ['a string of 10 000 characters', 'InvalidPropertyValueError', { a: { b: 's'.repeat(10_000) } }],
    ['a timestamp that is not ISO 8601', 'InvalidPropertyValueError', { keen: { timestamp: 1700000000 } }],
    [
      'a timestamp of a day that does not exist',
      'InvalidPropertyValueError',
      { keen: { timestamp: '2024-13-45T00:00:00Z' } },
    ],
    [
      'a token over 64 characters',
      'InvalidPropertyValueError',
      { keen: { uniqueness_token: 't'.repeat(65) } },
    ],
    ['add-ons that are not an array', 'InvalidPropertyValueError', { keen: { addons: addon } }],
    [
      'an add-on without output',
      'InvalidPropertyValueError',
      { keen: { addons: [{ ...addon, output: undefined }] } },
    ],
  ])('rejects an event: %s', async (_, error_code, body) => {
    const response = await send(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ message: expect.any(String), error_code });
    expect(mock.events).toEqual([]);
  });

  it('accepts an event at its limits', async () => {
    const keen = {
      uniqueness_token: 't'.repeat(64),
      addons: [addon],
      timestamp: '2024-01-01T00:00:00+02:00',
    };
    expect((await send({ ['n'.repeat(256)]: 's'.repeat(9_999), keen })).status).toBe(201);
  });
});
