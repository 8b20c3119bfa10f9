import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import type { HttpRequest, HttpResponse, TlsOptions } from '../../lib/http.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import { withinDeadline } from '../support/deadline.ts';
import { failureOf, msOf } from '../support/promises.ts';
import { start } from '../support/server.ts';

const DEADLINE_MS = 300;
const TOLERANCE_MS = 50;

const answering = (status: number, body = '', headers: http.OutgoingHttpHeaders = {}): Promise<string> =>
  start((_, response) => response.writeHead(status, headers).end(body));

const deliver = (
  url: string,
  request: Partial<HttpRequest> = {},
  deadlineMs = DEADLINE_MS,
): Promise<HttpResponse> =>
  withinDeadline(deadlineMs, (http) => http({ url, headers: {}, body: '{}', ...request }));

describe('a request', () => {
  const received = async (request: Partial<HttpRequest>) => {
    const requests: { method: string | undefined; headers: http.IncomingHttpHeaders; body: string }[] = [];
    const url = await start(async (request, response) => {
      requests.push({ method: request.method, headers: request.headers, body: await text(request) });
      response.end();
    });
    await deliver(url, request);
    return requests[0];
  };

  it('is a POST of JSON from us', async () => {
    expect(await received({})).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'auth0-login-analytics' },
    });
  });

  it("has the sink's headers beside the defaults, or instead of them", async () => {
    const headers = {
      Authorization: 'Splunk t0ken',
      'content-type': 'text/plain',
      'User-Agent': 'a library',
    };
    expect(await received({ headers })).toMatchObject({
      headers: { authorization: 'Splunk t0ken', 'content-type': 'text/plain', 'user-agent': 'a library' },
    });
  });

  it.each(['', '{"a":1}\n{"a":2}', '"a JSON string"', ' { "spaced" : "😀 é \\u0041" }\r\n', 'a=b&c'])(
    'has the body byte for byte: %j',
    async (body) => {
      expect(await received({ body })).toMatchObject({
        headers: { 'content-length': String(Buffer.byteLength(body)) },
        body,
      });
    },
  );
});

describe('an accepting answer', () => {
  it.each([
    [200, '{"code":0}', { code: 0 }],
    [201, '{"created":true}', { created: true }],
    [200, '"OK"', 'OK'],
    [202, 'OK', 'OK'],
    [200, '<html>', '<html>'],
    [200, '', ''],
    [204, '', ''],
  ])('of %d with the body %j has its content', async (status, sent, body) => {
    expect(await deliver(await answering(status, sent))).toEqual({ status, body });
  });

  it('is cut where it is too long, without waiting for its end', async () => {
    const url = await start((_, response) => void response.write('x'.repeat(100_000)));
    const delivery = deliver(url);
    expect(await msOf(delivery)).toBeLessThan(DEADLINE_MS - TOLERANCE_MS);
    expect(await delivery).toEqual({ status: 200, body: 'x'.repeat(65_536) });
  });

  it('is cut where it breaks', async () => {
    const url = await start((_, response) => {
      response.writeHead(200, { 'Content-Length': 100 });
      response.write('broken', () => response.socket?.resetAndDestroy());
    });
    expect(await deliver(url)).toMatchObject({ status: 200 });
  });

  it('is cut at the deadline', async () => {
    const url = await start(async (_, response) => {
      while (!response.destroyed) {
        response.write('.');
        await sleep(20);
      }
    });
    const delivery = deliver(url);
    expect(await msOf(delivery)).toBeLessThan(DEADLINE_MS + TOLERANCE_MS);
    expect(await delivery).toEqual({ status: 200, body: expect.stringMatching(/^\.{2,20}$/) });
  });
});

describe('a refusing answer', () => {
  it.each([
    [400, '400 Bad Request'],
    [401, '401 Unauthorized'],
    [403, '403 Forbidden'],
    [404, '404 Not Found'],
    [413, '413 Payload Too Large'],
    [418, "418 I'm a Teapot"],
    [499, '499'],
  ])('of %d is for good', async (status, message) => {
    const failure = await failureOf(deliver(await answering(status, 'no')));
    expect(failure).toBeInstanceOf(RejectedError);
    expect(failure).toMatchObject({ status, message, vendorText: 'no' });
  });

  it.each([
    [408, '408 Request Timeout'],
    [425, '425 Too Early'],
    [429, '429 Too Many Requests'],
    [500, '500 Internal Server Error'],
    [502, '502 Bad Gateway'],
    [503, '503 Service Unavailable'],
    [504, '504 Gateway Timeout'],
  ])('of %d is for now', async (status, message) => {
    const failure = await failureOf(deliver(await answering(status, 'not now')));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure).toMatchObject({ status, message, vendorText: 'not now' });
  });

  it.each([
    ['{"text":"Invalid token","code":4}', 'Invalid token'],
    ['{"message":"Unknown project","error_code":"X"}', 'Unknown project'],
    ['{"error":{"message":"Too large","type":"x"}}', 'Too large'],
    ['{"error":"Too large"}', 'Too large'],
    ['"Unavailable"', 'Unavailable'],
    ['Unavailable', 'Unavailable'],
    ['{"message":', '{"message":'],
    ['<!doctype html><title>Sign in</title>', ''],
    ['\n  <html>', ''],
    ['{"text":"<html>"}', ''],
    ['{"text":7}', ''],
    ['["text"]', ''],
    ['{}', ''],
    ['null', ''],
    ['', ''],
  ])('of %j says %j', async (body, vendorText) => {
    expect(await failureOf(deliver(await answering(400, body)))).toMatchObject({ vendorText });
  });

  it.each([
    ['{"error":"Too large","events":[1,2]}', { error: 'Too large', events: [1, 2] }],
    ['{"error":', '{"error":'],
  ])('of %j is there in full', async (body, parsed) => {
    expect((await failureOf(deliver(await answering(400, body)))).body).toEqual(parsed);
    expect((await failureOf(deliver(await answering(503, body)))).body).toEqual(parsed);
  });

  it('can be nested deeply', async () => {
    const body = `${'{"error":'.repeat(6000)}"no"${'}'.repeat(6000)}`;
    expect(await failureOf(deliver(await answering(400, body)))).toMatchObject({ status: 400 });
  });

  it('keeps its status if it never ends', async () => {
    const url = await start((_, response) => void response.writeHead(503).write('bu'));
    expect(await failureOf(deliver(url))).toMatchObject({ status: 503, vendorText: 'bu' });
  });

  it.each([301, 302, 303, 307, 308])('of %d leads nowhere else', async (status) => {
    let isReached = false;
    const elsewhere = await start((_, response) => {
      isReached = true;
      response.end();
    });
    const failure = await failureOf(deliver(await answering(status, '', { Location: elsewhere })));
    expect(failure).toBeInstanceOf(RejectedError);
    expect(failure.status).toBe(status);
    expect(isReached).toBe(false);
  });
});

describe('without an answer', () => {
  it('the destination is unavailable at the deadline', async () => {
    const delivery = failureOf(deliver(await start(() => {})));
    const ms = await msOf(delivery);
    expect(Math.abs(ms - DEADLINE_MS)).toBeLessThan(TOLERANCE_MS);
    expect(await delivery).toBeInstanceOf(UnavailableError);
    expect((await delivery).message).toBe('no answer within 300 ms');
  });

  it('the destination is unavailable if it refuses the connection', async () => {
    const server = http.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await once(server.close(), 'close');
    const failure = await failureOf(deliver(`http://127.0.0.1:${port}`));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toBe('cannot connect: ECONNREFUSED');
  });

  it('the destination is unavailable if it resets the connection', async () => {
    const url = await start((request) => void request.socket.resetAndDestroy());
    const failure = await failureOf(deliver(url));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toBe('cannot connect: ECONNRESET');
  });
});

describe('the deadline', () => {
  it('ends work that never settles', async () => {
    const work = failureOf(withinDeadline(100, () => new Promise(() => {})));
    expect(await msOf(work)).toBeLessThan(100 + TOLERANCE_MS);
    expect(await work).toBeInstanceOf(UnavailableError);
  });

  it('is one for all requests of the work', async () => {
    const url = await start(async (_, response) => {
      await sleep(80);
      response.end();
    });
    let accepted = 0;
    const work = failureOf(
      withinDeadline(200, async (http) => {
        for (;;) {
          await http({ url, headers: {}, body: '' });
          accepted++;
        }
      }),
    );
    expect(await msOf(work)).toBeLessThan(200 + TOLERANCE_MS);
    expect(await work).toBeInstanceOf(UnavailableError);
    expect(accepted).toBeGreaterThan(0);
  });

  it('lets what the work returns and throws through', async () => {
    expect(await withinDeadline(DEADLINE_MS, async () => 'result')).toBe('result');
    const failure = new RejectedError('refused');
    expect(await failureOf(withinDeadline(DEADLINE_MS, () => Promise.reject(failure)))).toBe(failure);
  });

  it.each([
    ['accepting', (response: http.ServerResponse) => response.end()],
    ['refusing', (response: http.ServerResponse) => response.writeHead(500).end()],
    ['silent', () => {}],
    ['never-ending', (response: http.ServerResponse) => response.write('.')],
  ])('leaves no timer behind after an answer that is %s', async (_, answer) => {
    const url = await start((_, response) => void answer(response));
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    await Promise.allSettled([deliver(url, {}, 100)]);
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe('connections', () => {
  it('are kept from one delivery to the next', async () => {
    let connections = 0;
    const server = http.createServer().on('connection', () => connections++);
    const url = await start((_, response) => response.end('OK'), server);
    await deliver(url);
    await deliver(url);
    expect(connections).toBe(1);
  });

  // An instance that Auth0 froze between two logins has not noticed.
  it('are replaced if the destination has closed them meanwhile', async () => {
    const server = http.createServer();
    const url = await start((_, response) => response.end('OK'), server);
    await Promise.all([deliver(url), deliver(url)]);
    server.closeIdleConnections();
    expect(await deliver(url)).toEqual({ status: 200, body: 'OK' });
  });

  describe('and a proxy in the environment', () => {
    afterEach(() => void vi.unstubAllEnvs());

    it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'])('do not meet: %s', async (name) => {
      vi.stubEnv('NO_PROXY', '')
        .stubEnv('no_proxy', '')
        .stubEnv(name, await answering(502));
      expect(await deliver(await answering(200))).toMatchObject({ status: 200 });
    });
  });
});

describe('TLS', async () => {
  const certificate = await createCertificate();
  const other = await createCertificate();
  const deliverOverTls = async (tls?: TlsOptions, served = certificate): Promise<HttpResponse> => {
    const url = await start((_, response) => response.end('OK'), https.createServer(served));
    return deliver(url, tls && { tls });
  };

  it.each([
    ['of the given authority', { ca: [certificate.cert] }],
    ['of any kind if it need not be verified', { rejectUnauthorized: false }],
  ])('takes a certificate %s', async (_, tls) => {
    expect(await deliverOverTls(tls)).toEqual({ status: 200, body: 'OK' });
  });

  it.each([
    ['of no known authority', undefined],
    ['of no known authority if it is to be verified', { rejectUnauthorized: true }],
    ['of another authority', { ca: [other.cert] }],
  ])('refuses a certificate %s', async (_, tls) => {
    const failure = await failureOf(deliverOverTls(tls));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toMatch(
      /^cannot connect: (DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/,
    );
  });

  it('refuses a certificate of another host', async () => {
    const elsewhere = await createCertificate({ altNames: ['splunk.example.com'] });
    expect((await failureOf(deliverOverTls({ ca: [elsewhere.cert] }, elsewhere))).message).toBe(
      'cannot connect: ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });
});
