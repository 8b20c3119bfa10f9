import { describe, expect, it } from 'vitest';
import { splunk } from '../../actions/splunk.ts';
import type { HttpRequest } from '../../lib/http.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, SIGN_UP, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const TOKEN = '5f1d9a6e-0c4b-4e55-9d7b-2f0f5b0a7c11';
const REQUIRED = { SPLUNK_HEC_URL: 'https://http-inputs-acme.splunkcloud.com', SPLUNK_HEC_TOKEN: TOKEN };
const ENDPOINT = 'https://http-inputs-acme.splunkcloud.com/services/collector/event';
const SUCCESS = { text: 'Success', code: 0 };
const { cert: CA_CERT } = await createCertificate();

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) => parseSecrets(splunk, { ...REQUIRED, ...input });

describe('splunk.toPayload', () => {
  it('maps a SignUp to an event in an HEC envelope', () => {
    expect(overTheWire(splunk.toPayload(toFull('SignUp'), parse(), NOW))).toMatchInlineSnapshot(`
      {
        "event": {
          "action": "created",
          "anonymousId": "0d9e4c1b-visitor",
          "app": "All Applications",
          "application": "All Applications",
          "asn": "AS13335",
          "authentication_method": "mfa passkey",
          "authentication_service": "auth0",
          "city": "Bellevue",
          "clientIP": "13.33.86.47",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "continent": "NA",
          "country": "US",
          "createdAt": "2026-01-31T11:59:00.123Z",
          "dest": "example.auth0.com",
          "email": "j+smith@example.com",
          "emailVerified": true,
          "familyName": "Smith",
          "gclid": "Cj0KCQ",
          "givenName": "John",
          "hostname": "example.auth0.com",
          "id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
          "language": "en",
          "lastLogin": "2026-01-30T09:00:00.000Z",
          "latitude": 47.61793,
          "loginsCount": 1,
          "longitude": -122.19584,
          "message": "SignUp",
          "methods": [
            "mfa",
            "passkey",
          ],
          "mfa": true,
          "organization": "my-organization",
          "organizationId": "org_juG7cAQ0CymOcVpV",
          "organizationName": "My Organization",
          "phone": "18882352699",
          "picture": "http://www.gravatar.com/avatar/?d=identicon",
          "plan": "gold",
          "protocol": "oidc-basic-profile",
          "referrer": "https://news.example.com/shops",
          "region": "Washington",
          "seats": 3,
          "sessionId": "session-1",
          "src": "13.33.86.47",
          "strategy": "auth0",
          "tenant": "example",
          "timeZone": "America/Los_Angeles",
          "user": "jsmith",
          "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
          "userName": "j+smith@example.com",
          "user_id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "username": "jsmith",
          "utm_campaign": "winter-sale",
          "utm_source": "newsletter",
        },
        "host": "example",
        "source": "auth0",
        "sourcetype": "auth0_activity",
        "time": 1769860740.123,
      }
    `);
  });

  it('maps a Login to an event of its own id and time', () => {
    expect(splunk.toPayload(LOGIN, parse(), NOW)).toMatchObject({
      time: 1769860800.123,
      event: { message: 'Login', id: LOGIN.id, loginsCount: 62, createdAt: new Date('2019-05-04T10:20:30Z') },
    });
  });

  it('names the events as the secrets do', () => {
    const secrets = parse({ SPLUNK_SIGNUP_EVENT: 'Joined', SPLUNK_LOGIN_EVENT: 'Came back' });
    const messages = [SIGN_UP, LOGIN].map(
      (activity) => splunk.toPayload(activity, secrets, NOW).event.message,
    );
    expect(messages).toEqual(['Joined', 'Came back']);
  });

  // https://help.splunk.com/en/splunk-cloud-platform/common-information-model/6.0/data-models/authentication
  it('has the fields of the Common Information Model, of which a user is always one', () => {
    expect(splunk.toPayload(toFull('Login'), parse(), NOW).event).toMatchObject({
      action: 'success',
      app: 'All Applications',
      src: '13.33.86.47',
      user: 'jsmith',
      user_id: 'auth0|5f7c8ec7c33c6c004bbafe82',
      dest: 'example.auth0.com',
      authentication_method: 'mfa passkey',
      authentication_service: 'auth0',
    });
    expect(splunk.toPayload(toFull('SignUp'), parse(), NOW).event.action).toBe('created');
    const getUser = (OMIT_FIELDS: string) =>
      splunk.toPayload(toFull('Login', { OMIT_FIELDS }), parse(), NOW).event.user;
    expect(getUser('username')).toBe('j+smith@example.com');
    expect(getUser('username,email')).toBe('auth0|5f7c8ec7c33c6c004bbafe82');
  });

  it('uses the index, source and sourcetype of the secrets', () => {
    const secrets = parse({ SPLUNK_INDEX: 'main', SPLUNK_SOURCE: 'a', SPLUNK_SOURCETYPE: 'b' });
    expect(splunk.toPayload(LOGIN, secrets, NOW)).toMatchObject({
      index: 'main',
      source: 'a',
      sourcetype: 'b',
    });
  });

  it("keeps every field of Auth0's Rule", () => {
    expect(splunk.toPayload(SIGN_UP, parse(), NOW)).toMatchObject({
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

describe('splunk.send', () => {
  it('sends one event to the collector', async () => {
    network.respond(ENDPOINT, 200, SUCCESS);
    await send(splunk, [LOGIN], parse());
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: {
          authorization: `Splunk ${TOKEN}`,
          'content-type': 'application/json',
          'user-agent': 'auth0-login-analytics',
        },
      },
    ]);
    expect(network.requests[0]?.body).toEqual(overTheWire(splunk.toPayload(LOGIN, parse(), NOW)));
    expect(network.requests[0]?.headers).not.toHaveProperty('x-splunk-request-channel');
  });

  it('sends a batch as one request, an event a line', async () => {
    network.respond(ENDPOINT, 200, SUCCESS);
    await send(splunk, [SIGN_UP, LOGIN], parse());
    expect(network.requests.map(({ body }) => body)).toEqual([
      [SIGN_UP, LOGIN].map((activity) => JSON.stringify(splunk.toPayload(activity, parse(), NOW))).join('\n'),
    ]);
  });

  it.each([
    '',
    '/',
    '/services/collector',
    '/services/collector/',
    '/services/collector/event',
    '/services/collector/event/1.0',
    '/services/collector/raw',
  ])('finds the collector at a URL with the path "%s"', async (path) => {
    for (const base of ['https://splunk.acme.com:8088', 'https://acme.com/splunk']) {
      const url = `${base}/services/collector/event`;
      network.respond(url, 200, SUCCESS);
      await send(splunk, [LOGIN], parse({ SPLUNK_HEC_URL: base + path }));
      expect(network.requests.at(-1)).toMatchObject({ url });
    }
  });

  it('names the channel of the secrets', async () => {
    const SPLUNK_CHANNEL = 'FE0ECFAD-13D5-401B-847D-77833BD77131';
    network.respond(ENDPOINT, 200, SUCCESS);
    await send(splunk, [LOGIN], parse({ SPLUNK_CHANNEL }));
    expect(network.requests).toMatchObject([{ headers: { 'x-splunk-request-channel': SPLUNK_CHANNEL } }]);
  });

  it.each([
    [200, SUCCESS],
    [200, { text: 'HEC queue is approaching capacity', code: 24 }],
    [200, { text: 'HEC ACK channel is approaching capacity', code: 25 }],
    [200, '"OK"'],
    [200, ''],
    [204, undefined],
  ])('resolves when the collector accepts with %d %j', async (status, body) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(splunk, [SIGN_UP, LOGIN], parse())).resolves.toBeUndefined();
  });

  it.each([
    ['a page of HTML', HTML_PAGE],
    ["Keen's JSON", { created: true }],
    ['an error of Splunk', { text: 'Incorrect index', code: 7 }],
    ['a string', '"Welcome"'],
  ])('rejects %s with status 200', async (_, body) => {
    network.respond(ENDPOINT, 200, body);
    await expect(send(splunk, [LOGIN], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  it.each([
    [400, { text: 'Incorrect index', code: 7, 'invalid-event-number': 1 }, 'RejectedError'],
    [403, { text: 'Invalid token', code: 4 }, 'RejectedError'],
    [503, { text: 'Server is busy', code: 9 }, 'UnavailableError'],
  ])('reports why the collector responds with %d', async (status, body, name) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(splunk, [LOGIN], parse())).rejects.toMatchObject({
      name,
      status,
      vendorMessage: body.text,
    });
  });

  it.each([
    ['verifies the certificate of the collector', {}, { rejectUnauthorized: true }],
    [
      'trusts the CA of the secrets alone',
      { SPLUNK_CA_CERT: CA_CERT },
      { ca: [`${CA_CERT.trim()}\n`], rejectUnauthorized: true },
    ],
    [
      'accepts any certificate with SPLUNK_TLS_VERIFY=false',
      { SPLUNK_TLS_VERIFY: 'false' },
      { rejectUnauthorized: false },
    ],
  ])('%s', async (_, input, tls) => {
    const requests: HttpRequest[] = [];
    await splunk.send([LOGIN], parse(input), async (request) => {
      requests.push(request);
      return { status: 200, body: SUCCESS };
    });
    expect(requests.map((request) => request.tls)).toEqual([tls]);
  });
});

describe('splunk.secrets', () => {
  it.each([
    'http://splunk.acme.com:8088',
    'splunk.acme.com',
    'https://token@splunk.acme.com/services/collector',
  ])('reject %s as the URL of a collector', (SPLUNK_HEC_URL) => {
    expect(() => parse({ SPLUNK_HEC_URL })).toThrow('SPLUNK_HEC_URL must be an https URL');
  });

  it('report all problems together', () => {
    const input = { SPLUNK_CHANNEL: 'mine', SPLUNK_CA_CERT: 'no PEM', SPLUNK_TLS_VERIFY: 'no' };
    expect(() => parseSecrets(splunk, input)).toThrow(
      expect.objectContaining({
        name: 'ConfigError',
        problems: new Map([
          ['SPLUNK_HEC_URL', 'is missing'],
          ['SPLUNK_HEC_TOKEN', 'is missing'],
          ['SPLUNK_CHANNEL', 'must be a GUID'],
          ['SPLUNK_CA_CERT', 'must be PEM certificates'],
          ['SPLUNK_TLS_VERIFY', 'must be true or false'],
        ]),
      }),
    );
  });
});
