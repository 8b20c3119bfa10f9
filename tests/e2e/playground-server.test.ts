import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startPlaygroundServer } from '../../tools/playground/server.ts';
import type { LoginDetails, State } from '../../tools/playground/state.ts';
import { getVendor, vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { startVendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { usePlayground } from '../support/playground.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const ADA = { user: 'auth0|ada', application: 'Web shop', kind: 'interactive' };
const NAMES = vendors.map(({ name }) => name);

const running = usePlayground();

/** As a browser sends it that has opened the playground. */
const getCookie = (token = running.server.token): string =>
  `playground-${new URL(running.server.url).port}=${token}`;

const send = async (method: string, path: string, body?: unknown, headers: object = {}) => {
  const content = body === undefined ? '' : JSON.stringify(body);
  // `fetch` does not allow these headers.
  const outgoing = request(`${running.server.url}${path}`, {
    method,
    headers: { ...JSON_TYPE, Cookie: getCookie(), 'Content-Length': Buffer.byteLength(content), ...headers },
  });
  outgoing.end(content);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
};

const logIn = async (login: object = ADA): Promise<LoginDetails> => {
  const { id } = JSON.parse((await send('POST', '/logins', login)).body);
  return JSON.parse((await send('GET', `/logins/${id}`)).body);
};

const setSecrets = (values: Readonly<Record<string, string | null>>, action = 'splunk') =>
  send('PUT', '/secrets', { actions: [action], values });

const setMode = (destination: string, mode: string) =>
  send('PUT', `/destinations/${destination}/mode`, { mode });

const getDestination = (name: string) =>
  running.playground.getState().destinations.find((destination) => destination.name === name);

const getBoundActions = () =>
  running.playground.getState().actions.flatMap(({ name, isBound }) => (isBound ? name : []));

describe('access to the playground', () => {
  it.each([
    ['another host name that resolves to this machine', { Host: 'evil.example.com' }],
    ['a host name that starts with a loopback address', { Host: '127.0.0.1.evil.example.com' }],
    ['the origin of another site', { Origin: 'https://evil.example.com' }],
    ['the origin of another server on this machine', { Origin: 'http://localhost:1' }],
    ['an opaque origin', { Origin: 'null' }],
    ['a cross-site request', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a request from another server on this machine', { 'Sec-Fetch-Site': 'same-site' }],
  ])('is denied to %s', async (_, headers) => {
    for (const [method, path] of [
      ['GET', '/logins/1'],
      ['GET', '/app.js'],
      ['POST', '/reset'],
    ] as const) {
      expect(await send(method, path, undefined, headers)).toMatchObject({ status: 403 });
    }
  });

  it('is allowed through localhost', async () => {
    const { port } = new URL(running.server.url);
    expect(await send('GET', '/', undefined, { Host: `localhost:${port}` })).toMatchObject({ status: 200 });
  });

  it('is allowed through a link of another site', async () => {
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
    expect(await send('GET', '/', undefined, headers)).toMatchObject({ status: 200 });
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data'])(
    'is denied to a change as a form sends it, %s',
    async (type) => {
      const response = await send('POST', '/logins', ADA, { 'Content-Type': type });
      expect(response).toMatchObject({ status: 415 });
      expect(running.playground.getState().loginsCount).toBe(0);
    },
  );

  const ROUTES = [
    ['GET', '/'],
    ['GET', '/app.js'],
    ['GET', '/style.css'],
    ['GET', '/state'],
    ['GET', '/logins/1'],
    ['GET', '/nowhere'],
    ['POST', '/logins'],
    ['POST', '/users'],
    ['POST', '/random-logins'],
    ['DELETE', '/random-logins'],
    ['PUT', '/destinations/splunk/mode'],
    ['PUT', '/secrets'],
    ['DELETE', '/secrets/splunk'],
    ['PUT', '/flow'],
    ['POST', '/reset'],
  ] as const;

  it.each(ROUTES)('is denied without the token of this start: %s %s', async (method, path) => {
    for (const Cookie of ['', getCookie(''), getCookie('0'.repeat(48))]) {
      expect(await send(method, path, {}, { Cookie })).toMatchObject({
        status: 403,
        body: 'Open the URL that was printed when the playground was started.',
      });
    }
    const query = await send(method, `${path}?token=${'0'.repeat(48)}`, {}, { Cookie: '' });
    expect(query).toMatchObject({ status: 403 });
  });

  it('begins with the printed URL, which sets a cookie and is not kept in the history', async () => {
    const { url, entryUrl } = running.server;
    const { status, headers } = await send('GET', entryUrl.slice(url.length), undefined, { Cookie: '' });
    expect(status).toBe(302);
    expect(headers.location).toBe('/');
    expect(headers['set-cookie']).toEqual([`${getCookie()}; Path=/; HttpOnly; SameSite=Lax`]);
    expect(await send('GET', '/')).toMatchObject({ status: 200 });
  });

  it('needs another token for each start', async () => {
    const other = await startPlaygroundServer(running.playground);
    onTestFinished(() => other.close());
    expect(other.token).not.toBe(running.server.token);
    const response = await fetch(`${other.url}/?token=${running.server.token}`);
    expect(response.status).toBe(403);
  });

  it('comes with headers that restrict the browser to this server', async () => {
    const { headers } = await send('GET', '/');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
  });
});

describe('a malformed change', () => {
  it.each([
    ['POST', '/logins', { ...ADA, user: 'auth0|nobody' }, 'There is no user auth0|nobody'],
    ['POST', '/logins', { ...ADA, application: 'none' }, 'There is no application none'],
    ['POST', '/logins', { ...ADA, connection: 'none' }, 'There is no connection none'],
    ['POST', '/logins', { ...ADA, organization: 'none' }, 'There is no organization none'],
    ['POST', '/logins', { ...ADA, kind: 'unknown' }, 'Malformed: kind'],
    ['POST', '/logins', undefined, 'Malformed: body'],
    ['POST', '/users', { name: ' ', connection: 'acme' }, 'Malformed: name'],
    ['POST', '/users', { name: 'Ada', connection: 'none' }, 'There is no connection none'],
    ['POST', '/random-logins', { total: 1e9 }, 'Malformed: total'],
    ['PUT', '/destinations/none/mode', { mode: 'up' }, 'There is no destination none'],
    ['PUT', '/destinations/splunk/mode', { mode: 'sideways' }, 'Malformed: mode'],
    ['PUT', '/secrets', { actions: ['none'], values: {} }, 'There is no Action none'],
    ['PUT', '/secrets', { actions: ['splunk'], values: { SPLUNK: 'x' } }, 'splunk has no secret SPLUNK'],
    ['PUT', '/secrets', { actions: ['splunk'], values: { LOG: 1 } }, 'Malformed: values.LOG'],
    [
      'PUT',
      '/secrets',
      { actions: ['splunk'], values: { ON_FAILURE: 'maybe' } },
      'Not saved: ON_FAILURE must be continue or deny',
    ],
    ['POST', '/logins', { ...ADA, query: { utm_source: 1 } }, 'Malformed: query.utm_source'],
    ['POST', '/logins', { ...ADA, protocol: 'none' }, 'Malformed: protocol'],
    ['PUT', '/flow', { action: 'all', step: 'up' }, 'all is not bound'],
    ['PUT', '/flow', { action: 'none', step: 'bind' }, 'There is no Action none'],
    ['PUT', '/flow', { action: 'none', step: 'unbind' }, 'There is no Action none'],
    ['PUT', '/flow', { action: 'splunk', step: 'sideways' }, 'Malformed: step'],
    ['DELETE', '/secrets/none', {}, 'There is no Action none'],
  ])('by %s %s with %j changes nothing', async (method, path, body, message) => {
    const before = running.playground.getState();
    expect(await send(method, path, body)).toMatchObject({ status: 400, body: message });
    expect(running.playground.getState()).toEqual(before);
  });
});

describe('the details of a login', () => {
  it('hold the event, request, response, outcome and log of each Action', async () => {
    const { runs } = await logIn();
    const [splunk] = runs;
    expect(splunk).toMatchObject({
      name: 'splunk',
      deadlineMs: 3000,
      outcomes: [{ destination: 'splunk', status: 'delivered', type: 'SignUp', attempts: 1, flushed: 0 }],
      log: expect.stringContaining('[splunk] SignUp delivered'),
      exchanges: [
        {
          method: 'POST',
          url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/services\/collector\/event$/),
          body: expect.stringContaining('"message": "SignUp"'),
          status: 200,
          responseBody: '{\n  "text": "Success",\n  "code": 0\n}',
        },
      ],
    });
    expect(JSON.parse(splunk?.event ?? '')).toMatchObject({
      user: { user_id: 'auth0|ada' },
      secrets: { SPLUNK_HEC_TOKEN: '***' },
    });
  });

  it('hold the change of app_metadata', async () => {
    const { appMetadata } = await logIn();
    const added = appMetadata.filter((change) => change.added).map(({ value }) => value);
    expect(added.join('')).toContain('"splunk": true');
  });

  it('hold no activity but for its type', async () => {
    const [outcome] = (await logIn()).runs.flatMap(({ outcomes }) => outcomes);
    expect(outcome).not.toHaveProperty('activity');
  });

  it('hold no secret', async () => {
    await setSecrets({ SPLUNK_HEC_TOKEN: 'hunter2-hunter2' });
    await setSecrets({ HASH_FIELDS: 'userId', HASH_KEY: 'correct-horse' }, 'keen');
    const details = await logIn();
    const shown = JSON.stringify([details, running.playground.getState()]);
    const mockCredentials = vendors.flatMap(({ secrets }) =>
      Object.entries(secrets({ url: 'mock', caCertificate: undefined })).flatMap(([name, value]) =>
        /KEY|TOKEN|SECRET|PASSWORD/.test(name) ? value : [],
      ),
    );
    for (const credential of [...mockCredentials, 'hunter2-hunter2', 'correct-horse']) {
      expect(shown).not.toContain(credential);
      expect(shown).not.toContain(Buffer.from(`${credential}:`).toString('base64'));
    }
    const splunk = details.runs.find(({ name }) => name === 'splunk');
    expect(splunk?.exchanges[0]?.headers.authorization).toBe('Splunk ***');
  });

  it('hold no secret in Base64 either, alone or in Basic authentication', async () => {
    const token = 'hunter2+hunter2?';
    const encoded = [token, `${token}:`, `:${token}`, `x:${token}`, `user:${token}`].map((text) =>
      Buffer.from(text).toString('base64'),
    );
    const mock = await startVendorMock(getVendor('splunk'), { tls: true });
    onTestFinished(() => mock.close());
    const body = JSON.stringify({ text: encoded.join(' '), url: Buffer.from(token).toString('base64url') });
    mock.injectFault({ response: { status: 400, body } });
    await setSecrets({ ...mock.secrets, SPLUNK_HEC_TOKEN: token });
    const [exchange] = (await logIn()).runs.find(({ name }) => name === 'splunk')?.exchanges ?? [];
    expect(exchange?.responseBody).toContain('***');
    // Of its 22 characters, those in the middle are the same wherever the secret stands.
    for (const text of encoded) expect(exchange?.responseBody).not.toContain(text.slice(-12, -6));
    expect(exchange?.responseBody).not.toContain('hunter2');
  });

  it('are not found for an unknown login', async () => {
    expect(await send('GET', '/logins/1')).toMatchObject({ status: 404 });
  });
});

describe('a broken destination', () => {
  const failsItsOwnDeliveries = async (mode: string, failure: object) => {
    await setMode('splunk', mode);
    const [splunk, ...others] = (await logIn()).runs;
    expect(splunk).toMatchObject({ name: 'splunk', outcomes: [{ status: 'failed', ...failure }] });
    const statuses = others.flatMap(({ outcomes }) => outcomes.map(({ status }) => status));
    expect(new Set(statuses)).toEqual(new Set(['delivered']));
  };

  it.each([
    ['rejects', { reason: 'rejected', code: '401', buffered: false }],
    ['fails', { reason: 'unavailable', code: '500', buffered: true }],
    ['throttles', { reason: 'unavailable', code: '429', buffered: true }],
    ['resets', { reason: 'unavailable', code: 'ECONNRESET', buffered: true }],
    ['refused', { reason: 'unavailable', code: 'ECONNREFUSED', buffered: true }],
    ['unresolvable', { reason: 'unavailable', code: 'ENOTFOUND', buffered: true }],
    ['expired', { reason: 'unavailable', code: 'CERT_HAS_EXPIRED', buffered: true }],
    ['html', { reason: 'rejected', code: '200', buffered: false }],
  ])('that %s fails its own deliveries only', failsItsOwnDeliveries);

  it('with an expired certificate is reached by an Action that accepts any certificate', async () => {
    await setSecrets({ SPLUNK_TLS_VERIFY: 'false' });
    await setMode('splunk', 'expired');
    expect((await logIn()).runs[0]?.outcomes).toMatchObject([{ status: 'delivered', type: 'SignUp' }]);
    expect(getDestination('splunk')).toMatchObject({ signUps: 1 });
  });

  it.each(['hangs', 'trickles'])('that %s makes its own deliveries time out', async (mode) => {
    await setSecrets({ DELIVERY_TIMEOUT_MS: '250' });
    await failsItsOwnDeliveries(mode, { reason: 'unavailable', code: 'TIMEOUT', buffered: true });
  });
});

describe('a recovered destination', () => {
  it('receives what was buffered after the next successful delivery', async () => {
    await setMode('splunk', 'fails');
    await logIn({ ...ADA, user: 'auth0|veteran' });
    await setMode('splunk', 'up');
    const { runs } = await logIn();
    expect(runs[0]?.outcomes).toMatchObject([{ status: 'delivered', type: 'SignUp', flushed: 1 }]);
    const splunk = getDestination('splunk');
    expect(splunk).toMatchObject({ mode: 'up', signUps: 1, logins: 1, duplicates: 0 });
    expect(splunk?.activities.map(({ type, user }) => `${type} ${user}`)).toEqual([
      'Login Vera, a user since 2019',
      'SignUp Ada',
    ]);
  });
});

describe('the secrets of an Action', () => {
  it('are reported by name if they are missing, and then nothing is sent', async () => {
    await setSecrets({ SPLUNK_HEC_TOKEN: null });
    const problems = { SPLUNK_HEC_TOKEN: 'is missing' };
    expect(running.playground.getState().actions[0]?.problem).toBe('SPLUNK_HEC_TOKEN is missing');
    expect((await logIn()).runs[0]).toMatchObject({
      outcomes: [{ status: 'misconfigured', problems }],
      exchanges: [],
    });
  });

  it('can be restored to those of the mock vendor', async () => {
    await setSecrets({ SPLUNK_HEC_TOKEN: null });
    await send('DELETE', '/secrets/splunk', {});
    expect(running.playground.getState().actions[0]?.problem).toBe('');
  });

  it('deny a login that could not be recorded if ON_FAILURE is deny', async () => {
    await setSecrets({ ON_FAILURE: 'deny' });
    await setMode('splunk', 'rejects');
    const { isDenied, runs, errorDescription } = await logIn();
    expect({ isDenied, runs: runs.length }).toEqual({ isDenied: true, runs: 1 });
    expect(errorDescription).toContain('could not be recorded');
  });

  it('show that the Action delivers to another server than the mock vendor', async () => {
    expect(getDestination('splunk')?.isRedirected).toBe(false);
    await setSecrets({ SPLUNK_HEC_URL: 'https://127.0.0.1:9' });
    expect(getDestination('splunk')?.isRedirected).toBe(true);
  });
});

describe('the Action for all destinations', () => {
  it('has an outcome for each of them', async () => {
    for (const name of NAMES) await send('PUT', '/flow', { action: name, step: 'unbind' });
    await send('PUT', '/flow', { action: 'all', step: 'bind' });
    await setMode('keen', 'rejects');
    const { runs } = await logIn();
    const outcomes = runs.flatMap((run) => run.outcomes);
    const failed = outcomes.filter(({ status }) => status !== 'delivered');
    expect(failed).toMatchObject([{ destination: 'keen', status: 'failed', code: '401' }]);
    expect(outcomes.map(({ destination }) => destination)).toEqual(
      running.playground.getState().actions[0]?.destinations,
    );
    const withSignUp = NAMES.filter((name) => getDestination(name)?.signUps === 1);
    const delivered = outcomes.flatMap(({ status, destination }) =>
      status === 'delivered' ? destination : [],
    );
    expect(withSignUp.toSorted()).toEqual(delivered.toSorted());
  });
});

describe('the state', () => {
  it('is sent when a client connects, and after a change', async () => {
    const response = await fetch(`${running.server.url}/state`, { headers: { Cookie: getCookie() } });
    expect(response.headers.get('Content-Type')).toBe('text/event-stream');
    const decoder = new TextDecoder();
    let received = '';
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      const isFirst = received === '';
      received += decoder.decode(chunk, { stream: true });
      if (isFirst) await logIn();
      if (received.includes('"loginsCount":1')) break;
    }
    const states: State[] = received
      .split('\n\n')
      .slice(0, -1)
      .map((event) => JSON.parse(event.slice('data: '.length)));
    expect(states[0]?.loginsCount).toBe(0);
    expect(states.at(-1)?.logins[0]?.user).toBe('Ada');
  });
});

describe('random logins', () => {
  it('run until the requested number is reached', async () => {
    await send('POST', '/random-logins', { total: 12 });
    await expect.poll(() => running.playground.getState().randomLogins, { timeout: 10_000 }).toBeNull();
    expect(running.playground.getState().loginsCount).toBe(12);
  });

  it('stop on request', async () => {
    await send('POST', '/random-logins', { total: 1000 });
    await send('DELETE', '/random-logins', {});
    expect(running.playground.getState().randomLogins).toBeNull();
  });
});

describe('the post-login flow', () => {
  const takeStep = (action: string, step: string) => send('PUT', '/flow', { action, step });

  it('runs the Actions of all destinations at first', () => {
    expect(getBoundActions()).toEqual(NAMES);
  });

  it('moves an Action up and down', async () => {
    const [first = '', second = '', third = '', ...others] = NAMES;
    await takeStep(third, 'up');
    expect(getBoundActions()).toEqual([first, third, second, ...others]);
    await takeStep(third, 'down');
    expect(getBoundActions()).toEqual(NAMES);
  });

  it('keeps the order if the last Action is moved down or the first one up', async () => {
    await takeStep(NAMES[0] ?? '', 'up');
    await takeStep(NAMES.at(-1) ?? '', 'down');
    expect(getBoundActions()).toEqual(NAMES);
  });

  it('unbinds an Action, and binds it at the end', async () => {
    const [first = '', ...others] = NAMES;
    await takeStep(first, 'unbind');
    expect(getBoundActions()).toEqual(others);
    await takeStep(first, 'bind');
    expect(getBoundActions()).toEqual([...others, first]);
  });
});

describe('a reset', () => {
  it('restores the initial state', async () => {
    const initial = running.playground.getState();
    await send('PUT', '/flow', { action: 'keen', step: 'unbind' });
    await setMode('keen', 'fails');
    await setSecrets({ ON_FAILURE: 'deny' });
    await logIn();
    expect(await send('POST', '/reset', {})).toMatchObject({ status: 204 });
    expect(running.playground.getState()).toEqual(initial);
  });
});
