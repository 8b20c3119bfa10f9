import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../tools/local/certificate.ts';
import {
  type Destination,
  type DestinationOptions,
  type Fault,
  type Service,
  startDestination,
} from '../tools/local/destination.ts';
import { keen } from '../tools/local/destinations/keen.ts';
import { segment } from '../tools/local/destinations/segment.ts';
import { ACKNOWLEDGED_TOKEN, splunk } from '../tools/local/destinations/splunk.ts';
import { services } from '../tools/local/services.ts';

let destination: Destination;

const start = async (service: Service, options?: DestinationOptions): Promise<void> => {
  destination = await startDestination(service, options);
};

afterEach(() => destination.close());

const JSON_TYPE = { 'Content-Type': 'application/json' };

const post = (path: string, headers: Record<string, string | undefined>, body: unknown): Promise<Response> =>
  fetch(destination.url + path, {
    method: 'POST',
    headers: JSON.parse(JSON.stringify({ ...JSON_TYPE, ...headers })),
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });

const acceptedIds = (): string[] =>
  destination.events.filter((event) => !event.duplicate).map(({ id }) => id);

test.each(services)('the secrets of $name lead to its service', async (service) => {
  await start(service);
  expect(Object.values(destination.secrets)).toContain(destination.url);
});

// https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
describe('splunk', () => {
  const event = { id: 'a1', message: 'SignUp', userId: 'auth0|1' };
  const authorization = () => ({ Authorization: `Splunk ${destination.secrets.SPLUNK_HEC_TOKEN}` });
  const send = (body: unknown, headers: Record<string, string | undefined> = {}, path = '') =>
    post(`/services/collector${path}`, { ...authorization(), ...headers }, body);

  beforeEach(async () => {
    await start(splunk);
  });

  test.each(['', '/event', '/event/1.0'])('takes an event at /services/collector%s', async (path) => {
    const response = await send({ time: 1700000000.123, event }, {}, path);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ text: 'Success', code: 0 });
    expect(destination.events).toEqual([
      {
        id: 'a1',
        type: 'SignUp',
        userId: 'auth0|1',
        payload: { time: 1700000000.123, event },
        duplicate: false,
      },
    ]);
  });

  test.each<[string, number, number, Record<string, string | undefined>]>([
    ['no authorization', 401, 2, { Authorization: undefined }],
    ['the word Splunk is missing', 401, 3, { Authorization: '5f1d9a6e-0c4b-4e55-9d7b-2f0f5b0a7c11' }],
    ['another scheme', 401, 3, { Authorization: 'Bearer 5f1d9a6e-0c4b-4e55-9d7b-2f0f5b0a7c11' }],
    ['an unknown token', 403, 4, { Authorization: 'Splunk 00000000-0000-0000-0000-000000000000' }],
    ['acknowledgement without a channel', 400, 10, { Authorization: `Splunk ${ACKNOWLEDGED_TOKEN}` }],
    ['a channel that is not a GUID', 400, 11, { 'X-Splunk-Request-Channel': 'mine' }],
  ])('refuses a request: %s', async (_, status, code, headers) => {
    const response = await send({ event }, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ text: expect.any(String), code });
    expect(destination.events).toEqual([]);
  });

  test('answers 415 to another content type, as compatible receivers do', async () => {
    expect((await send({ event }, { 'Content-Type': 'application/x-www-form-urlencoded' })).status).toBe(415);
    expect(destination.events).toEqual([]);
  });

  test('answers an acknowledgement id to a token that demands a channel', async () => {
    const channel = 'fe0ecfad-13d5-401b-847d-77833bd77131';
    const headers = { Authorization: `Splunk ${ACKNOWLEDGED_TOKEN}`, 'X-Splunk-Request-Channel': channel };
    expect(await (await send({ event }, headers)).json()).toEqual({ text: 'Success', code: 0, ackId: 0 });
  });

  test('refuses an empty body', async () => {
    const response = await send('');
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ text: 'No data', code: 5 });
  });

  test.each<[string, number, unknown]>([
    ['not JSON', 6, '{"event": '],
    ['JSON encoded twice', 6, JSON.stringify(JSON.stringify({ event }))],
    ['an array', 6, [{ event }]],
    ['a time that is not a number', 6, { event, time: '2024-01-01T00:00:00Z' }],
    ['an index the token may not use', 7, { event, index: 'secret' }],
    ['no event', 12, { time: 1 }],
    ['a blank event', 13, { event: '' }],
    ['an empty event', 13, { event: {} }],
    ['fields that are not flat', 15, { event, fields: { user: { id: 1 } } }],
  ])('refuses an event: %s', async (_, code, body) => {
    const response = await send(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ text: expect.any(String), code, 'invalid-event-number': 0 });
    expect(destination.events).toEqual([]);
  });

  test.each([
    { event, time: '1700000000.5' },
    { event, index: 'main', fields: { kind: 'login' } },
    { event: 'text' },
  ])('takes %j', async (body) => {
    expect((await send(body)).status).toBe(200);
  });

  test.each(['\n', '', ' \r\n\t'])('takes a batch of objects with %j between them', async (separator) => {
    const names = ['a', 'b } {', 'c " \\'];
    const batch = names.map((id) => JSON.stringify({ event: { id } })).join(separator);
    expect((await send(batch)).status).toBe(200);
    expect(acceptedIds()).toEqual(names);
  });

  // https://github.com/moby/moby/issues/35862
  test('takes of a batch what stands before a bad event, and names that event', async () => {
    const response = await send('{"event":{"id":"a"}}\n{"event":""}\n{"event":{"id":"c"}}');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 13, 'invalid-event-number': 1 });
    expect(acceptedIds()).toEqual(['a']);
  });

  test('knows a repeated event by its id', async () => {
    await send({ event });
    await send({ event });
    expect(destination.events.map(({ duplicate }) => duplicate)).toEqual([false, true]);
  });

  test('is healthy', async () => {
    const response = await fetch(`${destination.url}/services/collector/health`);
    expect(await response.json()).toEqual({ text: 'HEC is healthy', code: 17 });
  });
});

// https://keen.io/docs/api/#event-collections
describe('keen', () => {
  const event = {
    userId: 'auth0|1',
    keen: { uniqueness_token: 'k1', timestamp: '2024-01-01T00:00:00.000Z' },
  };
  const send = (body: unknown, path = '/signups', headers: Record<string, string | undefined> = {}) => {
    const { KEENIO_PROJECT_ID: project, KEENIO_WRITE_KEY: key } = destination.secrets;
    return post(`/3.0/projects/${project}/events${path}`, { Authorization: key, ...headers }, body);
  };

  beforeEach(async () => {
    await start(keen);
  });

  test('takes one event', async () => {
    const response = await send(event);
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ created: true });
    expect(destination.events).toEqual([
      { id: 'k1', type: 'SignUp', userId: 'auth0|1', payload: event, duplicate: false },
    ]);
  });

  test('answers for each of many events', async () => {
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
    expect(destination.events.map(({ type }) => type)).toEqual(['SignUp', 'Login']);
  });

  // https://keen.io/blog/uniqueness-token-for-rejecting-duplicate-events-guarantee-exactly-once-delivery/
  test('knows a repeated event by its uniqueness token, within a collection', async () => {
    const statuses = [await send(event), await send(event), await send(event, '/logins')].map(
      ({ status }) => status,
    );
    expect(statuses).toEqual([201, 201, 201]);
    expect(destination.events.map(({ duplicate }) => duplicate)).toEqual([false, true, false]);
  });

  test('takes events without a uniqueness token as often as they come', async () => {
    await send({ userId: 'auth0|1' });
    await send({ userId: 'auth0|1' });
    expect(destination.events.map(({ duplicate }) => duplicate)).toEqual([false, false]);
  });

  test.each<[string, number, string, Record<string, string | undefined>]>([
    ['no key', 401, 'InvalidApiKeyError', { Authorization: undefined }],
    ['a scheme before the key', 401, 'InvalidApiKeyError', { Authorization: 'Bearer E4C9A7F21B6D830F5A9C' }],
    ['another content type', 400, 'InvalidJSONError', { 'Content-Type': 'text/plain' }],
  ])('refuses a request: %s', async (_, status, error_code, headers) => {
    const response = await send(event, '/signups', headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ message: expect.any(String), error_code });
    expect(destination.events).toEqual([]);
  });

  test('refuses an unknown project', async () => {
    const response = await post('/3.0/projects/none/events/signups', {}, event);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error_code: 'ResourceNotFoundError' });
  });

  test.each(['', '/signups'])('refuses what is not a JSON object at /events%s', async (path) => {
    expect((await send('[1]', path)).status).toBe(400);
    expect((await send('{', path)).status).toBe(400);
  });

  // https://keen.io/blog/updating-keens-api-status-codes/
  test('answers 413 to an event over 900 kB, alone or among others', async () => {
    const large = { words: Array.from({ length: 91 }, () => 'x'.repeat(9_990)) };
    expect((await send(large)).status).toBe(413);
    expect((await send({ signups: [event, large] }, '')).status).toBe(413);
    expect(destination.events).toEqual([]);
  });

  const addon = { name: 'keen:ip_to_geo', input: { ip: 'ip' }, output: 'geo' };
  test.each<[string, string, object]>([
    ['a name with a period', 'InvalidPropertyNameError', { 'a.b': 1 }],
    ['a nested name with a period', 'InvalidPropertyNameError', { a: [{ b: { 'c.d': 1 } }] }],
    ['a name over 256 characters', 'InvalidPropertyNameError', { ['n'.repeat(257)]: 1 }],
    ['keen itself', 'InvalidPropertyValueError', { keen: 1 }],
    [
      'a reserved child of keen',
      'InvalidPropertyValueError',
      { keen: { created_at: '2024-01-01T00:00:00Z' } },
    ],
    ['a string of 10 000 characters', 'InvalidPropertyValueError', { a: { b: 's'.repeat(10_000) } }],
    ['a timestamp that is not ISO 8601', 'InvalidPropertyValueError', { keen: { timestamp: 1700000000 } }],
    ['a timestamp of no day', 'InvalidPropertyValueError', { keen: { timestamp: '2024-13-45T00:00:00Z' } }],
    [
      'a token over 64 characters',
      'InvalidPropertyValueError',
      { keen: { uniqueness_token: 't'.repeat(65) } },
    ],
    ['add-ons that are no array', 'InvalidPropertyValueError', { keen: { addons: addon } }],
    [
      'an add-on without output',
      'InvalidPropertyValueError',
      { keen: { addons: [{ ...addon, output: undefined }] } },
    ],
  ])('refuses an event: %s', async (_, error_code, body) => {
    const response = await send(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ message: expect.any(String), error_code });
    expect(destination.events).toEqual([]);
  });

  test('takes an event at its limits', async () => {
    const keen = {
      uniqueness_token: 't'.repeat(64),
      addons: [addon],
      timestamp: '2024-01-01T00:00:00+02:00',
    };
    expect((await send({ ['n'.repeat(256)]: 's'.repeat(9_999), keen })).status).toBe(201);
  });
});

// https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
describe('segment', () => {
  const call = { type: 'track', event: 'Signed Up', userId: 'auth0|1', messageId: 's1' };
  const basic = (key: string | undefined) => `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
  const send = (body: unknown, path = '/v1/batch', headers: Record<string, string | undefined> = {}) =>
    post(path, { Authorization: basic(destination.secrets.SEGMENT_WRITE_KEY), ...headers }, body);

  beforeEach(async () => {
    await start(segment);
  });

  test('takes a batch', async () => {
    const identify = { type: 'identify', userId: 'auth0|1', messageId: 's2' };
    const response = await send({ batch: [identify, call] });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ success: true });
    expect(destination.events).toEqual([
      { id: 's2', type: 'other', userId: 'auth0|1', payload: identify, duplicate: false },
      { id: 's1', type: 'SignUp', userId: 'auth0|1', payload: call, duplicate: false },
    ]);
  });

  test.each([
    ['signup', 'SignUp'],
    ['User Signed Up', 'SignUp'],
    ['sign-up', 'SignUp'],
    ['Logged In', 'Login'],
    ['Signed In', 'Login'],
  ])('counts the event %j as %s', async (event, type) => {
    await send({ ...call, event }, '/v1/track');
    expect(destination.events).toMatchObject([{ type }]);
  });

  test('takes a single identify', async () => {
    await send({ userId: 'auth0|1', messageId: 's3' }, '/v1/identify');
    expect(destination.events).toMatchObject([{ id: 's3', type: 'other' }]);
  });

  test('takes the write key in the body, too', async () => {
    const writeKey = destination.secrets.SEGMENT_WRITE_KEY;
    await send({ ...call, writeKey }, '/v1/track', { Authorization: undefined });
    await send({ batch: [{ ...call, messageId: 's4' }], writeKey }, '/v1/batch', {
      Authorization: undefined,
    });
    expect(acceptedIds()).toEqual(['s1', 's4']);
  });

  test('knows a repeated call by its messageId, whatever its type', async () => {
    await send({ batch: [call, { ...call, type: 'identify' }] });
    expect(destination.events.map(({ duplicate }) => duplicate)).toEqual([false, true]);
  });

  test('gives a messageId to a call without one', async () => {
    await send({ batch: [{ ...call, messageId: undefined }] });
    expect(destination.events[0]?.id).toMatch(/^[\da-f-]{36}$/);
  });

  test.each<[string, object, string?]>([
    ['an unknown write key', { batch: [call] }, basic('unknown')],
    ['a call of no known type', { batch: [{ ...call, type: 'login' }] }],
    ['a call without a user', { batch: [{ ...call, userId: undefined }] }],
    ['a track without an event', { batch: [{ ...call, event: undefined }] }],
    ['a messageId over 100 characters', { batch: [{ ...call, messageId: 'm'.repeat(101) }] }],
    [
      'over 2500 calls',
      { batch: Array.from({ length: 2501 }, (_, id) => ({ ...call, messageId: `${id}` })) },
    ],
  ])('answers 200 to what it does not take: %s', async (_, body, authorization) => {
    const response = await send(body, '/v1/batch', authorization ? { Authorization: authorization } : {});
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ success: true });
    expect(destination.requests).toHaveLength(1);
    expect(destination.events).toEqual([]);
  });

  const words = 'w'.repeat(30 * 1024);
  test.each<[string, unknown, string?]>([
    ['bad JSON', '{"batch": ['],
    ['no batch', {}],
    ['a batch over 500 kB', { batch: Array.from({ length: 17 }, () => ({ ...call, words })) }],
    ['a call over 32 kB in a batch', { batch: [{ ...call, words: words + words }] }],
    ['a call over 32 kB', { ...call, words: words + words }, '/v1/track'],
  ])('answers 400 to %s', async (_, body, path) => {
    expect((await send(body, path)).status).toBe(400);
    expect(destination.events).toEqual([]);
  });

  test('answers 400 to another content type', async () => {
    expect((await send({ batch: [call] }, '/v1/batch', { 'Content-Type': 'text/plain' })).status).toBe(400);
  });
});

describe('what is recorded', () => {
  beforeEach(async () => {
    await start(segment);
  });

  test('a request as it came, and the answer', async () => {
    await post('/v1/batch?debug=1', { 'X-Custom': 'yes' }, '{"batch":[]}');
    expect(destination.requests).toEqual([
      {
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        method: 'POST',
        path: '/v1/batch?debug=1',
        headers: expect.objectContaining({ 'content-type': 'application/json', 'x-custom': 'yes' }),
        body: '{"batch":[]}',
        status: 200,
        accepted: [],
      },
    ]);
    expect(destination.connections).toBe(1);
  });

  test('a compressed body in plain text', async () => {
    await post('/v1/batch', { 'Content-Encoding': 'gzip' }, gzipSync('{"batch":[]}'));
    expect(destination.requests).toMatchObject([{ body: '{"batch":[]}', status: 200 }]);
  });

  test('a connection closed for a body that is not compressed as it says', async () => {
    const sent = post('/v1/batch', { 'Content-Encoding': 'gzip' }, '{"batch":[]}');
    await expect(sent).rejects.toThrow('fetch failed');
    expect(destination.requests).toMatchObject([{ status: undefined }]);
  });

  test('of a long body the beginning', async () => {
    await post('/v1/batch', {}, 'x'.repeat(100_000));
    expect(destination.requests[0]?.body).toHaveLength(64_000);
  });

  test('nothing any more after a reset', async () => {
    const send = () => post('/v1/track', {}, { event: 'Signed Up', userId: '1', messageId: 'm', writeKey });
    const writeKey = destination.secrets.SEGMENT_WRITE_KEY;
    await send();
    destination.misbehave({ answer: { status: 503 } });
    destination.reset();
    expect(destination).toMatchObject({ requests: [], events: [], connections: 0 });
    expect((await send()).status).toBe(200);
    expect(destination.events).toMatchObject([{ id: 'm', duplicate: false }]);
  });
});

describe('faults', () => {
  const SUCCESS = '{"text":"Success","code":0}';
  const send = (signal?: AbortSignal): Promise<Response> =>
    fetch(`${destination.url}/services/collector`, {
      method: 'POST',
      headers: { ...JSON_TYPE, Authorization: `Splunk ${destination.secrets.SPLUNK_HEC_TOKEN}` },
      body: '{"event":{"id":"a"}}',
      redirect: 'manual',
      ...(signal && { signal }),
    });
  const misbehave = (fault: Fault, times?: number) =>
    destination.misbehave(JSON.parse(JSON.stringify(fault)), times);

  beforeEach(async () => {
    await start(splunk);
  });

  test('a status with headers and a body', async () => {
    misbehave({ answer: { status: 503, headers: { 'Retry-After': '7' }, body: 'busy' } });
    const response = await send();
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('7');
    expect(await response.text()).toBe('busy');
    expect(destination.requests).toMatchObject([{ status: 503, accepted: [] }]);
  });

  test('a redirect', async () => {
    misbehave({ answer: { status: 307, headers: { Location: 'http://127.0.0.1:9/' } } });
    const response = await send();
    expect([response.status, response.headers.get('Location')]).toEqual([307, 'http://127.0.0.1:9/']);
  });

  test('a page of HTML', async () => {
    misbehave({
      answer: { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<h1>Bad Gateway</h1>' },
    });
    const response = await send();
    expect(response.headers.get('Content-Type')).toBe('text/html');
    expect(await response.text()).toBe('<h1>Bad Gateway</h1>');
  });

  test('so many times, then well again', async () => {
    misbehave({ answer: { status: 500 } }, 2);
    const statuses = [await send(), await send(), await send()].map(({ status }) => status);
    expect(statuses).toEqual([500, 500, 200]);
    expect(acceptedIds()).toEqual(['a']);
  });

  test('until told otherwise', async () => {
    misbehave({ answer: { status: 500 } });
    expect([(await send()).status, (await send()).status]).toEqual([500, 500]);
    destination.misbehave(undefined);
    expect((await send()).status).toBe(200);
  });

  test('an event taken although the answer says otherwise', async () => {
    misbehave({ answer: { status: 504 }, taken: true });
    const response = await send();
    expect([response.status, await response.text()]).toEqual([504, SUCCESS]);
    expect(destination.requests).toMatchObject([{ status: 504, accepted: [{ id: 'a' }] }]);
  });

  test('a delay, after which the event is taken', async () => {
    misbehave({ delayMs: 100 });
    const startedAt = performance.now();
    expect(await (await send()).text()).toBe(SUCCESS);
    expect(performance.now() - startedAt).toBeGreaterThan(95);
    expect(acceptedIds()).toEqual(['a']);
  });

  test('a delay before a status', async () => {
    misbehave({ delayMs: 50, answer: { status: 503 } });
    const startedAt = performance.now();
    expect((await send()).status).toBe(503);
    expect(performance.now() - startedAt).toBeGreaterThan(45);
    expect(destination.events).toEqual([]);
  });

  test('a huge body', async () => {
    misbehave({ bodyBytes: 5_000_000, taken: true });
    const response = await send();
    expect(response.status).toBe(200);
    const body = await response.text();
    expect(body).toHaveLength(5_000_000);
    expect(JSON.parse(body)).toEqual({ text: 'Success', code: 0 });
  });

  test.each([false, true])('no answer at all, taken: %s', async (taken) => {
    misbehave({ hang: true, taken });
    await expect(send(AbortSignal.timeout(100))).rejects.toThrow('timeout');
    expect(destination.requests).toMatchObject([{ status: undefined, accepted: taken ? [{ id: 'a' }] : [] }]);
  });

  test('a body byte by byte', async () => {
    misbehave({ dripBytesPerSecond: 1, taken: true });
    const abort = new AbortController();
    const response = await send(abort.signal);
    expect(response.status).toBe(200);
    const reader = response.body?.getReader();
    expect(await reader?.read()).toEqual({ done: false, value: Uint8Array.of('{'.charCodeAt(0)) });
    const more = reader?.read().then(() => 'more');
    expect(await Promise.race([more, new Promise((resolve) => setTimeout(resolve, 200, 'nothing'))])).toBe(
      'nothing',
    );
    abort.abort();
    await expect(more).rejects.toThrow('aborted');
  });

  test('a body byte by byte comes to its end', async () => {
    misbehave({ dripBytesPerSecond: 500, taken: true });
    expect(await (await send()).text()).toBe(SUCCESS);
  });

  // A connection that was merely closed would have no system call to blame.
  const RESET = { cause: { code: 'ECONNRESET', syscall: 'read' } };

  test('a reset before the body is read', async () => {
    misbehave({ reset: 'before' });
    await expect(send()).rejects.toMatchObject(RESET);
    expect(destination.requests).toMatchObject([{ body: '', status: undefined, accepted: [] }]);
  });

  test.each([false, true])('a reset after the request, taken: %s', async (taken) => {
    misbehave({ reset: 'after', taken });
    await expect(send()).rejects.toMatchObject(RESET);
    const body = '{"event":{"id":"a"}}';
    expect(destination.requests).toMatchObject([
      { body, status: undefined, accepted: taken ? [{ id: 'a' }] : [] },
    ]);
  });

  test('a reset in the middle of the answer', async () => {
    misbehave({ reset: 'body', taken: true });
    const response = await send();
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toMatchObject(RESET);
    expect(acceptedIds()).toEqual(['a']);
  });

  test('a head byte by byte', async () => {
    misbehave({ dripHead: true, dripBytesPerSecond: 1, taken: true });
    await expect(send(AbortSignal.timeout(300))).rejects.toThrow('timeout');
    expect(acceptedIds()).toEqual(['a']);
  });

  test('a fault after so many good requests', async () => {
    destination.misbehave({ answer: { status: 500 } }, 1, 2);
    const statuses = [await send(), await send(), await send(), await send()].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 500, 200]);
  });

  test('idle connections that are closed', async () => {
    await (await send()).text();
    expect(destination.connections).toBe(1);
    destination.closeIdleConnections();
    await sleep(50);
    await (await send()).text();
    expect(destination.connections).toBe(2);
  });

  test('closing ends a request that hangs', async () => {
    misbehave({ hang: true });
    const failed = expect(send()).rejects.toThrow('fetch failed');
    await expect.poll(() => destination.requests).toHaveLength(1);
    await destination.close();
    await failed;
  });
});

describe('TLS', () => {
  const getHealth = async (options: { ca?: string }): Promise<number | undefined> => {
    const request = httpsRequest(`${destination.url}/services/collector/health`, {
      ...options,
      agent: false,
    });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  const trusted = () => ({ ca: destination.secrets.SPLUNK_CA_CERT ?? '' });

  test('answers who trusts its certificate, and nobody else', async () => {
    await start(splunk, { tls: true });
    expect(destination.url).toMatch(/^https:/);
    expect(destination.secrets.SPLUNK_CA_CERT).toBe(destination.caCertificate);
    expect(await getHealth(trusted())).toBe(200);
    await expect(getHealth({})).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(destination.connections).toBe(2);
  });

  test.each([
    ['expired', { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') }, 'CERT_HAS_EXPIRED'],
    ['for another host', { altNames: ['splunk.example.com'] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('can have a certificate that is %s', async (_, options, code) => {
    await start(splunk, { tls: await makeCertificate(options) });
    await expect(getHealth(trusted())).rejects.toMatchObject({ code });
    expect(destination.requests).toEqual([]);
  });

  test.each(['before', 'after'] as const)('resets a connection %s the request', async (reset) => {
    await start(splunk, { tls: true });
    destination.misbehave({ reset });
    await expect(getHealth(trusted())).rejects.toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
  });
});
