/** The server behind the page: whom it answers, what it takes, and that no secret comes back. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Playground } from '../../tools/playground/playground.ts';
import { type Page, startPage } from '../../tools/playground/server.ts';
import type { LoginDetails, State } from '../../tools/playground/state.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const ADA = { user: 'auth0|ada', application: 'Web shop', kind: 'interactive' };

let playground: Playground;
let page: Page;
beforeAll(async () => {
  playground = await Playground.open();
  page = await startPage(playground);
});
beforeEach(() => playground.reset());
afterAll(() => Promise.all([page.close(), playground.close()]));

const ask = async (method: string, path: string, body?: unknown, headers: object = {}) => {
  const content = body === undefined ? '' : JSON.stringify(body);
  // Not by fetch, which lets nobody choose these headers.
  const sent = request(`${page.url}${path}`, {
    method,
    headers: { ...JSON_TYPE, 'Content-Length': Buffer.byteLength(content), ...headers },
  });
  sent.end(content);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
};

const logIn = async (): Promise<LoginDetails> => {
  const { id } = JSON.parse((await ask('POST', '/logins', ADA)).body);
  return JSON.parse((await ask('GET', `/logins/${id}`)).body);
};

const credentialsOf = (): string[] =>
  vendors.flatMap(({ secrets }) =>
    Object.entries(secrets({ url: 'embedded', caCertificate: undefined })).flatMap(([name, value]) =>
      /KEY|TOKEN|SECRET|PASSWORD/.test(name) ? value : [],
    ),
  );

describe('refuses', () => {
  it.each([
    ['a name that leads here', { Host: 'evil.example.com' }],
    ['a name that begins like a loopback address', { Host: '127.0.0.1.evil.example.com' }],
    ['the origin of another site', { Origin: 'https://evil.example.com' }],
    ['the origin of another server on this machine', { Origin: 'http://localhost:1' }],
    ['an origin that is kept secret', { Origin: 'null' }],
    ['a request from another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a request from another server on this machine', { 'Sec-Fetch-Site': 'same-site' }],
  ])('%s', async (_, headers) => {
    for (const [method, path] of [
      ['GET', '/logins/1'],
      ['GET', '/app.js'],
      ['POST', '/reset'],
    ] as const) {
      expect(await ask(method, path, undefined, headers)).toMatchObject({ status: 403 });
    }
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data'])(
    'a change that a form can send: %s',
    async (type) => {
      const answer = await ask('POST', '/logins', ADA, { 'Content-Type': type });
      expect(answer).toMatchObject({ status: 415 });
      expect(playground.state().loginsCount).toBe(0);
    },
  );

  it.each([
    ['POST', '/logins', { ...ADA, user: 'auth0|nobody' }, 'There is no user auth0|nobody'],
    ['POST', '/logins', { ...ADA, application: 'none' }, 'There is no application none'],
    ['POST', '/logins', { ...ADA, connection: 'none' }, 'There is no connection none'],
    ['POST', '/logins', { ...ADA, organization: 'none' }, 'There is no organization none'],
    ['POST', '/logins', { ...ADA, kind: 'by force' }, 'Malformed: kind'],
    ['POST', '/logins', undefined, 'Malformed: body'],
    ['POST', '/users', { name: ' ', connection: 'acme' }, 'Malformed: name'],
    ['POST', '/users', { name: 'Ada', connection: 'none' }, 'There is no connection none'],
    ['POST', '/run', { logins: 1e9 }, 'Malformed: logins'],
    ['PUT', '/destinations/none/mode', { mode: 'up' }, 'There is no destination none'],
    ['PUT', '/destinations/splunk/mode', { mode: 'sideways' }, 'Malformed: mode'],
    ['PUT', '/secrets', { actions: ['none'], values: {} }, 'There is no Action none'],
    ['PUT', '/secrets', { actions: ['splunk'], values: { SPLUNK: 'x' } }, 'splunk has no secret SPLUNK'],
    ['PUT', '/secrets', { actions: ['splunk'], values: { LOG: 1 } }, 'Malformed: values.LOG'],
    ['PUT', '/flow', { action: 'all', step: 'up' }, 'all is not bound'],
    ['PUT', '/flow', { action: 'none', step: 'bind' }, 'There is no Action none'],
    ['PUT', '/flow', { action: 'none', step: 'unbind' }, 'There is no Action none'],
    ['PUT', '/flow', { action: 'splunk', step: 'aside' }, 'Malformed: step'],
    ['DELETE', '/secrets/none', {}, 'There is no Action none'],
  ])('%s %s with %j', async (method, path, body, message) => {
    const before = playground.state();
    expect(await ask(method, path, body)).toMatchObject({ status: 400, body: message });
    expect(playground.state()).toEqual(before);
  });
});

it.each([{ Host: 'localhost' }, { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' }])(
  'lets people in by %j',
  async (headers) => {
    expect(await ask('GET', '/', undefined, headers)).toMatchObject({ status: 200 });
  },
);

it('forbids the page everything but its own server', async () => {
  const { headers } = await ask('GET', '/');
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['referrer-policy']).toBe('no-referrer');
});

it('gives no secret back', async () => {
  await ask('PUT', '/secrets', { actions: ['splunk'], values: { SPLUNK_HEC_TOKEN: 'hunter2-hunter2' } });
  await ask('PUT', '/secrets', {
    actions: ['keen'],
    values: { HASH_FIELDS: 'userId', HASH_KEY: 'correct-horse' },
  });
  const details = await logIn();
  const told = JSON.stringify([details, playground.state()]);
  for (const credential of [...credentialsOf(), 'hunter2-hunter2', 'correct-horse']) {
    expect(told).not.toContain(credential);
    expect(told).not.toContain(Buffer.from(`${credential}:`).toString('base64'));
  }
  const splunk = details.runs.find(({ name }) => name === 'splunk');
  expect(splunk?.exchanges[0]?.headers.authorization).toBe('Splunk ***');
});

it('tells what an Action was given, sent, was answered, logged and wrote', async () => {
  const { runs, appMetadata } = await logIn();
  const [splunk] = runs;
  expect(splunk).toMatchObject({
    name: 'splunk',
    outcome: 'delivered',
    type: 'SignUp',
    deadlineMs: 3000,
    answer: '200',
    log: expect.stringMatching(/^\[splunk\] SignUp delivered in \d+ ms$/),
    exchanges: [
      {
        method: 'POST',
        url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/services\/collector\/event$/),
        body: expect.stringContaining('"message": "SignUp"'),
        status: 200,
        answer: '{\n  "text": "Success",\n  "code": 0\n}',
      },
    ],
  });
  expect(JSON.parse(splunk?.event ?? '')).toMatchObject({
    user: { user_id: 'auth0|ada' },
    secrets: { SPLUNK_HEC_TOKEN: '***' },
  });
  const added = appMetadata.filter((part) => part.added).map(({ value }) => value);
  expect(added.join('')).toContain('"splunk": true');
});

it.each([
  ['refuses', '401'],
  ['fails', '500'],
  ['throttles', '429'],
  ['hangs', 'ERR_CANCELED'],
  ['resets', 'ECONNRESET'],
  ['drips', 'ERR_CANCELED'],
] as const)('shows what a destination does that %s', async (mode, answer) => {
  await ask('PUT', '/secrets', { actions: ['splunk'], values: { DELIVERY_TIMEOUT_MS: '250' } });
  await ask('PUT', '/destinations/splunk/mode', { mode });
  const { actions } = await logIn();
  expect(actions[0]).toMatchObject({ name: 'splunk', outcome: 'failed', answer, deadlineMs: 250 });
  expect(actions.slice(1).every(({ outcome }) => outcome === 'delivered')).toBe(true);
});

it('shows what goes along after a recovery', async () => {
  await ask('PUT', '/destinations/splunk/mode', { mode: 'fails' });
  await ask('POST', '/logins', { ...ADA, user: 'auth0|veteran' });
  await ask('PUT', '/destinations/splunk/mode', { mode: 'up' });
  const { actions } = await logIn();
  expect(actions[0]).toMatchObject({ name: 'splunk', outcome: 'delivered', type: 'SignUp', along: 1 });
  const [splunk] = playground.state().destinations;
  expect(splunk).toMatchObject({ name: 'splunk', mode: 'up', signUps: 1, logins: 1, repeated: 0 });
  expect(splunk?.activities.map(({ type, user }) => `${type} ${user}`)).toEqual([
    'Login Vera, here since 2019',
    'SignUp Ada',
  ]);
});

it('names what is wrong with the secrets of an Action, which then sends nothing', async () => {
  await ask('PUT', '/secrets', {
    actions: ['splunk'],
    values: { SPLUNK_HEC_TOKEN: null, ON_FAILURE: 'perhaps' },
  });
  expect(playground.state().actions[0]?.problem).toBe(
    'ON_FAILURE must be continue or deny; SPLUNK_HEC_TOKEN is missing',
  );
  expect((await logIn()).runs[0]).toMatchObject({ outcome: 'not configured', exchanges: [] });
  await ask('DELETE', '/secrets/splunk', {});
  expect(playground.state().actions[0]?.problem).toBe('');
});

it('records at every destination by the one Action for all, and shows which of them failed', async () => {
  for (const { name } of vendors) await ask('PUT', '/flow', { action: name, step: 'unbind' });
  await ask('PUT', '/flow', { action: 'all', step: 'bind' });
  await ask('PUT', '/destinations/keen/mode', { mode: 'refuses' });
  const { runs } = await logIn();
  expect(runs).toMatchObject([{ name: 'all', outcome: 'failed', answer: '401' }]);
  expect(runs[0]?.exchanges.length).toBeGreaterThan(5);
  const { destinations, actions } = playground.state();
  const signUps = destinations.filter(({ signUps }) => signUps > 0).map(({ name }) => name);
  expect(signUps).toEqual(actions[0]?.records.filter((name) => name !== 'keen'));
});

it('refuses a login where the secrets ask for it', async () => {
  await ask('PUT', '/secrets', { actions: ['splunk'], values: { ON_FAILURE: 'deny' } });
  await ask('PUT', '/destinations/splunk/mode', { mode: 'refuses' });
  const { isDenied, runs, errorDescription } = await logIn();
  expect([isDenied, runs.length]).toEqual([true, 1]);
  expect(errorDescription).toContain('could not be recorded');
});

it('sends the state, and again when something changes', async () => {
  const response = await fetch(`${page.url}/state`);
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

it('logs many in, and stops when told', async () => {
  await ask('POST', '/run', { logins: 12 });
  await expect.poll(() => playground.state().loginsCount, { timeout: 10_000 }).toBe(12);
  await expect.poll(() => playground.state().run).toBeNull();
  await ask('POST', '/run', { logins: 1000 });
  await ask('DELETE', '/run', {});
  expect(playground.state().run).toBeNull();
});

it('changes the flow step by step', async () => {
  const order = async (...steps: ReadonlyArray<readonly [action: string, step: string]>) => {
    for (const [action, step] of steps) await ask('PUT', '/flow', { action, step });
    return playground.state().actions.flatMap(({ name, isBound }) => (isBound ? name : []));
  };
  const others = vendors.map(({ name }) => name).slice(3);
  expect(await order(['segment', 'up'], ['splunk', 'unbind'])).toEqual(['segment', 'keen', ...others]);
  expect(await order(['segment', 'up'], ['segment', 'down'])).toEqual(['keen', 'segment', ...others]);
  expect(await order(['splunk', 'bind'], ['splunk', 'down'])).toEqual([
    'keen',
    'segment',
    ...others,
    'splunk',
  ]);
});

it('starts afresh', async () => {
  await ask('PUT', '/flow', { action: 'keen', step: 'unbind' });
  await ask('PUT', '/destinations/keen/mode', { mode: 'fails' });
  await logIn();
  const fresh = await ask('POST', '/reset', {});
  expect(fresh.status).toBe(204);
  const { logins, users, destinations, actions } = playground.state();
  expect(logins).toEqual([]);
  expect(users[0]).toMatchObject({ name: 'Ada', logins: 0 });
  expect(destinations.every(({ mode, signUps }) => mode === 'up' && signUps === 0)).toBe(true);
  expect(actions.filter(({ isBound }) => isBound).map(({ name }) => name)).toEqual(
    vendors.map(({ name }) => name),
  );
  expect(await ask('GET', '/logins/1')).toMatchObject({ status: 404 });
});
