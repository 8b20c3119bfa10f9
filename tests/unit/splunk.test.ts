import { describe, expect, it } from 'vitest';
import { onExecutePostLogin, splunk, toPayload } from '../../actions/splunk.ts';
import { ConfigError, RejectedError, UnavailableError } from '../../lib/errors.ts';
import type { HttpRequest } from '../../lib/http.ts';
import { readSecrets } from '../../lib/secrets.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import { execute } from '../support/api.ts';
import { stoppedClock } from '../support/clock.ts';
import { withinDeadline } from '../support/deadline.ts';
import { LOGIN, login, SIGN_UP, signUp } from '../support/events.ts';
import { fakeNetwork, overTheWire } from '../support/network.ts';

const REQUIRED = {
  SPLUNK_HEC_URL: 'https://http-inputs-acme.splunkcloud.com',
  SPLUNK_HEC_TOKEN: '5f1d9a6e-0c4b-4e55-9d7b-2f0f5b0a7c11',
};
const ENDPOINT = 'https://http-inputs-acme.splunkcloud.com/services/collector/event';
const SUCCESS = { text: 'Success', code: 0 };

const network = fakeNetwork();

const configured = (given: Record<string, string> = {}) =>
  readSecrets(splunk.secrets, { ...REQUIRED, ...given });

stoppedClock();

describe('the event', () => {
  it('of a SignUp', () => {
    expect(toPayload(SIGN_UP, configured())).toMatchInlineSnapshot(`
      {
        "event": {
          "application": "All Applications",
          "city": "Bellevue",
          "clientIP": "13.33.86.47",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "country": "US",
          "createdAt": 2019-05-04T10:20:30.000Z,
          "email": "j+smith@example.com",
          "id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
          "lastLogin": undefined,
          "loginsCount": 62,
          "message": "SignUp",
          "organization": "my-organization",
          "organizationId": "org_juG7cAQ0CymOcVpV",
          "protocol": "oidc-basic-profile",
          "strategy": "auth0",
          "tenant": "example",
          "userAgent": "curl/7.64.1",
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
          "userName": "j+smith@example.com",
        },
        "host": "example",
        "index": undefined,
        "source": "auth0",
        "sourcetype": "auth0_activity",
        "time": 1769860800.123,
      }
    `);
  });

  it('of a Login', () => {
    expect(toPayload(LOGIN, configured())).toMatchInlineSnapshot(`
      {
        "event": {
          "application": "All Applications",
          "city": "Bellevue",
          "clientIP": "13.33.86.47",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "country": "US",
          "createdAt": 2019-05-04T10:20:30.000Z,
          "email": "j+smith@example.com",
          "id": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858",
          "lastLogin": undefined,
          "loginsCount": 62,
          "message": "Login",
          "organization": "my-organization",
          "organizationId": "org_juG7cAQ0CymOcVpV",
          "protocol": "oidc-basic-profile",
          "strategy": "auth0",
          "tenant": "example",
          "userAgent": "curl/7.64.1",
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
          "userName": "j+smith@example.com",
        },
        "host": "example",
        "index": undefined,
        "source": "auth0",
        "sourcetype": "auth0_activity",
        "time": 1769860800.123,
      }
    `);
  });

  it('has index, source and sourcetype of the secrets', () => {
    const secrets = configured({ SPLUNK_INDEX: 'main', SPLUNK_SOURCE: 'a', SPLUNK_SOURCETYPE: 'b' });
    expect(toPayload(LOGIN, secrets)).toMatchObject({ index: 'main', source: 'a', sourcetype: 'b' });
  });

  it('has every field of the Rule it replaces, by its name', () => {
    expect(toPayload(SIGN_UP, configured())).toMatchObject({
      event: {
        message: 'SignUp',
        application: 'All Applications',
        clientIP: '13.33.86.47',
        protocol: 'oidc-basic-profile',
        userName: 'j+smith@example.com',
        userId: 'auth0|5f7c8ec7c33c6c004bbafe82',
      },
      source: 'auth0',
      sourcetype: 'auth0_activity',
    });
  });
});

describe('a login', () => {
  const requestOf = async (given: Record<string, string> = {}) => {
    network.answer(ENDPOINT, 200, SUCCESS);
    await execute(onExecutePostLogin, login({ secrets: { ...REQUIRED, ...given } }));
    expect(network.requests).toHaveLength(1);
    return network.requests[0];
  };

  it('is one request to the collector', async () => {
    const request = await requestOf();
    expect(request).toMatchObject({
      method: 'POST',
      url: ENDPOINT,
      headers: {
        authorization: 'Splunk 5f1d9a6e-0c4b-4e55-9d7b-2f0f5b0a7c11',
        'content-type': 'application/json',
        'user-agent': 'auth0-login-analytics',
      },
    });
    expect(request?.headers).not.toHaveProperty('x-splunk-request-channel');
    expect(JSON.parse(request?.body ?? '')).toEqual(overTheWire(toPayload(LOGIN, configured())));
  });

  it.each([
    '',
    '/',
    '/services/collector',
    '/services/collector/',
    '/services/collector/event',
    '/services/collector/event/1.0',
    '/services/collector/raw',
  ])('goes to the collector of an address with the path "%s"', async (path) => {
    for (const base of ['https://splunk.acme.com:8088', 'https://acme.com/splunk']) {
      const url = `${base}/services/collector/event`;
      network.answer(url, 200, SUCCESS);
      await execute(onExecutePostLogin, login({ secrets: { ...REQUIRED, SPLUNK_HEC_URL: base + path } }));
      expect(network.requests.at(-1)).toMatchObject({ url });
    }
  });

  it('is on the channel of the secrets', async () => {
    const SPLUNK_CHANNEL = 'FE0ECFAD-13D5-401B-847D-77833BD77131';
    expect(await requestOf({ SPLUNK_CHANNEL })).toMatchObject({
      headers: { 'x-splunk-request-channel': SPLUNK_CHANNEL },
    });
  });

  it("never forwards the identity provider's access token", async () => {
    expect(login().user.identities[0]).toHaveProperty('accessToken');
    expect((await requestOf())?.body).not.toMatch(/access.?token|identities/i);
  });

  it('of a new user is a SignUp, and marked', async () => {
    network.answer(ENDPOINT, 200, SUCCESS);
    const { metadata } = await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(JSON.parse(network.requests[0]?.body ?? '')).toMatchObject({ event: { message: 'SignUp' } });
    expect(metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { splunk: true } }]);
  });
});

describe('the certificate of the server', async () => {
  const { cert } = await createCertificate();
  const pem = `${cert.trim()}\n`;

  it.each([
    ['is verified', {}, { rejectUnauthorized: true }],
    [
      'is verified by the authority of the secrets',
      { SPLUNK_CA_CERT: cert },
      { ca: [pem], rejectUnauthorized: true },
    ],
    ['is verified unless that is off', { SPLUNK_TLS_VERIFY: 'false' }, { rejectUnauthorized: false }],
  ])('%s', async (_, given, tls) => {
    const requests: HttpRequest[] = [];
    await splunk.send([LOGIN], configured(given), async (request) => {
      requests.push(request);
      return { status: 200, body: SUCCESS };
    });
    expect(requests.map((request) => request.tls)).toEqual([tls]);
  });
});

describe('a batch', () => {
  const send = (): Promise<void> =>
    withinDeadline(1000, (http) => splunk.send([SIGN_UP, LOGIN], configured(), http));

  it('is one request of events in lines', async () => {
    network.answer(ENDPOINT, 200, SUCCESS);
    await send();
    expect(network.requests.map(({ body }) => body.split('\n').map((line) => JSON.parse(line)))).toEqual([
      overTheWire([toPayload(SIGN_UP, configured()), toPayload(LOGIN, configured())]),
    ]);
  });

  it.each([
    [200, { text: 'Success', code: 24 }],
    [200, 'OK'],
    [204, undefined],
  ])('is accepted by a status of %d: %j', async (status, body) => {
    network.answer(ENDPOINT, status, body);
    await expect(send()).resolves.toBeUndefined();
  });

  it.each([
    [400, { text: 'Incorrect index', code: 7, 'invalid-event-number': 1 }, RejectedError],
    [403, { text: 'Invalid token', code: 4 }, RejectedError],
    [503, { text: 'Server is busy', code: 9 }, UnavailableError],
  ])('is not accepted by a status of %d, and says why: %j', async (status, body, kind) => {
    network.answer(ENDPOINT, status, body);
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(kind);
    await expect(failure).rejects.toMatchObject({ status, vendorText: body.text });
  });
});

describe('the secrets', () => {
  it.each([
    'http://splunk.acme.com:8088',
    'splunk.acme.com',
    'https://token@splunk.acme.com/services/collector',
  ])('need the address of a server: %s', (SPLUNK_HEC_URL) => {
    expect(() => configured({ SPLUNK_HEC_URL })).toThrow('SPLUNK_HEC_URL must be an https URL');
  });

  it('are refused together', () => {
    const given = { SPLUNK_CHANNEL: 'mine', SPLUNK_CA_CERT: 'no PEM', SPLUNK_TLS_VERIFY: 'no' };
    expect(() => readSecrets(splunk.secrets, given)).toThrow(
      new ConfigError(
        new Map([
          ['SPLUNK_HEC_URL', 'is missing'],
          ['SPLUNK_HEC_TOKEN', 'is missing'],
          ['SPLUNK_CHANNEL', 'must be a GUID'],
          ['SPLUNK_CA_CERT', 'must be PEM certificates'],
          ['SPLUNK_TLS_VERIFY', 'must be true or false'],
        ]),
      ),
    );
  });
});
