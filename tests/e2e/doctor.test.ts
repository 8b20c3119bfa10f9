/** Every check of doctor, when all is well and when it is not. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { generate } from 'selfsigned';
import { describe, expect, it, onTestFinished } from 'vitest';
import { getSensitiveValues } from '../../lib/secrets.ts';
import type { Check } from '../../tools/cli/doctor/check.ts';
import { checkDestination } from '../../tools/cli/doctor/delivery.ts';
import { checkTenant } from '../../tools/cli/doctor/deployment.ts';
import { findAction, selectActions } from '../../tools/cli/select-actions.ts';
import { readBuiltCode } from '../../tools/shared/built-code.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import type { ActionEntry } from '../../tools/shared/manifest.ts';
import type { NewAction } from '../../tools/simulator/auth0/management-api/management-api.ts';
import { getVendor, vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import type { Fault } from '../../tools/simulator/vendors/fault.ts';
import { ACKNOWLEDGED_TOKEN } from '../../tools/simulator/vendors/splunk.ts';
import {
  startVendorMock,
  type VendorMock,
  type VendorMockOptions,
} from '../../tools/simulator/vendors/vendor-mock.ts';
import { createFile, runCommand, startCommand } from '../support/command.ts';
import { startApi, toEnvironment } from '../support/management-api.ts';

const LONG_AGO = new Date('2019-05-04T10:20:30.000Z');
const MS_PER_DAY = 24 * 60 * 60 * 1000;
const YESTERDAY = new Date(Date.now() - MS_PER_DAY);
const TOMORROW = new Date(Date.now() + MS_PER_DAY);

const sinks = await loadSinks();

const getSink = (name: string) => {
  const sink = sinks.find((candidate) => candidate.name === name);
  if (!sink) throw new Error(`There is no sink ${name}`);
  return sink;
};

const start = async (name: string, options?: VendorMockOptions): Promise<VendorMock> => {
  const mock = await startVendorMock(getVendor(name), options);
  onTestFinished(() => mock.close());
  return mock;
};

const collect = async (checks: AsyncIterable<Check>): Promise<Check[]> => {
  const all: Check[] = [];
  for await (const check of checks) all.push(check);
  return all;
};

const diagnose = (name: string, secrets: Record<string, string>): Promise<Check[]> =>
  collect(checkDestination(getSink(name), secrets));

const toLevels = (checks: readonly Check[]): string[] =>
  checks.map(({ subject, level }) => `${level} ${subject}`);

const toVerdict = (check: Check | undefined): string => `${check?.level} ${check?.text}`;

const getVerdict = (checks: readonly Check[]): string => toVerdict(checks.at(-1));

describe.each(vendors)('checkDestination of $name', ({ name }) => {
  it('sends one event that is marked as a test', async () => {
    const mock = await start(name, { tls: name === 'splunk' });
    const checks = await diagnose(name, mock.secrets);
    expect(toLevels(checks).map((level) => level.replace('warn', 'pass'))).toEqual([
      'pass secrets',
      'pass host',
      'pass connection',
      'pass delivery',
    ]);
    const events = mock.events.filter(({ type }) => type !== 'other');
    expect(events).toMatchObject([{ userId: 'doctor|test' }]);
    expect(JSON.stringify(events)).toContain('auth0-login-analytics doctor');
  });

  it('sends nothing while the secrets are wrong', async () => {
    const checks = await diagnose(name, {});
    expect(toLevels(checks)).toEqual(['fail secrets']);
    expect(getVerdict(checks)).toMatch(/^fail Correct the secrets: [A-Z_]+ is missing/);
  });

  it('explains an unknown response in general terms', async () => {
    const mock = await start(name);
    mock.injectFault({ response: { status: 418, body: 'short and stout' } });
    expect(getVerdict(await diagnose(name, mock.secrets))).toMatch(
      /^fail (SignUp|Login) failed: 418 short and stout; check the Action's secrets\.$/,
    );
    mock.injectFault({ response: { status: 502, body: '<html>' } });
    expect(getVerdict(await diagnose(name, mock.secrets))).toMatch(
      /^fail (SignUp|Login) failed: 502 Bad Gateway; the destination cannot accept it now: check its status, and try again\.$/,
    );
  });

  it('masks secrets that a response repeats', async () => {
    const mock = await start(name);
    const values = getSensitiveValues(sinks.find((sink) => sink.name === name)?.secrets ?? {}, mock.secrets);
    mock.injectFault({ response: { status: 418, body: values.join(' ') } });
    const text = JSON.stringify(await diagnose(name, mock.secrets));
    for (const value of values) expect(text).not.toContain(value);
  });
});

describe('checkDestination', () => {
  it('sends a SignUp where the destination gets no Logins', async () => {
    const keen = await start('keen');
    await diagnose('keen', keen.secrets);
    await diagnose('keen', { ...keen.secrets, KEENIO_LOGIN_COLLECTION: 'logins' });
    expect(keen.events.map(({ type }) => type)).toEqual(['SignUp', 'Login']);
  });

  it('hashes the user id with HASH_FIELDS=userId', async () => {
    const splunk = await start('splunk');
    await diagnose('splunk', { ...splunk.secrets, HASH_FIELDS: 'userId', HASH_KEY: 'pepper' });
    expect(splunk.events).toMatchObject([{ userId: expect.stringMatching(/^[\da-f]{64}$/) }]);
  });
});

describe('checkHost', () => {
  it('fails if the host cannot be resolved', async () => {
    const checks = await diagnose('splunk', {
      SPLUNK_HEC_URL: 'https://splunk.invalid:8088',
      SPLUNK_HEC_TOKEN: 'token',
    });
    expect(toLevels(checks)).toEqual(['pass secrets', 'fail host']);
    expect(getVerdict(checks)).toBe(
      'fail The host in SPLUNK_HEC_URL cannot be resolved from this machine (ENOTFOUND): check SPLUNK_HEC_URL.',
    );
  });

  it('warns of a private IP address', async () => {
    const { secrets } = await start('splunk');
    const [, host] = await diagnose('splunk', secrets);
    expect(host).toEqual({
      subject: 'host',
      level: 'warn',
      text: 'The host in SPLUNK_HEC_URL has a private IP address: it can be reached from here, but not from Auth0.',
    });
  });
});

describe('checkConnection', () => {
  const check = async (secrets: Record<string, string>): Promise<string> => {
    const checks = await diagnose('splunk', secrets);
    const connection = checks.find(({ subject }) => subject === 'connection');
    if (connection?.level === 'fail') expect(checks.at(-1)).toBe(connection);
    return toVerdict(connection);
  };

  it('fails if nothing listens on the port', async () => {
    const { secrets, close } = await start('splunk');
    await close();
    expect(await check(secrets)).toMatch(
      /^fail The host in SPLUNK_HEC_URL cannot be connected to \(ECONNREFUSED\): nothing listens there/,
    );
  });

  it('passes with a valid certificate', async () => {
    const { secrets } = await start('splunk', { tls: true });
    expect(await check(secrets)).toBe(
      'pass The host in SPLUNK_HEC_URL responds, and its certificate is valid.',
    );
  });

  it('fails if the certificate is self-signed', async () => {
    const { SPLUNK_CA_CERT, ...secrets } = (await start('splunk', { tls: true })).secrets;
    expect(await check(secrets)).toBe(
      'fail The certificate is self-signed: put the PEM of the certificate itself into SPLUNK_CA_CERT.',
    );
  });

  it('names TLS_CA_CERT where the destination has no such secret of its own', async () => {
    const { url, secrets } = await start('keen', { tls: true });
    const checks = await diagnose('keen', { ...secrets, KEENIO_URL: url });
    expect(getVerdict(checks)).toBe(
      'fail The certificate is self-signed: put the PEM of the certificate itself into TLS_CA_CERT.',
    );
  });

  it('passes with the CA in TLS_CA_CERT', async () => {
    const { url, secrets, caCertificate = '' } = await start('keen', { tls: true });
    const checks = await diagnose('keen', { ...secrets, KEENIO_URL: url, TLS_CA_CERT: caCertificate });
    expect(toLevels(checks).slice(2)).toEqual(['pass connection', 'pass delivery']);
  });

  it('fails if SPLUNK_CA_CERT holds another certificate', async () => {
    const { secrets } = await start('splunk', { tls: true });
    const { cert } = await createCertificate();
    expect(await check({ ...secrets, SPLUNK_CA_CERT: cert })).toMatch(
      /^fail .* SPLUNK_CA_CERT holds another certificate: replace it with the PEM of /,
    );
  });

  it('fails if the certificate has expired', async () => {
    const tls = await createCertificate({ notBefore: LONG_AGO, notAfter: YESTERDAY });
    const { secrets } = await start('splunk', { tls });
    expect(await check(secrets)).toBe(
      'fail The certificate has expired: the operator of the destination must renew it, SPLUNK_CA_CERT does not help.',
    );
  });

  it('fails if the certificate is not valid yet', async () => {
    const tls = await createCertificate({ notBefore: TOMORROW });
    const { secrets } = await start('splunk', { tls });
    expect(await check(secrets)).toMatch(/^fail The certificate is not valid yet: check the clocks, /);
  });

  it('fails if the CA is unknown, with or without the whole chain', async () => {
    const subject = (value: string) => [{ name: 'commonName', value }];
    const ca = await generate(subject('ca'), {
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
      ca: { cert: ca.cert, key: ca.private },
    });
    const { SPLUNK_CA_CERT, ...secrets } = (await start('splunk', { tls: { cert, key } })).secrets;
    expect(await check(secrets)).toMatch(
      /^fail The certificate is signed by an unknown CA, .* put the PEM of that CA into SPLUNK_CA_CERT\.$/,
    );
    const chain = await start('splunk', { tls: { cert: `${cert}\n${ca.cert}`, key } });
    expect(await check({ ...secrets, SPLUNK_HEC_URL: chain.url })).toBe(
      'fail The certificate is signed by a private CA: put the PEM of that CA into SPLUNK_CA_CERT.',
    );
  });

  it('fails if the certificate is for another host', async () => {
    const tls = await createCertificate({ altNames: ['splunk.example.com', '192.0.2.1'] });
    const { secrets } = await start('splunk', { tls });
    expect(await check(secrets)).toMatch(
      /^fail The certificate is for other hosts \(splunk\.example\.com, 192\.0\.2\.1\): use one of them in SPLUNK_HEC_URL/,
    );
  });

  it('warns if no certificate is verified', async () => {
    const mock = await start('splunk', { tls: true });
    const unverified = { ...mock.secrets, SPLUNK_TLS_VERIFY: 'false' };
    expect(await check(unverified)).toMatch(
      /^warn With SPLUNK_TLS_VERIFY=false .*; the certificate is valid, so remove SPLUNK_TLS_VERIFY\.$/,
    );
    const { SPLUNK_CA_CERT, ...withoutCa } = mock.secrets;
    expect(await check({ ...withoutCa, SPLUNK_TLS_VERIFY: 'false' })).toMatch(
      /^warn .*; the certificate is self-signed: put the PEM of /,
    );
    expect(mock.events).toHaveLength(2);
  });

  it('fails if the port does not speak TLS', async () => {
    const { url, secrets } = await start('splunk');
    expect(await check({ ...secrets, SPLUNK_HEC_URL: url.replace('http:', 'https:') })).toMatch(
      /^fail .*this port does not speak TLS/,
    );
  });

  it('waits no longer than DELIVERY_TIMEOUT_MS', async () => {
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
    expect(await check(secrets)).toMatch(
      /^fail The host in SPLUNK_HEC_URL cannot be connected to \(ETIMEDOUT\): a firewall may block it/,
    );
  });
});

describe('checkDelivery', () => {
  const check = async (name: string, fault: Fault, secrets: Record<string, string> = {}) => {
    const mock = await start(name);
    mock.injectFault(fault);
    return getVerdict(await diagnose(name, { ...mock.secrets, ...secrets }));
  };

  it('waits no longer than DELIVERY_TIMEOUT_MS', async () => {
    expect(await check('splunk', { hang: true }, { DELIVERY_TIMEOUT_MS: '250' })).toBe(
      'fail Login failed: timed out after 250 ms; check the network in between, or raise DELIVERY_TIMEOUT_MS if the destination is slow.',
    );
  });

  it('fails if the connection breaks after the request', async () => {
    expect(await check('splunk', { reset: 'after' })).toMatch(
      /^fail Login failed: connection error: ECONNRESET; check the network in between/,
    );
  });

  it("fails if a proxy's page responds in place of the vendor", async () => {
    const response = { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>Sign in</html>' };
    expect(await check('splunk', { response })).toMatch(
      /^fail Login failed: 200 OK, but not a response of the vendor's API; check the URL/,
    );
  });

  it.each([
    [1, 403, 'Token disabled', 'must enable the token'],
    [2, 401, 'Token is required', 'removes the Authorization header'],
    [3, 401, 'Invalid authorization', 'SPLUNK_HEC_TOKEN must be the bare token'],
    [4, 403, 'Invalid token', 'copy SPLUNK_HEC_TOKEN again'],
    [5, 400, 'No data', 'report it'],
    [6, 400, 'Invalid data format', 'report it'],
    [7, 400, 'Incorrect index', 'correct SPLUNK_INDEX'],
    [8, 500, 'Internal server error', 'splunkd.log'],
    [9, 503, 'Server is busy', 'more indexers or larger queues'],
    [10, 400, 'Data channel is missing', 'set SPLUNK_CHANNEL'],
    [11, 400, 'Invalid data channel', 'set SPLUNK_CHANNEL'],
    [12, 400, 'Event field is required', 'report it'],
    [13, 400, 'Event field cannot be blank', 'report it'],
    [14, 400, 'ACK is disabled', 'remove SPLUNK_CHANNEL'],
    [15, 400, 'Error in handling indexed fields', 'report it'],
    [16, 400, 'Query string authorization is not enabled', 'SPLUNK_HEC_URL'],
    [18, 503, 'HEC is unhealthy, queues are full', 'more indexers or larger queues'],
    [19, 503, 'HEC is unhealthy, ack service unavailable', 'acknowledgement'],
    [20, 503, 'HEC is unhealthy, queues are full, ack service unavailable', 'more indexers or larger queues'],
    [21, 400, 'Invalid token', 'copy SPLUNK_HEC_TOKEN again'],
    [22, 400, 'Token disabled', 'must enable the token'],
    [23, 503, 'Server is shutting down', 'Splunk'],
    [
      26,
      429,
      'HEC queue is at capacity and cannot process any more requests',
      'more indexers or larger queues',
    ],
    [27, 429, 'HEC ACK channel is at capacity and cannot process any more requests', 'a token without'],
  ])('explains the HEC code %i', async (code, status, text, remedy) => {
    const verdict = await check('splunk', { response: { status, body: JSON.stringify({ text, code }) } });
    expect(verdict).toMatch(new RegExp(`^fail ${status} `));
    expect(verdict).toContain(` (code ${code}): `);
    expect(verdict).toContain(remedy);
  });

  it.each([
    [24, 'HEC queue is approaching its capacity limit'],
    [25, 'HEC ACK is approaching its capacity limit'],
  ])('passes the warning of the HEC code %i on', async (code, text) => {
    const response = { status: 200, body: JSON.stringify({ text, code }) };
    const verdict = await check('splunk', { processed: true, response });
    expect(verdict).toMatch(/^warn Login of the user doctor\|test accepted in \d+ ms\. HEC /);
    expect(verdict).toContain(`(code ${code})`);
  });

  it.each([
    ['a token that Splunk does not know', { SPLUNK_HEC_TOKEN: 'wrong' }, '(code 4)'],
    ['an index that the token may not write to', { SPLUNK_INDEX: 'secret' }, '(code 7)'],
    ['a token that requires a channel', { SPLUNK_HEC_TOKEN: ACKNOWLEDGED_TOKEN }, '(code 10)'],
  ])('explains why Splunk rejects %s', async (_, secrets, code) => {
    expect(await check('splunk', {}, secrets)).toContain(code);
  });

  it.each([
    ['splunk', 303, 'Splunk Web'],
    ['splunk', 404, 'HTTP Event Collector'],
    ['keen', 400, 'check the names of the collections'],
    ['segment', 400, 'check SEGMENT_INTEGRATIONS'],
    ['segment-http', 401, 'copy SEGMENT_WRITE_KEY again'],
    ['segment', 404, 'check SEGMENT_HOST'],
    ['segment-http', 429, 'over its rate limit'],
  ])('explains what %s means by %i', async (name, status, remedy) => {
    const verdict = await check(name, { response: { status } });
    expect(verdict).toMatch(new RegExp(`^fail ${status} `));
    expect(verdict).toContain(remedy);
  });

  it.each([
    [
      'the key of another project',
      { KEENIO_WRITE_KEY: 'wrong' },
      /^fail 401 Unauthorized, .*KEENIO_WRITE_KEY/,
    ],
    ['an unknown project', { KEENIO_PROJECT_ID: 'wrong' }, /^fail 404 Not Found, .*KEENIO_PROJECT_ID/],
  ])('explains why Keen rejects %s', async (_, secrets, verdict) => {
    expect(await check('keen', {}, secrets)).toMatch(verdict);
  });

  it.each(['segment', 'segment-http'])('warns that %s accepts events with any write key', async (name) => {
    const verdict = await check(name, {}, { SEGMENT_WRITE_KEY: 'wrong' });
    expect(verdict).toMatch(/^warn Login of the user doctor\|test accepted .*debugger/);
  });
});

describe('checkTenant', () => {
  const [entry] = selectActions(['splunk']) as [ActionEntry];

  const SECRETS = { SPLUNK_HEC_URL: 'https://splunk.example.com', SPLUNK_HEC_TOKEN: 'hunter2' };
  const OTHER_CODE = { code: 'exports.onExecutePostLogin = async () => {};' };

  const startTenant = async () => {
    const { api, client } = await startApi();
    const add = async (changes: Partial<NewAction> = {}, added = entry) =>
      api.addAction({
        name: added.name,
        code: await readBuiltCode(added),
        dependencies: [...added.dependencies],
        secrets: SECRETS,
        ...changes,
      });
    /** @param destinations what the Action is to record at. */
    const check = async (name = 'splunk', destinations = ['splunk']) =>
      collect(checkTenant(client, await findAction(name), destinations.map(getSink)));
    const checkSubject = async (subject: string) =>
      toVerdict((await check()).find((candidate) => candidate.subject === subject));
    return { api, client, add, check, checkSubject };
  };

  it('passes if a login runs the Action, and only reads', async () => {
    const { api, add, check } = await startTenant();
    api.addAction({ name: 'denies', ...OTHER_CODE });
    // Its name contains the other's, and it is found first.
    api.addAction({ name: 'splunk-too', ...OTHER_CODE });
    await add();
    api.addAction({ name: 'keen', ...OTHER_CODE });
    for (const name of ['denies', 'splunk', 'keen']) api.bind(name);
    expect(toLevels(await check())).toEqual(['pass tenant', 'pass code', 'pass its secrets', 'pass flow']);
    expect(api.requests.filter(({ method }) => method !== 'GET').map(({ path }) => path)).toEqual([
      '/oauth/token',
    ]);
  });

  it('fails if the tenant does not have the Action', async () => {
    const { check } = await startTenant();
    expect(await check()).toEqual([
      {
        subject: 'tenant',
        level: 'fail',
        text: 'The tenant has no Action splunk: run npx auth0-login-analytics deploy splunk.',
      },
    ]);
  });

  it('fails if the Action is a draft', async () => {
    const { add, check } = await startTenant();
    await add({ deployed: false });
    expect(getVerdict(await check())).toMatch(
      /^fail The Action splunk is a draft: run npx .* deploy splunk,/,
    );
  });

  it('fails if other code is deployed', async () => {
    const { add, checkSubject } = await startTenant();
    await add(OTHER_CODE);
    expect(await checkSubject('code')).toMatch(/^fail The deployed code differs from the code here/);
  });

  it('passes if the same code of another commit is deployed', async () => {
    const { add, checkSubject } = await startTenant();
    const [, ...lines] = (await readBuiltCode(entry)).split('\n');
    await add({ code: ['// auth0-login-analytics 0.1.0 (000000000000): splunk.', ...lines].join('\n') });
    expect(await checkSubject('code')).toMatch(/^pass/);
  });

  it('fails if other dependencies are deployed', async () => {
    const { add, checkSubject } = await startTenant();
    await add({ dependencies: [{ name: 'axios', version: '1.0.0' }] });
    expect(await checkSubject('code')).toMatch(/^fail The deployed dependencies differ/);
  });

  it('warns of a draft with other changes', async () => {
    const { client, add, checkSubject } = await startTenant();
    const { id } = await add();
    await client.actions.update(id, OTHER_CODE);
    expect(await checkSubject('code')).toMatch(/^warn .*a draft with other changes/);
  });

  it('fails if the Action lacks a required secret', async () => {
    const { add, checkSubject } = await startTenant();
    await add({ secrets: { SPLUNK_HEC_URL: 'https://splunk.example.com' } });
    expect(await checkSubject('its secrets')).toMatch(/^fail SPLUNK_HEC_TOKEN missing in the Action/);
  });

  it('warns that a required secret must be in CONFIG if the Action has that', async () => {
    const { add, checkSubject } = await startTenant();
    await add({ secrets: { CONFIG: JSON.stringify(SECRETS) } });
    expect(await checkSubject('its secrets')).toBe(
      'warn SPLUNK_HEC_URL, SPLUNK_HEC_TOKEN must be in CONFIG, which cannot be read back.',
    );
  });

  it('warns of a secret that the Action does not read', async () => {
    const { add, checkSubject } = await startTenant();
    await add({ secrets: { ...SECRETS, OMIT_FELDS: 'email' } });
    expect(await checkSubject('its secrets')).toMatch(/^warn The Action does not read OMIT_FELDS/);
  });

  it('fails if no login runs the Action', async () => {
    const { add, check } = await startTenant();
    await add();
    expect(getVerdict(await check())).toBe(
      'fail No login runs the Action: run npx auth0-login-analytics bind splunk.',
    );
  });

  it('warns of a following Action that could deny the login', async () => {
    const { api, add, check } = await startTenant();
    await add();
    api.addAction({ name: 'denies', ...OTHER_CODE });
    for (const name of ['splunk', 'denies']) api.bind(name);
    expect(getVerdict(await check())).toMatch(
      /^warn denies runs after the Action: a login that is denied there has been recorded all the same/,
    );
  });

  it('fails with the name of the scope that is missing', async () => {
    const { api, check } = await startTenant();
    api.scopes = ['read:logs'];
    expect(await check()).toMatchObject([
      {
        subject: 'tenant',
        level: 'fail',
        text: expect.stringContaining('The scope read:actions is missing'),
      },
    ]);
  });

  describe('of the Action for all destinations', () => {
    const [all] = selectActions(['all']) as [ActionEntry];

    it('passes with the secrets of one destination', async () => {
      const { api, add, check } = await startTenant();
      await add({}, all);
      api.bind('all');
      expect(toLevels(await check('all'))).toEqual([
        'pass tenant',
        'pass code',
        'pass its secrets',
        'pass flow',
      ]);
    });

    it.each([
      ['that is configured here', ['splunk', 'keen'], SECRETS, 'KEENIO_PROJECT_ID, KEENIO_WRITE_KEY missing'],
      [
        'that is partly configured there',
        ['splunk'],
        { ...SECRETS, KEENIO_PROJECT_ID: 'id' },
        'KEENIO_WRITE_KEY missing',
      ],
    ])('fails if it lacks a secret of a destination %s', async (_, destinations, secrets, message) => {
      const { add, check } = await startTenant();
      await add({ secrets }, all);
      const [, , names] = await check('all', destinations);
      expect(names).toMatchObject({
        subject: 'its secrets',
        level: 'fail',
        text: expect.stringContaining(message),
      });
    });

    it('warns if the Action for one of them runs as well', async () => {
      const { api, add, check } = await startTenant();
      await add();
      await add({}, all);
      for (const name of ['splunk', 'all']) api.bind(name);
      expect(getVerdict(await check('all'))).toBe(
        'warn Every login is recorded twice at splunk: run npx auth0-login-analytics unbind splunk.',
      );
    });
  });
});

describe('auth0-login-analytics doctor', () => {
  // Not where a developer's .env may be.
  const cwd = tmpdir();
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    runCommand(['doctor', ...args], { env, cwd });

  it('prints a line for each check of everything that is configured', async () => {
    const [splunk, keen] = [await start('splunk', { tls: true }), await start('keen')];
    const env = { ...splunk.secrets, ...keen.secrets };
    const { code, out, err } = await startCommand(['doctor'], { env, cwd });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^splunk\npass {2}secrets .*\nwarn {2}host .*\npass {2}connection .*\npass {2}delivery .*\nwarn {2}tenant .*\nkeen\npass/,
    );
    for (const { secrets } of [splunk, keen]) {
      for (const value of Object.values(secrets)) expect(out).not.toContain(value);
    }
    expect([splunk.events.length, keen.events.length]).toEqual([1, 1]);
  });

  it('reads the secrets that CONFIG holds', async () => {
    const splunk = await start('splunk', { tls: true });
    const { code, out } = await run(['splunk'], { CONFIG: JSON.stringify(splunk.secrets) });
    expect(code).toBe(0);
    expect(out).toMatch(/^pass {2}delivery /m);
  });

  it('exits with 2 for a secret that is set twice', async () => {
    const twice = { SPLUNK_INDEX: 'main', CONFIG: '{"SPLUNK_INDEX": "hunter2"}' };
    const { code, out, err } = await run(['splunk'], twice);
    expect(code).toBe(2);
    expect(err).toContain('SPLUNK_INDEX is set twice, as a secret and in CONFIG');
    expect(out + err).not.toContain('hunter2');
  });

  it('checks each destination of the Action for all of them, and then the Action', async () => {
    const [splunk, keen] = [await start('splunk', { tls: true }), await start('keen')];
    const secrets = { ...splunk.secrets, ...keen.secrets, KEENIO_WRITE_KEY: 'hunter2' };
    const { code, out } = await run(['all'], secrets);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^splunk\npass .*\n(.*\n){2}pass {2}delivery .*\nkeen\npass .*\n(.*\n){2}fail {2}delivery .*\nall\nwarn {2}tenant .*\n$/,
    );
  });

  it('prints the checks as JSON, and no secret', async () => {
    const [splunk, keen] = [await start('splunk', { tls: true }), await start('keen')];
    const secrets = { ...splunk.secrets, ...keen.secrets, KEENIO_WRITE_KEY: 'hunter2' };
    const { code, out } = await run(['all', '--json'], secrets);
    expect(code).toBe(1);
    expect(out).not.toContain('hunter2');
    const [{ action, checks }] = JSON.parse(out);
    expect(action).toBe('all');
    expect(checks.map(({ destination, subject }: Check) => [destination, subject])).toEqual([
      ...['splunk', 'keen'].flatMap((name) =>
        ['secrets', 'host', 'connection', 'delivery'].map((subject) => [name, subject]),
      ),
      [undefined, 'tenant'],
    ]);
    expect(checks).toContainEqual(expect.objectContaining({ subject: 'delivery', level: 'fail' }));
  });

  it('checks the tenant where it has access', async () => {
    const { secrets } = await start('splunk');
    const { api } = await startApi();
    const env = { ...secrets, ...toEnvironment(api) };
    const { code, out } = await startCommand(['doctor', 'splunk'], { env, cwd });
    expect(out).toContain('fail  tenant       The tenant has no Action splunk');
    expect(out).not.toContain(api.credentials.clientSecret);
    expect(code).toBe(1);
  });

  it.each([
    ['nothing is configured', [], {}, 'no destination is configured'],
    ['no destination of several is', ['all'], { KEENIO_ADDONS: 'true' }, 'no destination is configured'],
    ['there is no such Action', ['spunk'], {}, 'unknown Action spunk, did you mean splunk?'],
    [
      'half of the credentials are missing',
      [],
      { KEENIO_WRITE_KEY: 'key', AUTH0_DOMAIN: 'a.auth0.com' },
      'AUTH0_CLIENT_ID',
    ],
  ])('exits with 2 if %s', async (_, args, env, message) => {
    const { code, out, err } = await run(args, env);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });

  it('accepts a file with the secrets of several Actions', async () => {
    const [splunk, keen] = [await start('splunk'), await start('keen')];
    const file = createFile('secrets.json', { ...splunk.secrets, ...keen.secrets });
    const { code, out } = await run(['--secrets', file, '--json']);
    expect(JSON.parse(out)).toMatchObject([{ action: 'splunk' }, { action: 'keen' }]);
    expect(code).toBe(0);
  });

  it('rejects a file with a misspelt name, and shows no value', async () => {
    const file = createFile('secrets.json', { KEENIO_WRITE_KE: 'hunter2' });
    const { code, out, err } = await run(['--secrets', file]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('unknown secret KEENIO_WRITE_KE, did you mean KEENIO_WRITE_KEY?');
    expect(err).not.toContain('hunter2');
  });
});
