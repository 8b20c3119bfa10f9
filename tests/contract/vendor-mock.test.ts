/** What all mock vendors share. What is specific to one is in vendors/<name>.test.ts. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FaultOptions } from '../../tools/simulator/fault-plan.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import type { Fault } from '../../tools/simulator/vendors/fault.ts';
import { segment } from '../../tools/simulator/vendors/segment.ts';
import { splunk } from '../../tools/simulator/vendors/splunk.ts';
import { acceptedIds, JSON_TYPE, mock, post, startMock } from '../support/vendor.ts';

describe('secrets of a mock vendor', () => {
  it.each(vendors)('hold the URL of the mock: $name', async (vendor) => {
    await startMock(vendor);
    expect(Object.values(mock.secrets)).toContainEqual(expect.stringContaining(mock.url));
  });
});

describe('records of a mock vendor', () => {
  beforeEach(() => startMock(segment));

  it('show each request and the status of its response', async () => {
    await post('/v1/batch?debug=1', { 'X-Custom': 'yes' }, '{"batch":[]}');
    expect(mock.requests).toEqual([
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
    expect(mock.connections).toBe(1);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('show a body in %s decompressed', async (coding, compress) => {
    await post('/v1/batch', { 'Content-Encoding': coding }, compress('{"batch":[]}'));
    expect(mock.requests).toMatchObject([{ body: '{"batch":[]}', status: 200 }]);
  });

  it('show no status if the body is not compressed as its headers claim', async () => {
    const sent = post('/v1/batch', { 'Content-Encoding': 'gzip' }, '{"batch":[]}');
    await expect(sent).rejects.toThrow('fetch failed');
    expect(mock.requests).toMatchObject([{ status: undefined }]);
  });

  it('truncate a long body', async () => {
    await post('/v1/batch', {}, 'x'.repeat(100_000));
    expect(mock.requests[0]?.body).toHaveLength(64_000);
  });

  it('are empty after reset, which also ends the fault', async () => {
    const send = () => {
      const user = { userId: '1', anonymousId: 'visitor', writeKey };
      return post(
        '/v1/batch',
        {},
        {
          writeKey,
          batch: [
            { ...user, type: 'track', event: 'Signed Up', messageId: 'm' },
            { ...user, type: 'identify', traits: { name: 'Ada' } },
            { ...user, type: 'group', groupId: 'acme' },
          ],
        },
      );
    };
    const writeKey = mock.secrets.SEGMENT_WRITE_KEY;
    await send();
    const { profiles, groups, identities } = mock.store;
    const getSizes = () => [profiles, groups, identities].map(({ size }) => size);
    expect(getSizes()).toEqual([1, 1, 1]);
    mock.injectFault({ response: { status: 503 } });
    mock.reset();
    expect(mock).toMatchObject({ requests: [], events: [], connections: 0 });
    expect(getSizes()).toEqual([0, 0, 0]);
    expect((await send()).status).toBe(200);
    expect(mock.events[0]).toMatchObject({ id: 'm', duplicate: false });
  });
});

const send = (signal?: AbortSignal): Promise<Response> =>
  fetch(`${mock.url}/services/collector`, {
    method: 'POST',
    headers: { ...JSON_TYPE, Authorization: `Splunk ${mock.secrets.SPLUNK_HEC_TOKEN}` },
    body: '{"event":{"id":"a"}}',
    redirect: 'manual',
    ...(signal && { signal }),
  });

describe('injectFault', () => {
  const SUCCESS = '{"text":"Success","code":0}';
  const injectFault = (fault: Fault, options?: FaultOptions) =>
    mock.injectFault(JSON.parse(JSON.stringify(fault)), options);

  beforeEach(() => startMock(splunk));

  it('overrides status, headers and body', async () => {
    injectFault({ response: { status: 503, headers: { 'Retry-After': '7' }, body: 'busy' } });
    const response = await send();
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('7');
    expect(await response.text()).toBe('busy');
    expect(mock.requests).toMatchObject([{ status: 503, accepted: [] }]);
  });

  it('redirects', async () => {
    injectFault({ response: { status: 307, headers: { Location: 'http://127.0.0.1:9/' } } });
    const response = await send();
    expect([response.status, response.headers.get('Location')]).toEqual([307, 'http://127.0.0.1:9/']);
  });

  it('responds with a page of HTML', async () => {
    injectFault({
      response: { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<h1>Bad Gateway</h1>' },
    });
    const response = await send();
    expect(response.headers.get('Content-Type')).toBe('text/html');
    expect(await response.text()).toBe('<h1>Bad Gateway</h1>');
  });

  it('affects as many requests as count says', async () => {
    injectFault({ response: { status: 500 } }, { count: 2 });
    const statuses = [await send(), await send(), await send()].map(({ status }) => status);
    expect(statuses).toEqual([500, 500, 200]);
    expect(acceptedIds()).toEqual(['a']);
  });

  it('affects all requests until the fault ends', async () => {
    injectFault({ response: { status: 500 } });
    expect([(await send()).status, (await send()).status]).toEqual([500, 500]);
    mock.injectFault(undefined);
    expect((await send()).status).toBe(200);
  });

  it('processes the event although the response is an error', async () => {
    injectFault({ response: { status: 504 }, processed: true });
    const response = await send();
    expect([response.status, await response.text()]).toEqual([504, SUCCESS]);
    expect(mock.requests).toMatchObject([{ status: 504, accepted: [{ id: 'a' }] }]);
  });

  it('delays a response that accepts the event', async () => {
    injectFault({ delayMs: 100 });
    const startedAt = performance.now();
    expect(await (await send()).text()).toBe(SUCCESS);
    expect(performance.now() - startedAt).toBeGreaterThan(95);
    expect(acceptedIds()).toEqual(['a']);
  });

  it('delays an error', async () => {
    injectFault({ delayMs: 50, response: { status: 503 } });
    const startedAt = performance.now();
    expect((await send()).status).toBe(503);
    expect(performance.now() - startedAt).toBeGreaterThan(45);
    expect(mock.events).toEqual([]);
  });

  it('pads the body of the response', async () => {
    injectFault({ bodyBytes: 5_000_000, processed: true });
    const response = await send();
    expect(response.status).toBe(200);
    const body = await response.text();
    expect(body).toHaveLength(5_000_000);
    expect(JSON.parse(body)).toEqual({ text: 'Success', code: 0 });
  });

  it.each([false, true])('never responds, processed: %s', async (processed) => {
    injectFault({ hang: true, processed });
    await expect(send(AbortSignal.timeout(100))).rejects.toThrow('timeout');
    expect(mock.requests).toMatchObject([{ status: undefined, accepted: processed ? [{ id: 'a' }] : [] }]);
  });

  it('trickles the body', async () => {
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

  it('completes a body that trickles', async () => {
    injectFault({ trickleBytesPerSecond: 500, processed: true });
    expect(await (await send()).text()).toBe(SUCCESS);
  });

  // The error of a connection that is only closed has no `syscall`.
  const RESET = { cause: { code: 'ECONNRESET', syscall: 'read' } };

  it('resets the connection before the body is read', async () => {
    injectFault({ reset: 'before' });
    await expect(send()).rejects.toMatchObject(RESET);
    expect(mock.requests).toMatchObject([{ body: '', status: undefined, accepted: [] }]);
  });

  it.each([false, true])('resets the connection after the request, processed: %s', async (processed) => {
    injectFault({ reset: 'after', processed });
    await expect(send()).rejects.toMatchObject(RESET);
    const body = '{"event":{"id":"a"}}';
    expect(mock.requests).toMatchObject([
      { body, status: undefined, accepted: processed ? [{ id: 'a' }] : [] },
    ]);
  });

  it('resets the connection in the middle of the response', async () => {
    injectFault({ reset: 'body', processed: true });
    const response = await send();
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toMatchObject(RESET);
    expect(acceptedIds()).toEqual(['a']);
  });

  it('trickles the head', async () => {
    injectFault({ trickleHead: true, trickleBytesPerSecond: 1, processed: true });
    await expect(send(AbortSignal.timeout(300))).rejects.toThrow('timeout');
    expect(acceptedIds()).toEqual(['a']);
  });

  it('spares as many requests as skip says', async () => {
    mock.injectFault({ response: { status: 500 } }, { count: 1, skip: 2 });
    const statuses = [await send(), await send(), await send(), await send()].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 500, 200]);
  });

  it('affects matching requests only', async () => {
    mock.injectFault({ response: { status: 500 } }, { request: /^GET / });
    expect((await send()).status).toBe(200);
    expect((await fetch(`${mock.url}/services/collector/health`)).status).toBe(500);
  });
});

describe('connections of a mock vendor', () => {
  beforeEach(() => startMock(splunk));

  it('are closed by closeIdleConnections while no request is in progress', async () => {
    await (await send()).text();
    expect(mock.connections).toBe(1);
    mock.closeIdleConnections();
    await sleep(50);
    await (await send()).text();
    expect(mock.connections).toBe(2);
  });

  it('are closed by close although a request hangs', async () => {
    mock.injectFault({ hang: true });
    const failed = expect(send()).rejects.toThrow('fetch failed');
    await expect.poll(() => mock.requests).toHaveLength(1);
    await mock.close();
    await failed;
  });
});

describe('mock vendor with TLS', () => {
  const getHealth = async (options: { ca?: string }): Promise<number | undefined> => {
    const request = httpsRequest(`${mock.url}/services/collector/health`, {
      ...options,
      agent: false,
    });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  const trusted = () => ({ ca: mock.secrets.SPLUNK_CA_CERT ?? '' });

  it('responds only to clients that trust its certificate', async () => {
    await startMock(splunk, { tls: true });
    expect(mock.url).toMatch(/^https:/);
    expect(mock.secrets.SPLUNK_CA_CERT).toBe(mock.caCertificate);
    expect(await getHealth(trusted())).toBe(200);
    await expect(getHealth({})).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(mock.connections).toBe(2);
  });

  it.each([
    ['expired', { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') }, 'CERT_HAS_EXPIRED'],
    ['for another host', { altNames: ['splunk.example.com'] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('can have a certificate that is %s', async (_, options, code) => {
    await startMock(splunk, { tls: await createCertificate(options) });
    await expect(getHealth(trusted())).rejects.toMatchObject({ code });
    expect(mock.requests).toEqual([]);
  });

  it.each(['before', 'after'] as const)('resets a connection %s the request', async (reset) => {
    await startMock(splunk, { tls: true });
    mock.injectFault({ reset });
    await expect(getHealth(trusted())).rejects.toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
  });
});
