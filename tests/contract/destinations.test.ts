/** What all embedded destinations have in common. What is peculiar to one is in embedded-<name>.test.ts. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import { segment } from '../../tools/simulator/vendors/segment.ts';
import { splunk } from '../../tools/simulator/vendors/splunk.ts';
import type { Fault, FaultOptions } from '../../tools/simulator/vendors/vendor-mock.ts';
import { acceptedIds, destination, JSON_TYPE, post, start } from '../support/vendor.ts';

test.each(vendors)('the secrets of $name lead to its service', async (service) => {
  await start(service);
  expect(Object.values(destination.secrets)).toContain(destination.url);
});

describe('what is recorded', () => {
  beforeEach(() => start(segment));

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
    destination.injectFault({ response: { status: 503 } });
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
  const injectFault = (fault: Fault, options?: FaultOptions) =>
    destination.injectFault(JSON.parse(JSON.stringify(fault)), options);

  beforeEach(() => start(splunk));

  test('a status with headers and a body', async () => {
    injectFault({ response: { status: 503, headers: { 'Retry-After': '7' }, body: 'busy' } });
    const response = await send();
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('7');
    expect(await response.text()).toBe('busy');
    expect(destination.requests).toMatchObject([{ status: 503, accepted: [] }]);
  });

  test('a redirect', async () => {
    injectFault({ response: { status: 307, headers: { Location: 'http://127.0.0.1:9/' } } });
    const response = await send();
    expect([response.status, response.headers.get('Location')]).toEqual([307, 'http://127.0.0.1:9/']);
  });

  test('a page of HTML', async () => {
    injectFault({
      response: { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<h1>Bad Gateway</h1>' },
    });
    const response = await send();
    expect(response.headers.get('Content-Type')).toBe('text/html');
    expect(await response.text()).toBe('<h1>Bad Gateway</h1>');
  });

  test('so many times, then well again', async () => {
    injectFault({ response: { status: 500 } }, { count: 2 });
    const statuses = [await send(), await send(), await send()].map(({ status }) => status);
    expect(statuses).toEqual([500, 500, 200]);
    expect(acceptedIds()).toEqual(['a']);
  });

  test('until told otherwise', async () => {
    injectFault({ response: { status: 500 } });
    expect([(await send()).status, (await send()).status]).toEqual([500, 500]);
    destination.injectFault(undefined);
    expect((await send()).status).toBe(200);
  });

  test('an event processed although the answer says otherwise', async () => {
    injectFault({ response: { status: 504 }, processed: true });
    const response = await send();
    expect([response.status, await response.text()]).toEqual([504, SUCCESS]);
    expect(destination.requests).toMatchObject([{ status: 504, accepted: [{ id: 'a' }] }]);
  });

  test('a delay, after which the event is taken', async () => {
    injectFault({ delayMs: 100 });
    const startedAt = performance.now();
    expect(await (await send()).text()).toBe(SUCCESS);
    expect(performance.now() - startedAt).toBeGreaterThan(95);
    expect(acceptedIds()).toEqual(['a']);
  });

  test('a delay before a status', async () => {
    injectFault({ delayMs: 50, response: { status: 503 } });
    const startedAt = performance.now();
    expect((await send()).status).toBe(503);
    expect(performance.now() - startedAt).toBeGreaterThan(45);
    expect(destination.events).toEqual([]);
  });

  test('a huge body', async () => {
    injectFault({ bodyBytes: 5_000_000, processed: true });
    const response = await send();
    expect(response.status).toBe(200);
    const body = await response.text();
    expect(body).toHaveLength(5_000_000);
    expect(JSON.parse(body)).toEqual({ text: 'Success', code: 0 });
  });

  test.each([false, true])('no answer at all, processed: %s', async (processed) => {
    injectFault({ hang: true, processed });
    await expect(send(AbortSignal.timeout(100))).rejects.toThrow('timeout');
    expect(destination.requests).toMatchObject([
      { status: undefined, accepted: processed ? [{ id: 'a' }] : [] },
    ]);
  });

  test('a body byte by byte', async () => {
    injectFault({ trickleBytesPerSecond: 1, processed: true });
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
    injectFault({ trickleBytesPerSecond: 500, processed: true });
    expect(await (await send()).text()).toBe(SUCCESS);
  });

  // A connection that was merely closed would have no system call to blame.
  const RESET = { cause: { code: 'ECONNRESET', syscall: 'read' } };

  test('a reset before the body is read', async () => {
    injectFault({ reset: 'before' });
    await expect(send()).rejects.toMatchObject(RESET);
    expect(destination.requests).toMatchObject([{ body: '', status: undefined, accepted: [] }]);
  });

  test.each([false, true])('a reset after the request, processed: %s', async (processed) => {
    injectFault({ reset: 'after', processed });
    await expect(send()).rejects.toMatchObject(RESET);
    const body = '{"event":{"id":"a"}}';
    expect(destination.requests).toMatchObject([
      { body, status: undefined, accepted: processed ? [{ id: 'a' }] : [] },
    ]);
  });

  test('a reset in the middle of the answer', async () => {
    injectFault({ reset: 'body', processed: true });
    const response = await send();
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toMatchObject(RESET);
    expect(acceptedIds()).toEqual(['a']);
  });

  test('a head byte by byte', async () => {
    injectFault({ trickleHead: true, trickleBytesPerSecond: 1, processed: true });
    await expect(send(AbortSignal.timeout(300))).rejects.toThrow('timeout');
    expect(acceptedIds()).toEqual(['a']);
  });

  test('a fault after so many good requests', async () => {
    destination.injectFault({ response: { status: 500 } }, { count: 1, skip: 2 });
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
    injectFault({ hang: true });
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
    await start(splunk, { tls: await createCertificate(options) });
    await expect(getHealth(trusted())).rejects.toMatchObject({ code });
    expect(destination.requests).toEqual([]);
  });

  test.each(['before', 'after'] as const)('resets a connection %s the request', async (reset) => {
    await start(splunk, { tls: true });
    destination.injectFault({ reset });
    await expect(getHealth(trusted())).rejects.toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
  });
});
