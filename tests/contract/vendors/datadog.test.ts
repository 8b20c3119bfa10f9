import { beforeEach, describe, expect, it } from 'vitest';
import { datadog } from '../../../tools/simulator/vendors/datadog.ts';
import { mock, post, startMock } from '../../support/vendor.ts';

describe('mock Datadog', () => {
  beforeEach(() => startMock(datadog));

  const LOG = { id: 'd1', message: 'SignUp', evt: { name: 'SignUp' }, usr: { id: 'auth0|ada' } };
  const hoursAgo = (hours: number) => Date.now() - hours * 60 * 60 * 1000;

  const send = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    post('/api/v2/logs', { 'DD-API-KEY': mock.secrets.DATADOG_API_KEY, ...headers }, body);

  it('accepts a log, and a list of logs', async () => {
    const response = await send(LOG);
    expect([response.status, await response.json()]).toEqual([202, {}]);
    await send([LOG, { ...LOG, id: 'd2', evt: { name: 'Login' } }, { message: 'something else' }]);
    expect(mock.events).toMatchObject([
      { id: 'd1', type: 'SignUp', userId: 'auth0|ada', payload: LOG, duplicate: false },
      { id: 'd1', duplicate: true },
      { id: 'd2', type: 'Login' },
      { id: '', type: 'other', userId: '' },
    ]);
  });

  it.each<[string, number, Record<string, string>]>([
    ['no key', 401, { 'DD-API-KEY': '' }],
    ['another key', 403, { 'DD-API-KEY': 'other' }],
    ['another content type', 415, { 'Content-Type': 'text/html' }],
  ])('rejects a request: %s', async (_, status, headers) => {
    const response = await send(LOG, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ errors: [{ status: String(status) }] });
    expect(mock.events).toEqual([]);
  });

  it.each<[string, number, unknown]>([
    ['invalid JSON', 400, '{"id":'],
    ['a string', 400, '"SignUp"'],
    ['a list of strings', 400, ['SignUp']],
    ['more than 5 MB', 413, { ...LOG, words: 'x'.repeat(5_000_000) }],
    ['more than 1000 logs', 413, Array.from({ length: 1001 }, () => LOG)],
  ])('rejects %s', async (_, status, body) => {
    expect((await send(body)).status).toBe(status);
    expect(mock.events).toEqual([]);
  });

  it('stores the location of a user, by the standard attributes that have the right type', async () => {
    const geoip = {
      continent: { code: 'NA' },
      country: { iso_code: 'US', name: 'United States' },
      subdivision: { iso_code: 'WA', name: 'Washington' },
      city: { name: 'Bellevue' },
      location: { latitude: 47.61793, longitude: -122.19584 },
      timezone: 'America/Los_Angeles',
    };
    const getLocation = () => mock.store.profiles.get('auth0|ada')?.geoip;
    await send({ ...LOG, network: { client: { geoip } } });
    expect(getLocation()).toEqual(geoip);

    const misspelled = {
      ...geoip,
      country: { code: 'US' },
      city: 'Bellevue',
      location: { latitude: '47.6' },
    };
    await send({ ...LOG, network: { client: { geoip: misspelled } } });
    expect(getLocation()).toEqual({ ...geoip, country: {}, city: undefined, location: {} });
  });

  it('stores no location of a user without one', async () => {
    await send(LOG);
    expect(mock.store.profiles.get('auth0|ada')).toEqual({ usr: { id: 'auth0|ada' }, geoip: undefined });
  });

  // https://docs.datadoghq.com/logs/log_configuration/processors/log_date_remapper/
  it.each<[string, object, number]>([
    ['17.9 hours ago', { timestamp: new Date(hoursAgo(17.9)) }, 1],
    ['18.1 hours ago', { timestamp: new Date(hoursAgo(18.1)) }, 0],
    ['in 1.9 hours', { timestamp: hoursAgo(-1.9) }, 1],
    ['in 2.1 hours', { timestamp: hoursAgo(-2.1) }, 0],
    ['18.1 hours ago in another field', { eventTime: hoursAgo(18.1) }, 0],
    ['18.1 hours ago in a field that Datadog does not read', { occurredAt: hoursAgo(18.1) }, 1],
    ['with an invalid date', { timestamp: 'yesterday' }, 1],
  ])('responds 202 to a log dated %s and accepts %3$d', async (_, dates, processed) => {
    expect((await send([{ ...LOG, ...dates }])).status).toBe(202);
    expect(mock.events).toHaveLength(processed);
  });
});
