import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Destination, deliver } from '../../lib/deliver.ts';
import { type DeliveryError, RejectedError, type UnavailableError } from '../../lib/errors.ts';
import { type HttpRequest, type HttpResponse, type TlsOptions, withDeadline } from '../../lib/http.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import { getError } from '../support/assert.ts';
import { NOW, passTime, settle, time, untilTimers, useFakeClock, useFixedClock } from '../support/clock.ts';
import { LOGIN } from '../support/events.ts';
import { FakeDestination } from '../support/fake-destination.ts';
import { start } from '../support/server.ts';

const DEADLINE_MS = 3000;
const BODY_TIMEOUT_MS = 250;
const GRACE_MS = 25;

const respond = (status: number, body = '', headers: http.OutgoingHttpHeaders = {}): Promise<string> =>
  start((_, response) => response.writeHead(status, headers).end(body));

/** A server that sends the beginning of a body, and never its end. */
const respondWithoutEnd = (status: number, body: string, headers: http.OutgoingHttpHeaders = {}) =>
  start((_, response) => {
    response.writeHead(status, headers).flushHeaders();
    if (body) response.write(body);
  });

/** A server that breaks the connection within the body. */
const respondAndBreak = (status: number, body: string) =>
  start((_, response) => {
    response.writeHead(status, { 'Content-Length': 100 });
    response.write(body, () => response.socket?.resetAndDestroy());
  });

const post = (
  url: string,
  request: Partial<HttpRequest> = {},
  deadlineMs = DEADLINE_MS,
): Promise<HttpResponse> =>
  withDeadline(deadlineMs, ({ http }) => http({ url, headers: {}, body: '{}', ...request }));

const getDeliveryError = (work: Promise<unknown>) => getError<DeliveryError>(work);

const isOk = ({ body }: HttpResponse): boolean => body === 'OK';

describe('http, sending a request', () => {
  const getReceived = async (request: Partial<HttpRequest>) => {
    const requests: { method: string | undefined; headers: http.IncomingHttpHeaders; body: string }[] = [];
    const url = await start(async (request, response) => {
      requests.push({ method: request.method, headers: request.headers, body: await text(request) });
      response.end();
    });
    await post(url, request);
    return requests[0];
  };

  it('posts JSON, and says who does', async () => {
    expect(await getReceived({})).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'auth0-login-analytics' },
    });
  });

  it('asks for a response that is not compressed', async () => {
    expect(await getReceived({})).toMatchObject({ headers: { 'accept-encoding': 'identity' } });
  });

  it("sends the sink's headers in addition to the defaults, or instead of them", async () => {
    const headers = { Authorization: 'Splunk t0ken', 'content-type': 'text/plain', 'User-Agent': 'an SDK' };
    expect(await getReceived({ headers })).toMatchObject({
      headers: { authorization: 'Splunk t0ken', 'content-type': 'text/plain', 'user-agent': 'an SDK' },
    });
  });

  it.each(['', '{"a":1}\n{"a":2}', '"a JSON string"', ' { "spaced" : "😀 é \\u0041" }\r\n', 'a=b&c'])(
    'sends the body byte for byte: %j',
    async (body) => {
      expect(await getReceived({ body })).toMatchObject({
        headers: { 'content-length': String(Buffer.byteLength(body)) },
        body,
      });
    },
  );
});

describe('http, given a response of the 2xx class', () => {
  const FOREIGN = {
    name: 'RejectedError',
    message: "200 OK, but not a response of the vendor's API",
    status: 200,
    hint: "check the URL in the Action's secrets",
  };
  const INCOMPLETE = {
    name: 'UnavailableError',
    message: '200 OK, but the response body is incomplete',
    status: 200,
    isOutage: true,
  };

  it.each([
    [200, '{"code":0}', { code: 0 }],
    [201, '{"created":true}', { created: true }],
    [200, '"OK"', 'OK'],
    [202, 'OK', 'OK'],
    [200, 'a < b', 'a < b'],
    [200, '', undefined],
    [200, ' \n', undefined],
    [204, '', undefined],
  ])('returns %d with the content of the body %j', async (status, sent, body) => {
    expect(await post(await respond(status, sent))).toEqual({ status, body });
  });

  it('asks the sink whether it accepts the request', async () => {
    const isAccepted = ({ status, body }: HttpResponse) => status === 200 && body === 'OK';
    expect(await post(await respond(200, 'OK'), { isAccepted })).toEqual({ status: 200, body: 'OK' });
    expect(await getError(post(await respond(200, '{"ok":true}'), { isAccepted }))).toMatchObject({
      ...FOREIGN,
      body: { ok: true },
    });
  });

  it.each([
    ['a doctype', '<!doctype html><title>Sign in</title>', {}],
    ['space before its first tag', '\n\t <html>', {}],
    ['a byte order mark', '\ufeff<html>', {}],
    ['its content type only', 'Please sign in', { 'Content-Type': 'text/html; charset=utf-8' }],
    ['the content type of XHTML', '', { 'Content-Type': 'Application/XHTML+xml' }],
    ['more than 64 kB', `<html>${'x'.repeat(100_000)}`, {}],
  ])('never accepts HTML, with %s', async (_, body, headers) => {
    for (const isAccepted of [() => true, undefined]) {
      const request = isAccepted ? { isAccepted } : {};
      expect(await getError(post(await respond(200, body, headers), request))).toMatchObject(FOREIGN);
    }
  });

  it('reads 64 kB of a body at most', async () => {
    const url = await respondWithoutEnd(200, 'x'.repeat(100_000));
    expect(await post(url)).toEqual({ status: 200, body: 'x'.repeat(64 * 1024) });
  });

  it('accepts a body that breaks off if it shows the acceptance', async () => {
    expect(await post(await respondAndBreak(200, '"OK"'), { isAccepted: isOk })).toMatchObject({
      status: 200,
    });
  });

  it.each(['"O', '{"code"', ''])('counts a body that breaks off after %j as an outage', async (body) => {
    const isAccepted = () => body === '';
    expect(await getError(post(await respondAndBreak(200, body), { isAccepted }))).toMatchObject(INCOMPLETE);
  });

  it.each([
    ['accepts', '"OK"', undefined],
    ['accepts', '', undefined],
    ['rejects', '{"ok":true}', FOREIGN],
    ['rejects', '<html>', FOREIGN],
  ])('%s a compressed response as it would without compression: %s', async (_, body, error) => {
    const url = await start((_, response) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(body)),
    );
    const isAccepted = ({ body }: HttpResponse) => body === undefined || body === 'OK';
    const result = await post(url, { isAccepted }).catch((error) => error);
    expect(result).toMatchObject(error ?? { status: 200 });
  });

  it('counts a compressed body that breaks off as an outage', async () => {
    const url = await start((_, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': 100 });
      response.write(gzipSync('{"ok":true}'), () => response.socket?.resetAndDestroy());
    });
    expect(await getError(post(url, { isAccepted: isOk }))).toMatchObject(INCOMPLETE);
  });

  it('rejects HTML that breaks off', async () => {
    expect(await getError(post(await respondAndBreak(200, '<html>'), { isAccepted: isOk }))).toMatchObject(
      FOREIGN,
    );
  });

  describe('whose body never ends', () => {
    useFakeClock();

    /** Measures the time since the headers have arrived: then a second timer runs, for the body. */
    const timeBody = async <T>(work: Promise<T>) => {
      await untilTimers(2);
      return time(work);
    };

    it('accepts it after 250 ms if it shows the acceptance', async () => {
      const url = await respondWithoutEnd(200, '"OK"');
      const { result, elapsedMs } = await timeBody(post(url, { isAccepted: isOk }));
      expect(result).toEqual({ status: 200, body: 'OK' });
      expect(elapsedMs).toBe(BODY_TIMEOUT_MS);
    });

    it('accepts it after 250 ms if the status alone decides', async () => {
      const { result, elapsedMs } = await timeBody(post(await respondWithoutEnd(200, '')));
      expect(result).toEqual({ status: 200, body: undefined });
      expect(elapsedMs).toBe(BODY_TIMEOUT_MS);
    });

    it.each(['', '"O', 'OK, but'])('counts %j as an outage after 250 ms', async (body) => {
      const isAccepted = ({ body }: HttpResponse) => body === undefined || body === 'OK';
      const url = await respondWithoutEnd(200, body);
      const { result, elapsedMs } = await timeBody(getError(post(url, { isAccepted })));
      expect(result).toMatchObject(INCOMPLETE);
      expect(elapsedMs).toBe(BODY_TIMEOUT_MS);
    });

    it('rejects HTML after 250 ms', async () => {
      const { result } = await timeBody(getError(post(await respondWithoutEnd(200, '<html>'))));
      expect(result).toMatchObject(FOREIGN);
    });

    it('gives a slow body 250 ms in all', async () => {
      const send: Array<() => void> = [];
      const url = await start((_, response) => {
        response.flushHeaders();
        send.push(() => response.write('.'));
      });
      const work = getError(post(url, { isAccepted: isOk }));
      await untilTimers(2);
      for (let bytes = 0; bytes < 5; bytes += 1) {
        send[0]?.();
        await passTime(49);
      }
      const { result, elapsedMs } = await time(work);
      expect(result).toMatchObject(INCOMPLETE);
      expect(elapsedMs).toBe(5);
    });
  });
});

describe('http, given any other response', () => {
  it.each([
    [400, '400 Bad Request', "check the Action's secrets"],
    [401, '401 Unauthorized', "check the credentials in the Action's secrets"],
    [403, '403 Forbidden', "check the credentials in the Action's secrets"],
    [404, '404 Not Found', "check the URL in the Action's secrets"],
    [405, '405 Method Not Allowed', "check the URL in the Action's secrets"],
    [410, '410 Gone', 'the receiver has unsubscribed: unbind the Action, or change its URL'],
    [413, '413 Payload Too Large', "check the Action's secrets"],
    [418, "418 I'm a Teapot", "check the Action's secrets"],
    [499, '499', "check the Action's secrets"],
  ])('throws a rejection with who must act: %d', async (status, message, hint) => {
    expect(await getError(post(await respond(status, 'no')))).toMatchObject({
      name: 'RejectedError',
      status,
      message,
      hint,
      vendorMessage: 'no',
    });
  });

  it.each([
    [408, '408 Request Timeout'],
    [425, '425 Too Early'],
    [429, '429 Too Many Requests'],
    [500, '500 Internal Server Error'],
    [502, '502 Bad Gateway'],
    [503, '503 Service Unavailable'],
    [504, '504 Gateway Timeout'],
    [599, '599'],
  ])('throws that the destination is unavailable: %d', async (status, message) => {
    expect(await getError(post(await respond(status, 'not now')))).toMatchObject({
      name: 'UnavailableError',
      status,
      message,
      hint: undefined,
      vendorMessage: 'not now',
    });
  });

  it.each([300, 301, 302, 303, 307, 308])('does not follow a redirect: %d', async (status) => {
    let isReached = false;
    const target = await start((_, response) => {
      isReached = true;
      response.end();
    });
    expect(await getError(post(await respond(status, '', { Location: target })))).toMatchObject({
      name: 'RejectedError',
      status,
      hint: "check the URL in the Action's secrets",
    });
    expect(isReached).toBe(false);
  });

  it.each([
    ['{"text":"Invalid token","code":4}', 'Invalid token'],
    ['{"message":"Unknown project","error_code":"X"}', 'Unknown project'],
    ['{"error":{"message":"Too large","type":"x"}}', 'Too large'],
    ['{"error":"Too large"}', 'Too large'],
    ['{"errors":["API key is invalid"]}', 'API key is invalid'],
    ['{"errors":[{"message":"Unknown field"},{"message":"Another"}]}', 'Unknown field'],
    ['{"errors":[{"status":"400","title":"Bad Request","detail":"Invalid JSON"}]}', 'Invalid JSON'],
    ['{"type":"about:blank","title":"Forbidden","detail":"Quota exceeded","status":403}', 'Quota exceeded'],
    ['{"title":"Forbidden","status":403}', 'Forbidden'],
    ['{"title":"Validation failed","errors":{"Name":["is required"]}}', 'Validation failed'],
    ['{"text":7,"message":"Unknown project"}', 'Unknown project'],
    ['{"error":{"errors":[{"detail":{"message":"Unknown index"}}]}}', 'Unknown index'],
    ['"Unavailable"', 'Unavailable'],
    ['Unavailable', 'Unavailable'],
    ['["Unavailable"]', 'Unavailable'],
    ['{"message":', '{"message":'],
    ['<!doctype html><title>Sign in</title>', ''],
    ['\n  <html>', ''],
    ['{"text":"<html>"}', ''],
    ['{"text":7}', ''],
    ['{}', ''],
    ['null', ''],
    ['', ''],
  ])('finds the message of the vendor in %s', async (body, vendorMessage) => {
    expect(await getError(post(await respond(400, body)))).toMatchObject({ vendorMessage });
  });

  it.each([
    ['{"error":"Too large","events":[1,2]}', { error: 'Too large', events: [1, 2] }],
    ['{"error":', '{"error":'],
  ])('leaves the whole body to the sink: %s', async (body, parsed) => {
    expect((await getDeliveryError(post(await respond(400, body)))).body).toEqual(parsed);
    expect((await getDeliveryError(post(await respond(503, body)))).body).toEqual(parsed);
  });

  it.each([
    ['objects', `${'{"error":'.repeat(6000)}"no"${'}'.repeat(6000)}`],
    ['lists', `${'['.repeat(30_000)}"no"${']'.repeat(30_000)}`],
  ])('survives thousands of nested %s', async (_, body) => {
    expect(await getError(post(await respond(503, body)))).toMatchObject({ status: 503, vendorMessage: '' });
  });

  it('evaluates what has arrived of a body that breaks off', async () => {
    expect(await getError(post(await respondAndBreak(503, 'busy')))).toMatchObject({
      name: 'UnavailableError',
      status: 503,
      vendorMessage: 'busy',
    });
  });

  describe('whose body never ends', () => {
    useFakeClock();

    it('evaluates what has arrived after 250 ms', async () => {
      const work = getError(post(await respondWithoutEnd(503, 'busy')));
      await untilTimers(2);
      const { result, elapsedMs } = await time(work);
      expect(result).toMatchObject({ status: 503, vendorMessage: 'busy' });
      expect(elapsedMs).toBe(BODY_TIMEOUT_MS);
    });
  });
});

describe('http, given Retry-After', () => {
  useFixedClock();

  it.each([
    ['0', 0],
    ['000', 0],
    ['1', 1000],
    ['3600', 3_600_000],
    ['Sat, 31 Jan 2026 12:00:02 GMT', 1877],
    [NOW.toUTCString(), 0],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['2027', 2_027_000],
    ['', undefined],
  ])('reads %j as %s ms', async (value, retryAfterMs) => {
    const url = await respond(503, '', { 'Retry-After': value });
    expect((await getError<UnavailableError>(post(url))).retryAfterMs).toBe(retryAfterMs);
  });

  it('is without a delay if the destination asks for none', async () => {
    expect((await getError<UnavailableError>(post(await respond(503)))).retryAfterMs).toBeUndefined();
  });
});

describe('http, without a response', () => {
  /** A server below HTTP. */
  const startRaw = async (data: string): Promise<string> => {
    const server: Server = createServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.end(data));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  it('throws that it cannot connect where nothing listens', async () => {
    const server = http.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await getError(post(`http://127.0.0.1:${port}`))).toMatchObject({
      name: 'UnavailableError',
      message: 'cannot connect: ECONNREFUSED',
      code: 'ECONNREFUSED',
      hint: undefined,
    });
  });

  it('throws that it cannot connect to a host that does not exist, and who must act', async () => {
    expect(await getError(post('https://nowhere.invalid'))).toMatchObject({
      name: 'UnavailableError',
      message: 'cannot connect: ENOTFOUND',
      code: 'ENOTFOUND',
      hint: "check the URL in the Action's secrets",
    });
  });

  it('throws a connection error if the connection is reset after the request was sent', async () => {
    const url = await start((request) => void request.socket.resetAndDestroy());
    expect(await getError(post(url))).toMatchObject({
      name: 'UnavailableError',
      message: 'connection error: ECONNRESET',
      code: 'ECONNRESET',
    });
  });

  it('throws a connection error if the connection is closed without a response', async () => {
    expect(await getError(post(await startRaw('')))).toMatchObject({
      name: 'UnavailableError',
      message: 'connection error: ECONNRESET',
    });
  });

  it.each([
    ['SSH-2.0-OpenSSH_9.6\r\n', 'HPE_INVALID_CONSTANT'],
    ['HTTP/1.1 2000 OK\r\n\r\n', 'HPE_INVALID_STATUS'],
    [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
  ])('throws that the response is malformed: %.20s', async (data, code) => {
    expect(await getError(post(await startRaw(data)))).toMatchObject({
      name: 'UnavailableError',
      message: `malformed HTTP response: ${code}`,
      code,
    });
  });
});

describe('withDeadline', () => {
  useFakeClock();

  const TIMED_OUT = { name: 'UnavailableError', message: 'timed out after 300 ms', code: 'TIMEOUT' };
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('returns what the work returns', async () => {
    expect(await settle(withDeadline(300, async () => 'result'))).toBe('result');
  });

  it('throws what the work throws', async () => {
    const error = new RejectedError('rejected');
    expect(await settle(getError(withDeadline(300, () => Promise.reject(error))))).toBe(error);
    const throwing = () => {
      throw error;
    };
    expect(await settle(getError(withDeadline(300, throwing)))).toBe(error);
  });

  it('throws that it timed out if the work never settles', async () => {
    const { result, elapsedMs } = await time(getError(withDeadline(300, () => new Promise(() => {}))));
    expect(result).toMatchObject(TIMED_OUT);
    expect(elapsedMs).toBe(300 + GRACE_MS);
  });

  it('shows the time that is left', async () => {
    const remainingMs = withDeadline(300, async (deadline) => {
      const atFirst = deadline.remainingMs();
      await sleep(100);
      return [atFirst, deadline.remainingMs()];
    });
    expect(await settle(remainingMs)).toEqual([300, 200]);
  });

  it('counts from when the work was wanted', async () => {
    await passTime(5000);
    const work = withDeadline(300, () => new Promise(() => {}), performance.now() - 250);
    expect((await time(getError(work))).elapsedMs).toBe(50 + GRACE_MS);
  });

  it('ends at once if the time is up already', async () => {
    await passTime(5000);
    const work = withDeadline(300, () => new Promise(() => {}), performance.now() - 400);
    expect((await time(getError(work))).elapsedMs).toBeLessThanOrEqual(1 + GRACE_MS);
  });

  it.each([
    ['succeeds', async () => 'result'],
    ['fails', () => Promise.reject(new Error('failed'))],
    ['never settles', () => new Promise(() => {})],
  ])('leaves no timer behind if the work %s', async (_, work) => {
    await settle(Promise.allSettled([withDeadline(300, work)]));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends a request without a response', async () => {
    let isReceived = false;
    let isClosed = false;
    const url = await start((request) => {
      isReceived = true;
      request.on('close', () => {
        isClosed = true;
      });
    });
    const work = getError(post(url, {}, 300));
    while (!isReceived) await passTime(0);
    const { result, elapsedMs } = await time(work);
    expect(result).toMatchObject(TIMED_OUT);
    expect(elapsedMs).toBe(300);
    while (!isClosed) await passTime(0);
  });

  it('is one deadline for all requests of the work', async () => {
    const url = await respond(200);
    let accepted = 0;
    const work = withDeadline(300, async ({ http }) => {
      for (;;) {
        await http({ url, headers: {}, body: '' });
        accepted += 1;
        await sleep(120);
      }
    });
    const error = getError(work);
    while (accepted === 0) await passTime(0);
    await passTime(120);
    while (accepted === 1) await passTime(0);
    await passTime(120);
    while (accepted === 2) await passTime(0);
    expect(await settle(error)).toMatchObject(TIMED_OUT);
    expect(accepted).toBe(3);
  });

  it.each([
    [200, '"OK"', { status: 200, body: 'OK' }],
    [503, 'busy', { name: 'UnavailableError', status: 503, vendorMessage: 'busy' }],
  ])('evaluates a response of %d that it cuts off', async (status, body, expected) => {
    const work = post(await respondWithoutEnd(status, body), {}, 100);
    const settled = work.catch((error) => error);
    await untilTimers(2);
    const { result, elapsedMs } = await time(settled);
    expect(result).toMatchObject(expected);
    expect(elapsedMs).toBe(100);
  });
});

describe('http, reusing connections', () => {
  it('keeps a connection from one delivery to the next', async () => {
    let connections = 0;
    const server = http.createServer().on('connection', () => {
      connections += 1;
    });
    const url = await start((_, response) => response.end('OK'), server);
    await post(url);
    await post(url);
    expect(connections).toBe(1);
  });

  it('keeps a TLS connection from one delivery to the next', async () => {
    const certificate = await createCertificate();
    let connections = 0;
    const server = https.createServer(certificate).on('secureConnection', () => {
      connections += 1;
    });
    const url = await start((_, response) => response.end('OK'), server);
    const tls = { ca: [certificate.cert] };
    await post(url, { tls });
    await post(url, { tls });
    expect(connections).toBe(1);
  });

  it('replaces connections that the destination has closed while the instance was frozen', async () => {
    const server = http.createServer();
    const url = await start((_, response) => response.end('OK'), server);
    await Promise.all([post(url), post(url)]);
    server.closeIdleConnections();
    expect(await post(url)).toEqual({ status: 200, body: 'OK' });
  });

  describe('with a proxy in the environment', () => {
    afterEach(() => void vi.unstubAllEnvs());

    it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'])('ignores %s', async (name) => {
      vi.stubEnv('NO_PROXY', '')
        .stubEnv('no_proxy', '')
        .stubEnv(name, await respond(502));
      expect(await post(await respond(200))).toMatchObject({ status: 200 });
    });
  });
});

describe('http, over TLS', async () => {
  const certificate = await createCertificate();
  const other = await createCertificate();
  const postOverTls = async (tls?: TlsOptions, served = certificate): Promise<HttpResponse> => {
    const url = await start((_, response) => response.end('OK'), https.createServer(served));
    return post(url, tls && { tls });
  };

  it.each([
    ['a certificate of the given CA', { ca: [certificate.cert] }],
    ['any certificate if none is to be verified', { rejectUnauthorized: false }],
  ])('accepts %s', async (_, tls) => {
    expect(await postOverTls(tls)).toEqual({ status: 200, body: 'OK' });
  });

  it.each([
    ['by default', undefined],
    ['if it is to be verified', { rejectUnauthorized: true }],
    ['where another CA is given', { ca: [other.cert] }],
  ])('does not accept a certificate of an unknown CA %s', async (_, tls) => {
    expect(await getError(postOverTls(tls))).toMatchObject({
      name: 'UnavailableError',
      message: expect.stringMatching(
        /^cannot connect: (DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/,
      ),
      hint: "check the destination's certificate",
    });
  });

  it('does not accept a certificate of another host', async () => {
    const foreign = await createCertificate({ altNames: ['splunk.example.com'] });
    expect(await getError(postOverTls({ ca: [foreign.cert] }, foreign))).toMatchObject({
      message: 'cannot connect: ERR_TLS_CERT_ALTNAME_INVALID',
      hint: "check the destination's certificate",
    });
  });
});

describe('deliver, over HTTP', () => {
  /** Delivers to a server that responds to its first requests one by one, and accepts the others. */
  const deliverTo = async (...responses: http.RequestListener[]) => {
    const bodies: string[] = [];
    const url = await start(async (request, response) => {
      bodies.push(await text(request));
      (responses.shift() ?? (() => response.end()))(request, response);
    });
    const { sink } = new FakeDestination();
    const destination = new Destination({
      ...sink,
      send: async (activities, _, http) =>
        void (await http({ url, headers: {}, body: JSON.stringify(activities) })),
    });
    return { delivery: await deliver(destination, LOGIN, parseSecrets(sink, {})), bodies };
  };

  const fail =
    (status: number): http.RequestListener =>
    (_, response) =>
      response.writeHead(status, { 'Retry-After': '0' }).end();

  it.each([408, 425, 429, 500, 502, 503, 504])('sends the same body again after %d', async (status) => {
    const { delivery, bodies } = await deliverTo(fail(status), fail(status));
    expect(delivery).toMatchObject({ attempts: 3 });
    expect(delivery).not.toHaveProperty('error');
    expect(bodies).toEqual(Array(3).fill(JSON.stringify([LOGIN])));
  });

  it('sends the same body again after the connection was reset', async () => {
    const { delivery, bodies } = await deliverTo(({ socket }) => socket.resetAndDestroy());
    expect(delivery).toMatchObject({ attempts: 2 });
    expect(bodies).toEqual(Array(2).fill(JSON.stringify([LOGIN])));
  });
});
