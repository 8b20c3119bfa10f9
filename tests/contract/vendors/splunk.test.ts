import { beforeEach, describe, expect, it } from 'vitest';
import { ACKNOWLEDGED_TOKEN, splunk } from '../../../tools/simulator/vendors/splunk.ts';
import { acceptedIds, duplicates, mock, post, startMock } from '../../support/vendor.ts';

const event = { id: 'a1', message: 'SignUp', userId: 'auth0|1' };
const authorization = () => ({ Authorization: `Splunk ${mock.secrets.SPLUNK_HEC_TOKEN}` });
const send = (body: unknown, headers: Record<string, string | undefined> = {}, path = '') =>
  post(`/services/collector${path}`, { ...authorization(), ...headers }, body);

describe('mock Splunk', () => {
  beforeEach(() => startMock(splunk));

  it.each(['', '/event', '/event/1.0'])('accepts an event at /services/collector%s', async (path) => {
    const response = await send({ time: 1700000000.123, event }, {}, path);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ text: 'Success', code: 0 });
    expect(mock.events).toEqual([
      {
        id: 'a1',
        type: 'SignUp',
        userId: 'auth0|1',
        payload: { time: 1700000000.123, event },
        duplicate: false,
      },
    ]);
  });

  it.each<[string, number, number, Record<string, string | undefined>]>([
    ['no authorization', 401, 2, { Authorization: undefined }],
    ['no scheme', 401, 3, { Authorization: '5f1d9a6e-0c4b-4e55-9d7b-2f0f5b0a7c11' }],
    ['another scheme', 401, 3, { Authorization: 'Bearer 5f1d9a6e-0c4b-4e55-9d7b-2f0f5b0a7c11' }],
    ['an unknown token', 403, 4, { Authorization: 'Splunk 00000000-0000-0000-0000-000000000000' }],
    ['indexer acknowledgement without a channel', 400, 10, { Authorization: `Splunk ${ACKNOWLEDGED_TOKEN}` }],
    ['a channel that is not a GUID', 400, 11, { 'X-Splunk-Request-Channel': 'mine' }],
  ])('rejects a request: %s', async (_, status, code, headers) => {
    const response = await send({ event }, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ text: expect.any(String), code });
    expect(mock.events).toEqual([]);
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', undefined])(
    'accepts an event with the content type %s',
    async (contentType) => {
      expect((await send({ event }, { 'Content-Type': contentType })).status).toBe(200);
      expect(acceptedIds()).toEqual(['a1']);
    },
  );

  it('responds with an acknowledgement id to a token that requires a channel', async () => {
    const channel = 'fe0ecfad-13d5-401b-847d-77833bd77131';
    const headers = { Authorization: `Splunk ${ACKNOWLEDGED_TOKEN}`, 'X-Splunk-Request-Channel': channel };
    expect(await (await send({ event }, headers)).json()).toEqual({ text: 'Success', code: 0, ackId: 0 });
  });

  it('rejects an empty body', async () => {
    const response = await send('');
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ text: 'No data', code: 5 });
  });

  it.each<[string, number, unknown]>([
    ['not JSON', 6, '{"event": '],
    ['JSON encoded twice', 6, JSON.stringify(JSON.stringify({ event }))],
    ['an array', 6, [{ event }]],
    ['a time that is not a number', 6, { event, time: '2024-01-01T00:00:00Z' }],
    ['an index the token may not use', 7, { event, index: 'secret' }],
    ['no event', 12, { time: 1 }],
    ['an empty string for an event', 13, { event: '' }],
    ['an empty object for an event', 13, { event: {} }],
    ['fields that are not flat', 15, { event, fields: { user: { id: 1 } } }],
  ])('rejects an event: %s', async (_, code, body) => {
    const response = await send(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ text: expect.any(String), code, 'invalid-event-number': 0 });
    expect(mock.events).toEqual([]);
  });

  it.each([
    { event, time: '1700000000.5' },
    { event, index: 'main', fields: { kind: 'login' } },
    { event: 'text' },
  ])('accepts %j', async (body) => {
    expect((await send(body)).status).toBe(200);
  });

  it.each(['\n', '', ' \r\n\t'])('accepts a batch of objects separated by %j', async (separator) => {
    const names = ['a', 'b } {', 'c " \\'];
    const batch = names.map((id) => JSON.stringify({ event: { id } })).join(separator);
    expect((await send(batch)).status).toBe(200);
    expect(acceptedIds()).toEqual(names);
  });

  // https://github.com/moby/moby/issues/35862
  it('accepts the events of a batch before an invalid one, and names the invalid one', async () => {
    const response = await send('{"event":{"id":"a"}}\n{"event":""}\n{"event":{"id":"c"}}');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 13, 'invalid-event-number': 1 });
    expect(acceptedIds()).toEqual(['a']);
  });

  it('deduplicates by event id', async () => {
    await send({ event });
    await send({ event });
    expect(duplicates()).toEqual([false, true]);
  });

  it('reports its health', async () => {
    const response = await fetch(`${mock.url}/services/collector/health`);
    expect(await response.json()).toEqual({ text: 'HEC is healthy', code: 17 });
  });
});
