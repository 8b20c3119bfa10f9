/** `npm run doctor`: every check, when all is well and when it is not. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ManagementClient } from 'auth0';
import { generate } from 'selfsigned';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Sink } from '../../lib/sink.ts';
import { selectActions } from '../../tools/cli/commands/deploy.ts';
import type { Check } from '../../tools/cli/doctor/check.ts';
import { checkDestination } from '../../tools/cli/doctor/delivery.ts';
import { checkTenant } from '../../tools/cli/doctor/deployment.ts';
import { bundle } from '../../tools/shared/build.ts';
import { findAction, loadSinks } from '../../tools/shared/catalog.ts';
import type { ActionEntry } from '../../tools/shared/manifest.ts';
import {
  type NewAction,
  startManagementApi,
} from '../../tools/simulator/auth0/management-api/management-api.ts';
import { Tenant } from '../../tools/simulator/auth0/tenant.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import type { Fault } from '../../tools/simulator/vendors/fault.ts';
import { ACKNOWLEDGED_TOKEN } from '../../tools/simulator/vendors/splunk.ts';
import {
  startVendorMock,
  type VendorMock,
  type VendorMockOptions,
} from '../../tools/simulator/vendors/vendor-mock.ts';
import { callTool, startTool } from '../support/command.ts';

const LONG_AGO = new Date('2019-05-04T10:20:30.000Z');
const MS_PER_DAY = 24 * 60 * 60 * 1000;
const YESTERDAY = new Date(Date.now() - MS_PER_DAY);
const TOMORROW = new Date(Date.now() + MS_PER_DAY);

const sinks = await loadSinks();
const sinkOf = (name: string): Sink => sinks.find((sink) => sink.name === name) as Sink;

const start = async (name: string, options?: VendorMockOptions): Promise<VendorMock> => {
  const service = vendors.find((service) => service.name === name);
  if (!service) throw new Error(`There is no embedded ${name}`);
  const destination = await startVendorMock(service, options);
  onTestFinished(() => destination.close());
  return destination;
};

const diagnose = (name: string, secrets: Record<string, string>): Promise<Check[]> =>
  collect(checkDestination(sinkOf(name), secrets));

const collect = async (checks: AsyncIterable<Check>): Promise<Check[]> => {
  const all: Check[] = [];
  for await (const check of checks) all.push(check);
  return all;
};

const resultsOf = (checks: readonly Check[]): string[] =>
  checks.map(({ what, result }) => `${result} ${what}`);

/** What the last check says. */
const verdict = (checks: readonly Check[]) => {
  const { result, text } = checks.at(-1) as Check;
  return `${result} ${text}`;
};

describe.each(vendors)('a healthy $name', ({ name }) => {
  it('takes one activity that is marked as a test', async () => {
    const destination = await start(name, { tls: name === 'splunk' });
    const checks = await diagnose(name, destination.secrets);
    expect(resultsOf(checks).map((result) => result.replace('note', 'ok'))).toEqual([
      'ok secrets',
      'ok host',
      'ok connection',
      'ok delivery',
    ]);
    const activities = destination.events.filter(({ type }) => type !== 'other');
    expect(activities).toMatchObject([{ userId: 'doctor|test' }]);
    expect(JSON.stringify(activities)).toContain('auth0-login-analytics doctor');
  });

  it('gets nothing while the secrets are wrong', async () => {
    const checks = await diagnose(name, {});
    expect(resultsOf(checks)).toEqual(['FAIL secrets']);
    expect(verdict(checks)).toMatch(/^FAIL Correct the secrets: [A-Z_]+ is missing/);
  });

  it('is explained in general terms where its answer is not known', async () => {
    const destination = await start(name);
    destination.injectFault({ response: { status: 418, body: 'short and stout' } });
    expect(verdict(await diagnose(name, destination.secrets))).toBe(
      "FAIL Login not delivered: 418 short and stout; check the Action's secrets.",
    );
    destination.injectFault({ response: { status: 502, body: '<html>' } });
    expect(verdict(await diagnose(name, destination.secrets))).toBe(
      'FAIL Login not delivered: 502 Bad Gateway; the destination cannot take it now: see how it is, and try again.',
    );
  });

  it('is not quoted with a secret', async () => {
    const destination = await start(name);
    const values = Object.values(destination.secrets);
    destination.injectFault({ response: { status: 418, body: values.join(' ') } });
    const told = JSON.stringify(await diagnose(name, destination.secrets));
    for (const value of values) expect(told).not.toContain(value);
  });
});

it('sends a SignUp where Logins are not processed, and a Login where they are', async () => {
  const keen = await start('keen');
  await diagnose('keen', keen.secrets);
  await diagnose('keen', { ...keen.secrets, KEENIO_LOGIN_COLLECTION: 'logins' });
  expect(keen.events.map(({ type }) => type)).toEqual(['SignUp', 'Login']);
});

it('sends no user id where it is to be hashed', async () => {
  const splunk = await start('splunk');
  await diagnose('splunk', { ...splunk.secrets, HASH_FIELDS: 'userId', HASH_KEY: 'pepper' });
  expect(splunk.events).toMatchObject([{ userId: expect.stringMatching(/^[\da-f]{64}$/) }]);
});

describe('the host', () => {
  it('has to exist', async () => {
    const checks = await diagnose('splunk', {
      SPLUNK_HEC_URL: 'https://splunk.invalid:8088',
      SPLUNK_HEC_TOKEN: 'token',
    });
    expect(resultsOf(checks)).toEqual(['ok secrets', 'FAIL host']);
    expect(verdict(checks)).toBe('FAIL The host in SPLUNK_HEC_URL does not exist: correct SPLUNK_HEC_URL.');
  });

  it('is noticed if Auth0 cannot reach it', async () => {
    const { secrets } = await start('splunk');
    const [, host] = await diagnose('splunk', secrets);
    expect(host).toEqual({
      what: 'host',
      result: 'note',
      text: 'The host in SPLUNK_HEC_URL has a private address: from here it can be reached, from Auth0 it cannot.',
    });
  });
});

describe('the connection', () => {
  const connect = async (secrets: Record<string, string>): Promise<string> => {
    const checks = await diagnose('splunk', secrets);
    const connection = checks.find(({ what }) => what === 'connection');
    if (connection?.result === 'FAIL') expect(checks.at(-1)).toBe(connection);
    return `${connection?.result} ${connection?.text}`;
  };

  it('is refused where nothing listens', async () => {
    const { secrets, close } = await start('splunk');
    await close();
    expect(await connect(secrets)).toMatch(
      /^FAIL The host in SPLUNK_HEC_URL cannot be connected to \(ECONNREFUSED\): nothing listens there/,
    );
  });

  it('is in order with the right certificate', async () => {
    const { secrets } = await start('splunk', { tls: true });
    expect(await connect(secrets)).toBe(
      'ok The host in SPLUNK_HEC_URL answers, and its certificate is in order.',
    );
  });

  it('is self-signed', async () => {
    const { SPLUNK_CA_CERT, ...secrets } = (await start('splunk', { tls: true })).secrets;
    expect(await connect(secrets)).toBe(
      'FAIL The certificate is self-signed: put the PEM of the certificate itself into SPLUNK_CA_CERT.',
    );
  });

  it('is checked against another certificate', async () => {
    const { secrets } = await start('splunk', { tls: true });
    const { cert } = await createCertificate();
    expect(await connect({ ...secrets, SPLUNK_CA_CERT: cert })).toMatch(
      /^FAIL .* SPLUNK_CA_CERT holds another one: replace it with the PEM of /,
    );
  });

  it('is self-signed, and the Action has no secret for that', async () => {
    const { url, secrets } = await start('keen', { tls: true });
    const checks = await diagnose('keen', { ...secrets, KEENIO_URL: url });
    expect(verdict(checks)).toBe(
      'FAIL The certificate is self-signed: the destination needs one of a public authority.',
    );
  });

  it('has expired', async () => {
    const tls = await createCertificate({ notBefore: LONG_AGO, notAfter: YESTERDAY });
    const { secrets } = await start('splunk', { tls });
    expect(await connect(secrets)).toBe(
      'FAIL The certificate has expired: whoever runs the destination must renew it, SPLUNK_CA_CERT does not help.',
    );
  });

  it('is not valid yet', async () => {
    const tls = await createCertificate({ notBefore: TOMORROW });
    const { secrets } = await start('splunk', { tls });
    expect(await connect(secrets)).toMatch(/^FAIL The certificate is not valid yet: check the clocks, /);
  });

  it('has the certificate of an unknown authority', async () => {
    const subject = (value: string) => [{ name: 'commonName', value }];
    const authority = await generate(subject('authority'), {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, critical: true },
      ],
    });
    const { cert, private: key } = await generate(subject('localhost'), {
      keyType: 'ec',
      algorithm: 'sha256',
      ca: { cert: authority.cert, key: authority.private },
    });
    const { SPLUNK_CA_CERT, ...secrets } = (await start('splunk', { tls: { cert, key } })).secrets;
    expect(await connect(secrets)).toMatch(
      /^FAIL The certificate is signed by an unknown authority, .* put the PEM of that authority into SPLUNK_CA_CERT\.$/,
    );
    const chain = await start('splunk', { tls: { cert: `${cert}\n${authority.cert}`, key } });
    expect(await connect({ ...secrets, SPLUNK_HEC_URL: chain.url })).toBe(
      'FAIL The certificate is signed by an authority of its own: put the PEM of that authority into SPLUNK_CA_CERT.',
    );
  });

  it('is for another host', async () => {
    const tls = await createCertificate({ altNames: ['splunk.example.com', '192.0.2.1'] });
    const { secrets } = await start('splunk', { tls });
    expect(await connect(secrets)).toMatch(
      /^FAIL The certificate is for other hosts \(splunk\.example\.com, 192\.0\.2\.1\): use one of them in SPLUNK_HEC_URL/,
    );
  });

  it('is noticed if no certificate is checked', async () => {
    const destination = await start('splunk', { tls: true });
    const unchecked = { ...destination.secrets, SPLUNK_TLS_VERIFY: 'false' };
    expect(await connect(unchecked)).toMatch(
      /^note With SPLUNK_TLS_VERIFY=false .*; the certificate is in order, so remove SPLUNK_TLS_VERIFY\.$/,
    );
    const { SPLUNK_CA_CERT, ...unknown } = destination.secrets;
    expect(await connect({ ...unknown, SPLUNK_TLS_VERIFY: 'false' })).toMatch(
      /^note .*; the certificate is self-signed: put the PEM of /,
    );
    expect(destination.events).toHaveLength(2);
  });

  it('speaks no TLS', async () => {
    const { url, secrets } = await start('splunk');
    expect(await connect({ ...secrets, SPLUNK_HEC_URL: url.replace('http:', 'https:') })).toMatch(
      /^FAIL .*this port does not speak TLS/,
    );
  });

  it('is not waited for longer than a login does', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => {
      silent.close();
      for (const socket of sockets) socket.destroy();
    });
    const { port } = silent.address() as AddressInfo;
    const secrets = {
      SPLUNK_HEC_URL: `https://127.0.0.1:${port}`,
      SPLUNK_HEC_TOKEN: 'token',
      DELIVERY_TIMEOUT_MS: '250',
    };
    expect(await connect(secrets)).toMatch(
      /^FAIL The host in SPLUNK_HEC_URL cannot be connected to \(ETIMEDOUT\): a firewall may be in the way/,
    );
  });
});

describe('the delivery', () => {
  const deliver = async (name: string, fault: Fault, secrets: Record<string, string> = {}) => {
    const destination = await start(name);
    destination.injectFault(fault);
    return verdict(await diagnose(name, { ...destination.secrets, ...secrets }));
  };

  it('ends with the time a login has', async () => {
    expect(await deliver('splunk', { hang: true }, { DELIVERY_TIMEOUT_MS: '250' })).toBe(
      'FAIL Login not delivered: no answer within 250 ms; check the network in between, or raise DELIVERY_TIMEOUT_MS if the destination is slow.',
    );
  });

  it('can break off', async () => {
    expect(await deliver('splunk', { reset: 'after' })).toMatch(
      /^FAIL Login not delivered: cannot connect: ECONNRESET; check the network in between/,
    );
  });

  it.each([
    [1, 403, 'Token disabled', 'must enable the token'],
    [2, 401, 'Token is required', 'takes the Authorization header away'],
    [3, 401, 'Invalid authorization', 'SPLUNK_HEC_TOKEN must be the bare token'],
    [4, 403, 'Invalid token', 'copy SPLUNK_HEC_TOKEN again'],
    [5, 400, 'No data', 'report it'],
    [6, 400, 'Invalid data format', 'report it'],
    [7, 400, 'Incorrect index', 'allow the token this index, or correct SPLUNK_INDEX'],
    [8, 500, 'Internal server error', 'splunkd.log'],
    [9, 503, 'Server is busy', 'more indexers or larger queues'],
    [10, 400, 'Data channel is missing', 'set SPLUNK_CHANNEL'],
    [11, 400, 'Invalid data channel', 'set SPLUNK_CHANNEL'],
    [12, 400, 'Event field is required', 'report it'],
    [13, 400, 'Event field cannot be blank', 'report it'],
    [14, 400, 'ACK is disabled', 'remove SPLUNK_CHANNEL'],
    [15, 400, 'Error in handling indexed fields', 'report it'],
    [16, 400, 'Query string authorization is not enabled', 'out of SPLUNK_HEC_URL'],
    [18, 503, 'HEC is unhealthy, queues are full', 'more indexers or larger queues'],
    [19, 503, 'HEC is unhealthy, ack service unavailable', 'must repair acknowledgements'],
    [20, 503, 'HEC is unhealthy, queues are full, ack service unavailable', 'more indexers or larger queues'],
    [21, 400, 'Invalid token', 'copy SPLUNK_HEC_TOKEN again'],
    [22, 400, 'Token disabled', 'must enable the token'],
    [23, 503, 'Server is shutting down', 'when Splunk is back'],
    [
      26,
      429,
      'HEC queue is at capacity and cannot process any more requests',
      'more indexers or larger queues',
    ],
    [27, 429, 'HEC ACK channel is at capacity and cannot process any more requests', 'a token without'],
  ])('explains HEC code %i', async (code, status, text, advice) => {
    const told = await deliver('splunk', { response: { status, body: JSON.stringify({ text, code }) } });
    expect(told.slice(0, 5)).toBe('FAIL ');
    expect(told).toContain(`${status} `);
    expect(told).toContain(` (code ${code}): `);
    expect(told).toContain(advice);
  });

  it.each([
    [24, 'HEC queue is approaching its capacity limit'],
    [25, 'HEC ACK is approaching its capacity limit'],
  ])('passes HEC code %i on, which is a warning', async (code, text) => {
    const told = await deliver('splunk', {
      processed: true,
      response: { status: 200, body: JSON.stringify({ text, code }) },
    });
    expect(told).toMatch(/^note Login of the user doctor\|test accepted in \d+ ms\. HEC /);
    expect(told).toContain(`(code ${code})`);
  });

  it.each([
    ['a token that Splunk does not know', { SPLUNK_HEC_TOKEN: 'wrong' }, '(code 4)'],
    ['an index that the token may not write to', { SPLUNK_INDEX: 'secret' }, '(code 7)'],
    ['no channel', { SPLUNK_HEC_TOKEN: ACKNOWLEDGED_TOKEN }, '(code 10)'],
  ])('is refused by Splunk for %s', async (_, secrets, code) => {
    expect(await deliver('splunk', {}, secrets)).toContain(code);
  });

  it.each([
    ['splunk', 303, 'this is Splunk Web'],
    ['splunk', 404, 'no HTTP Event Collector here'],
    ['keen', 400, 'check the names of the collections'],
    ['segment', 400, 'check SEGMENT_INTEGRATIONS'],
    ['segment-http', 401, 'copy SEGMENT_WRITE_KEY again'],
    ['segment', 404, 'check SEGMENT_HOST'],
    ['segment-http', 429, 'over its rate limit'],
  ])('explains what %s means by %i', async (name, status, advice) => {
    const told = await deliver(name, { response: { status } });
    expect(told).toMatch(`FAIL ${status} `);
    expect(told).toContain(advice);
  });

  it.each([
    [
      'the key of another project',
      { KEENIO_WRITE_KEY: 'wrong' },
      '401 Unauthorized, the key is not the project',
    ],
    ['an unknown project', { KEENIO_PROJECT_ID: 'wrong' }, '404 Not Found, Keen knows no such project'],
  ])('is refused by Keen for %s', async (_, secrets, told) => {
    expect(await deliver('keen', {}, secrets)).toContain(told);
  });

  it.each(['segment', 'segment-http'])('proves nothing to %s', async (name) => {
    const told = await deliver(name, {}, { SEGMENT_WRITE_KEY: 'wrong' });
    expect(told).toMatch(/^note Login of the user doctor\|test accepted .* look into the debugger/);
  });
});

describe('the tenant', () => {
  const [entry] = selectActions(['splunk']) as [ActionEntry];

  const SECRETS = { SPLUNK_HEC_URL: 'https://splunk.example.com', SPLUNK_HEC_TOKEN: 'hunter2' };
  const OTHER = { code: 'exports.onExecutePostLogin = async () => {};' };

  const startTenant = async () => {
    const api = await startManagementApi(new Tenant());
    onTestFinished(() => api.close());
    const { domain, credentials, fetch } = api;
    const client = new ManagementClient({ domain, ...credentials, fetch, maxRetries: 0 });
    const add = async (changes: Partial<NewAction> = {}, { name, dependencies } = entry) =>
      api.addAction({
        name,
        code: await bundle({ ...entry, name }),
        dependencies: [...dependencies],
        secrets: SECRETS,
        ...changes,
      });
    /** @param destinations what the Action is to record at. */
    const check = async (name = 'splunk', destinations = ['splunk']) =>
      collect(checkTenant(client, await findAction([name]), destinations.map(sinkOf)));
    return { api, client, add, check };
  };

  it('runs the Action', async () => {
    const { api, add, check } = await startTenant();
    api.addAction({ name: 'denies', ...OTHER });
    // Its name contains the other's, and it is found first.
    api.addAction({ name: 'splunk-too', ...OTHER });
    await add();
    api.addAction({ name: 'keen', ...OTHER });
    for (const name of ['denies', 'splunk', 'keen']) api.bind(name);
    expect(resultsOf(await check())).toEqual(['ok tenant', 'ok code', 'ok its secrets', 'ok flow']);
    expect(api.requests.filter(({ method }) => method !== 'GET').map(({ path }) => path)).toEqual([
      '/oauth/token',
    ]);
  });

  it('does not have the Action', async () => {
    const { check } = await startTenant();
    expect(await check()).toEqual([
      {
        what: 'tenant',
        result: 'FAIL',
        text: 'The tenant has no Action splunk: run npm run deploy -- splunk.',
      },
    ]);
  });

  it('has the Action as a draft', async () => {
    const { add, check } = await startTenant();
    await add({ deployed: false });
    expect(verdict(await check())).toMatch(
      /^FAIL The Action splunk is a draft: run npm run deploy -- splunk/,
    );
  });

  const checkOf = async (check: () => Promise<Check[]>, subject: string) => {
    const found = (await check()).find(({ what }) => what === subject);
    return `${found?.result} ${found?.text}`;
  };

  it('has other code', async () => {
    const { add, check } = await startTenant();
    await add(OTHER);
    expect(await checkOf(check, 'code')).toMatch(/^FAIL What is deployed is not the code that is here/);
  });

  it('has the same code of another commit', async () => {
    const { add, check } = await startTenant();
    const [, ...lines] = (await bundle(entry)).split('\n');
    await add({ code: ['// auth0-login-analytics 0.1.0 (000000000000): splunk.', ...lines].join('\n') });
    expect(await checkOf(check, 'code')).toMatch(/^ok/);
  });

  it('has other dependencies', async () => {
    const { add, check } = await startTenant();
    await add({ dependencies: [{ name: 'axios', version: '1.0.0' }] });
    expect(await checkOf(check, 'code')).toMatch(/^FAIL The dependencies of what is deployed/);
  });

  it('has a draft beside what is deployed', async () => {
    const { client, add, check } = await startTenant();
    const { id } = await add();
    await client.actions.update(id, OTHER);
    expect(await checkOf(check, 'code')).toMatch(/^note .*a draft with other changes/);
  });

  it('lacks a secret', async () => {
    const { add, check } = await startTenant();
    await add({ secrets: { SPLUNK_HEC_URL: 'https://splunk.example.com' } });
    expect(await checkOf(check, 'its secrets')).toMatch(/^FAIL SPLUNK_HEC_TOKEN missing in the Action/);
  });

  it('has a secret that nobody reads', async () => {
    const { add, check } = await startTenant();
    await add({ secrets: { ...SECRETS, OMIT_FELDS: 'email' } });
    expect(await checkOf(check, 'its secrets')).toMatch(/^note OMIT_FELDS is nothing that the Action reads/);
  });

  it('does not run the Action', async () => {
    const { add, check } = await startTenant();
    await add();
    expect(verdict(await check())).toBe('FAIL No login runs the Action: run npm run bind -- splunk.');
  });

  it('runs something behind the Action that could deny', async () => {
    const { api, add, check } = await startTenant();
    await add();
    api.addAction({ name: 'denies', ...OTHER });
    for (const name of ['splunk', 'denies']) api.bind(name);
    expect(verdict(await check())).toMatch(
      /^note denies runs behind the Action: a login denied there has been recorded all the same/,
    );
  });

  describe('with the Action for all destinations', () => {
    const [all] = selectActions(['all']) as [ActionEntry];

    it('runs it with the secrets of one', async () => {
      const { api, add, check } = await startTenant();
      await add({}, all);
      api.bind('all');
      expect(resultsOf(await check('all'))).toEqual(['ok tenant', 'ok code', 'ok its secrets', 'ok flow']);
    });

    it.each([
      ['that is configured here', ['splunk', 'keen'], SECRETS, 'KEENIO_PROJECT_ID, KEENIO_WRITE_KEY missing'],
      [
        'that is configured there, by half',
        ['splunk'],
        { ...SECRETS, KEENIO_PROJECT_ID: 'id' },
        'KEENIO_WRITE_KEY missing',
      ],
    ])('lacks a secret of a destination %s', async (_, destinations, secrets, message) => {
      const { add, check } = await startTenant();
      await add({ secrets }, all);
      const [, , names] = await check('all', destinations);
      expect(names).toMatchObject({
        what: 'its secrets',
        result: 'FAIL',
        text: expect.stringContaining(message),
      });
    });

    it('runs the Action for one of them, too', async () => {
      const { api, add, check } = await startTenant();
      await add();
      await add({}, all);
      for (const name of ['splunk', 'all']) api.bind(name);
      expect(verdict(await check('all'))).toBe(
        'note Every login is recorded twice at splunk: run npm run unbind -- splunk.',
      );
    });
  });

  it('does not let us look', async () => {
    const { api, check } = await startTenant();
    api.scopes = ['read:logs'];
    expect(await check()).toMatchObject([
      { what: 'tenant', result: 'FAIL', text: expect.stringContaining('The scope read:actions is missing') },
    ]);
  });
});

describe('the command', () => {
  // Not where a developer's .env may be.
  const cwd = tmpdir();
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    callTool('doctor', { args, env, cwd });

  it('tells a line for each check of all that is configured', async () => {
    const [splunk, keen] = [await start('splunk', { tls: true }), await start('keen')];
    const env = { ...splunk.secrets, ...keen.secrets };
    const { code, out, err } = await startTool('doctor', { env, cwd });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^splunk\nok {4}secrets .*\nnote {2}host .*\nok {4}connection .*\nok {4}delivery .*\nnote {2}tenant .*\nkeen\nok/,
    );
    for (const { secrets } of [splunk, keen]) {
      for (const value of Object.values(secrets)) expect(out).not.toContain(value);
    }
    expect([splunk.events.length, keen.events.length]).toEqual([1, 1]);
  });

  it('checks each destination of the Action for all of them, and then the Action', async () => {
    const [splunk, keen] = [await start('splunk', { tls: true }), await start('keen')];
    const secrets = { ...splunk.secrets, ...keen.secrets, KEENIO_WRITE_KEY: 'hunter2' };
    const { code, out } = await run(['all'], secrets);
    const { out: json } = await run(['all', '--json'], secrets);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^splunk\nok .*\n(.*\n){2}ok {4}delivery .*\nkeen\nok .*\n(.*\n){2}FAIL {2}delivery .*\nall\nnote {2}tenant .*\n$/,
    );
    const [{ action, checks }] = JSON.parse(json);
    expect(action).toBe('all');
    expect(checks.map(({ destination, what }: Record<string, string>) => [destination, what])).toEqual([
      ...['splunk', 'keen'].flatMap((name) =>
        ['secrets', 'host', 'connection', 'delivery'].map((what) => [name, what]),
      ),
      [undefined, 'tenant'],
    ]);
  });

  it('tells a failure, as JSON too', async () => {
    const { secrets } = await start('splunk');
    const { code, out } = await run(['splunk', '--json'], { ...secrets, SPLUNK_HEC_TOKEN: 'hunter2' });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject([
      { action: 'splunk', checks: [{ what: 'secrets' }, {}, {}, { what: 'delivery', result: 'FAIL' }, {}] },
    ]);
    expect(out).not.toContain('hunter2');
  });

  it('asks the tenant, too', async () => {
    const { secrets } = await start('splunk');
    const api = await startManagementApi(new Tenant());
    onTestFinished(() => api.close());
    const env = {
      ...secrets,
      AUTH0_DOMAIN: api.domain,
      AUTH0_CLIENT_ID: api.credentials.clientId,
      AUTH0_CLIENT_SECRET: api.credentials.clientSecret,
      NODE_EXTRA_CA_CERTS: await write('ca.pem', api.caCertificate),
    };
    const { code, out } = await startTool('doctor', { args: ['splunk'], env, cwd });
    expect(out).toContain('FAIL  tenant       The tenant has no Action splunk');
    expect(out).not.toContain(api.credentials.clientSecret);
    expect(code).toBe(1);
  });

  it.each([
    ['nothing that is configured', [], {}, 'No destination is configured'],
    ['no destination of several', ['all'], { KEENIO_ADDONS: 'true' }, 'No destination is configured'],
    ['an unknown Action', ['spunk'], {}, 'Name one Action: splunk, keen'],
    [
      'half of the credentials',
      [],
      { KEENIO_WRITE_KEY: 'key', AUTH0_DOMAIN: 'a.auth0.com' },
      'AUTH0_CLIENT_ID',
    ],
  ])('exits with 2 for %s', async (_, args, env, message) => {
    const { code, out, err } = await run(args, env);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });

  it('takes a file with the secrets of several Actions', async () => {
    const [splunk, keen] = [await start('splunk'), await start('keen')];
    const secrets = await write('secrets.json', JSON.stringify({ ...splunk.secrets, ...keen.secrets }));
    const { code, out } = await run(['--secrets', secrets, '--json']);
    expect(JSON.parse(out)).toMatchObject([{ action: 'splunk' }, { action: 'keen' }]);
    expect(code).toBe(0);
  });

  it('does not take a file with a misspelt name', async () => {
    const secrets = await write('secrets.json', JSON.stringify({ KEENIO_KEY: 'hunter2' }));
    const { code, out, err } = await run(['--secrets', secrets]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('no secret KEENIO_KEY');
    expect(err).not.toContain('hunter2');
  });

  /** A file that lives as long as its test. */
  const write = async (name: string, content: string): Promise<string> => {
    const folder = await mkdtemp(path.join(tmpdir(), 'doctor-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = path.join(folder, name);
    await writeFile(file, content);
    return file;
  };
});
