import { beforeEach, describe, expect, it } from 'vitest';
import { amplitude as sink } from '../../../actions/amplitude.ts';
import type { Activity } from '../../../lib/activity.ts';
import { withDeadline } from '../../../lib/http.ts';
import { parseSecrets } from '../../../lib/settings.ts';
import { amplitude } from '../../../tools/simulator/vendors/amplitude.ts';
import { someLogins } from '../../support/events.ts';
import { acceptedIds, duplicates, mock, post, startMock } from '../../support/vendor.ts';

describe('mock Amplitude', () => {
  beforeEach(() => startMock(amplitude));

  const event = { event_type: 'Signed Up', user_id: 'auth0|1', insert_id: 'a1', time: 1769860800123 };

  const sendBody = (body: unknown, headers: Record<string, string> = {}) => post('/2/httpapi', headers, body);
  const send = (events: unknown, more: object = {}) =>
    sendBody({ api_key: mock.secrets.AMPLITUDE_API_KEY, events, ...more });

  it('accepts events', async () => {
    const login = { ...event, event_type: 'Logged In', insert_id: 'a2', user_properties: { $set: {} } };
    const response = await send([event, login, { event_type: 'Purchase', device_id: 'device' }]);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      code: 200,
      events_ingested: 3,
      payload_size_bytes: mock.requests[0]?.body.length,
      server_upload_time: expect.any(Number),
    });
    expect(mock.events).toEqual([
      { id: 'a1', type: 'SignUp', userId: 'auth0|1', payload: event, duplicate: false },
      { id: 'a2', type: 'Login', userId: 'auth0|1', payload: login, duplicate: false },
      expect.objectContaining({ id: '', type: 'other', duplicate: false }),
    ]);
  });

  it('deduplicates by insert_id within a user or device', async () => {
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
    expect(duplicates()).toEqual([false, true, false, false, false, false, false]);
  });

  it.each<[string, number, object | string, object]>([
    ['no body', 400, '', { error: 'Missing request body' }],
    ['invalid JSON', 400, '{"api_key":', { error: 'Invalid JSON request body' }],
    [
      'no key',
      400,
      { events: [event] },
      { error: 'Request missing required field', missing_field: 'api_key' },
    ],
    ['an unknown key', 400, { api_key: 'unknown', events: [event] }, { error: 'Invalid API key: unknown' }],
    ['1 MB', 413, { words: 'w'.repeat(1024 * 1024) }, { error: 'Payload too large' }],
  ])('rejects a request: %s', async (_, code, body, details) => {
    const response = await sendBody(body);
    expect(response.status).toBe(code);
    expect(await response.json()).toEqual({ code, ...details });
    expect(mock.events).toEqual([]);
  });

  it.each<[string, number, unknown, object]>([
    ['no events', 400, undefined, { error: 'Request missing required field', missing_field: 'events' }],
    ['an event that is null', 400, [event, null], { error: 'Invalid event JSON' }],
    ['2000 events', 413, Array.from({ length: 2000 }, () => event), { error: 'Payload too large' }],
  ])('rejects a request with the key but %s', async (_, code, events, details) => {
    const response = await send(events);
    expect(response.status).toBe(code);
    expect(await response.json()).toEqual({ code, ...details });
  });

  it('responds 400 to another content type', async () => {
    const body = JSON.stringify({ api_key: mock.secrets.AMPLITUDE_API_KEY, events: [event] });
    expect((await sendBody(body, { 'Content-Type': 'text/plain' })).status).toBe(400);
  });

  const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });

  it.each<[string, string, string[], object]>([
    ['no name', 'missing_fields', ['event_type'], { event_type: undefined }],
    ['no user', 'missing_fields', ['user_id', 'device_id'], { user_id: undefined }],
    ['a reserved name', 'invalid_fields', ['event_type'], { event_type: '[Amplitude] Revenue' }],
    ['a placeholder for a user', 'invalid_fields', ['user_id'], { user_id: 'anonymous' }],
    ['a number for a user', 'invalid_fields', ['user_id'], { user_id: 1234567 }],
    ['a time in ISO 8601', 'invalid_fields', ['time'], { time: '2026-01-31T12:00:00Z' }],
    ['properties that are a list', 'invalid_fields', ['event_properties'], { event_properties: [] }],
    ['a session in ISO 8601', 'invalid_fields', ['session_id'], { session_id: '2026-01-31T12:00:00Z' }],
    ['a placeholder for a device', 'invalid_fields', ['device_id'], { device_id: 'unknown' }],
    ['a code for a country', 'invalid_fields', ['country'], { country: 840 }],
    ['a group that is an object', 'invalid_fields', ['groups'], { groups: { organization: {} } }],
    ['groups that are a list', 'invalid_fields', ['groups'], { groups: ['org_1'] }],
    ['41 levels', 'invalid_fields', ['user_properties'], { user_properties: nested(41) }],
    ['a user of 4 characters', 'invalid_id_lengths', ['user_id'], { user_id: '1234' }],
  ])('rejects all events because of one with %s', async (_, kind, fields, changes) => {
    const response = await send([event, { ...event, ...changes }]);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      code: 400,
      error: expect.any(String),
      [`events_with_${kind}`]: Object.fromEntries(fields.map((field) => [field, [1]])),
    });
    expect(mock.events).toEqual([]);
  });

  it.each([
    ['a short id next to a longer one', { device_id: '1' }, {}],
    ['a short id if the options allow it', { user_id: '1' }, { options: { min_id_length: 1 } }],
    ['a session', { session_id: 1769860800000 }, {}],
    ['groups', { groups: { organization: 'org_1', team: ['a', 7] } }, {}],
    ['40 levels', { event_properties: nested(40) }, { options: {} }],
  ])('accepts %s', async (_, changes, more) => {
    expect((await send([{ ...event, ...changes }], more)).status).toBe(200);
  });

  const getProfile = (id = 'auth0|1') => mock.store.profiles.get(id);

  it('sets properties of the user, and those of $setOnce only once', async () => {
    await send([
      { ...event, user_properties: { $set: { plan: 'free' }, $setOnce: { first: 'a' } } },
      { ...event, user_properties: { $set: { plan: 'pro' }, $setOnce: { first: 'b' } } },
      { ...event, user_properties: { seats: 3 } },
    ]);
    expect(getProfile()).toEqual({ plan: 'pro', first: 'a', seats: 3 });
  });

  it('joins a device to the first user who is on it, unless its id is too short', async () => {
    await send([
      { ...event, device_id: 'device' },
      { ...event, device_id: 'device', user_id: 'auth0|2' },
      { ...event, device_id: 'd' },
    ]);
    expect([...mock.store.identities]).toEqual([['device', 'auth0|1']]);
  });

  it('resets the location of a user as a whole', async () => {
    await send([
      { ...event, country: 'United States', region: 'Washington', city: 'Bellevue', dma: 'Seattle' },
    ]);
    await send([{ ...event, country: 'Canada', city: 'Toronto' }]);
    expect(getProfile()).toEqual({ '[Amplitude] Country': 'Canada', '[Amplitude] City': 'Toronto' });
  });

  it.each([
    ['an address', { ip: '203.0.113.7' }, { ip: '203.0.113.7' }],
    ["the sender's address for $remote", { ip: '$remote' }, { ip: '127.0.0.1' }],
    ['no address without ip', {}, {}],
    [
      'no address with a location',
      { ip: '203.0.113.7', city: 'Bellevue' },
      { '[Amplitude] City': 'Bellevue' },
    ],
  ])('looks up %s', async (_, changes, profile) => {
    await send([{ ...event, ...changes }]);
    expect(getProfile()).toEqual(profile);
  });

  it('stores the properties of groups, and up to 5 types and 10 groups of an event', async () => {
    const team = Array.from({ length: 9 }, (_, index) => `t${index}`);
    await send([
      { ...event, groups: { organization: 'org_1', team, a: 'a', b: 'b', c: 'c', d: 'd' } },
      {
        ...event,
        event_type: '$groupidentify',
        groups: { organization: 'org_1' },
        group_properties: { $set: { name: 'acme' } },
      },
    ]);
    expect([...mock.store.groups.keys()]).toEqual([
      'organization:org_1',
      ...team.map((name) => `team:${name}`),
    ]);
    expect(mock.store.groups.get('organization:org_1')).toEqual({ name: 'acme' });
  });

  it('makes the sink name the rejected activities, of which it accepts none', async () => {
    const [first, second, third] = someLogins(3) as [Activity, Activity, Activity];
    const invalid = { ...second, user: { ...second.user, id: 'undefined' } };
    const secrets = parseSecrets(sink, mock.secrets);
    const sent = withDeadline(1000, ({ http }) => sink.send([first, invalid, third], secrets, http));
    await expect(sent).rejects.toMatchObject({
      name: 'RejectedError',
      status: 400,
      vendorMessage: 'Invalid field values on some events',
      rejected: [invalid],
      othersAccepted: false,
    });
    expect(acceptedIds()).toEqual([]);
  });
});
