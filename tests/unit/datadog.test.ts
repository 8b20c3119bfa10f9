import { describe, expect, it } from 'vitest';
import { datadog } from '../../actions/datadog.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, SIGN_UP, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const ENDPOINT = 'https://http-intake.logs.datadoghq.com/api/v2/logs';
const MS_PER_HOUR = 60 * 60 * 1000;

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) =>
  parseSecrets(datadog, { DATADOG_API_KEY: '6d0f2b7a91c84e35', ...input });

describe('datadog.toPayload', () => {
  it('maps a SignUp to a log', () => {
    expect(overTheWire(datadog.toPayload(toFull('SignUp'), parse(), NOW))).toMatchInlineSnapshot(`
      {
        "anonymousId": "0d9e4c1b-visitor",
        "application": "All Applications",
        "asn": "AS13335",
        "city": "Bellevue",
        "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
        "connection": "Username-Password-Authentication",
        "continent": "NA",
        "country": "US",
        "createdAt": "2026-01-31T11:59:00.123Z",
        "ddsource": "auth0_activity",
        "emailVerified": true,
        "evt": {
          "category": "authentication",
          "name": "SignUp",
          "outcome": "success",
        },
        "familyName": "Smith",
        "gclid": "Cj0KCQ",
        "givenName": "John",
        "hostname": "example",
        "http": {
          "url_details": {
            "host": "example.auth0.com",
          },
          "useragent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        },
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
        "network": {
          "client": {
            "geoip": {
              "city": {
                "name": "Bellevue",
              },
              "continent": {
                "code": "NA",
              },
              "country": {
                "iso_code": "US",
                "name": "United States of America",
              },
              "location": {
                "latitude": 47.61793,
                "longitude": -122.19584,
              },
              "subdivision": {
                "iso_code": "WA",
                "name": "Washington",
              },
              "timezone": "America/Los_Angeles",
            },
            "ip": "13.33.86.47",
          },
        },
        "occurredAt": "2026-01-31T11:59:00.123Z",
        "organization": "my-organization",
        "organizationId": "org_juG7cAQ0CymOcVpV",
        "organizationName": "My Organization",
        "phone": "18882352699",
        "picture": "http://www.gravatar.com/avatar/?d=identicon",
        "plan": "gold",
        "protocol": "oidc-basic-profile",
        "referrer": "https://news.example.com/shops",
        "region": "Washington",
        "service": "auth0",
        "sessionId": "session-1",
        "status": "info",
        "strategy": "auth0",
        "tenant": "example",
        "timeZone": "America/Los_Angeles",
        "timestamp": "2026-01-31T11:59:00.123Z",
        "username": "jsmith",
        "usr": {
          "email": "j+smith@example.com",
          "id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "name": "j+smith@example.com",
          "seats": 3,
        },
        "utm_campaign": "winter-sale",
        "utm_source": "newsletter",
      }
    `);
  });

  it('maps a Login to a log of its own id and time', () => {
    expect(datadog.toPayload(LOGIN, parse(), NOW)).toMatchObject({
      message: 'Login',
      evt: { name: 'Login' },
      id: LOGIN.id,
      timestamp: NOW,
      loginsCount: 62,
    });
  });

  it('names the events as the secrets do', () => {
    const secrets = parse({
      DATADOG_SIGNUP_EVENT: 'users.signup',
      DATADOG_LOGIN_EVENT: 'users.login.success',
    });
    for (const [activity, name] of [
      [SIGN_UP, 'users.signup'],
      [LOGIN, 'users.login.success'],
    ] as const) {
      expect(datadog.toPayload(activity, secrets, NOW)).toMatchObject({ message: name, evt: { name } });
    }
  });

  it('uses the service, source and tags of the secrets', () => {
    const secrets = parse({
      DATADOG_SERVICE: 'identity',
      DATADOG_SOURCE: 'auth0',
      DATADOG_TAGS: 'env:prod,team:identity',
    });
    expect(datadog.toPayload(LOGIN, secrets, NOW)).toMatchObject({
      service: 'identity',
      ddsource: 'auth0',
      ddtags: 'env:prod,team:identity',
    });
  });

  it.each([0, 17])('dates a log of %d hours ago at its time', (hours) => {
    const time = new Date(NOW.getTime() - hours * MS_PER_HOUR);
    expect(datadog.toPayload({ ...SIGN_UP, time }, parse(), NOW)).toMatchObject({
      timestamp: time,
      occurredAt: time,
    });
  });

  it.each([17.1, 7 * 24])('has Datadog date a log of %d hours ago, which it would drop', (hours) => {
    const time = new Date(NOW.getTime() - hours * MS_PER_HOUR);
    const payload = datadog.toPayload({ ...SIGN_UP, time }, parse(), NOW);
    expect(payload).toMatchObject({ occurredAt: time });
    expect(payload).not.toHaveProperty('timestamp');
  });
});

describe('datadog.send', () => {
  it('sends one log', async () => {
    network.respond(ENDPOINT, 202, {});
    await send(datadog, [LOGIN], parse());
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: {
          'dd-api-key': '6d0f2b7a91c84e35',
          'content-type': 'application/json',
        },
      },
    ]);
    expect(network.requests[0]?.body).toEqual(overTheWire([datadog.toPayload(LOGIN, parse(), NOW)]));
  });

  it('sends a batch as one request', async () => {
    network.respond(ENDPOINT, 202, {});
    await send(datadog, [SIGN_UP, LOGIN], parse());
    expect(network.requests).toMatchObject([{ body: [{ id: SIGN_UP.id }, { id: LOGIN.id }] }]);
  });

  it.each([
    ['the EU', { DATADOG_SITE: 'datadoghq.eu' }, 'https://http-intake.logs.datadoghq.eu/api/v2/logs'],
    [
      'Japan',
      { DATADOG_SITE: 'ap1.datadoghq.com' },
      'https://http-intake.logs.ap1.datadoghq.com/api/v2/logs',
    ],
    ['a government', { DATADOG_SITE: 'ddog-gov.com' }, 'https://http-intake.logs.ddog-gov.com/api/v2/logs'],
    [
      'another server',
      { DATADOG_URL: 'https://vector.acme.com:8282/' },
      'https://vector.acme.com:8282/api/v2/logs',
    ],
    [
      'another server, whatever the site',
      { DATADOG_URL: 'https://acme.com/logs', DATADOG_SITE: 'datadoghq.eu' },
      'https://acme.com/logs/api/v2/logs',
    ],
  ])('sends to %s', async (_, input, url) => {
    network.respond(url, 202, {});
    await send(datadog, [LOGIN], parse(input));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it.each([
    [202, {}],
    [202, ''],
    [200, ''],
    [204, undefined],
  ])('resolves when Datadog, or a receiver in its place, accepts with %d %j', async (status, body) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(datadog, [SIGN_UP, LOGIN], parse())).resolves.toBeUndefined();
  });

  it.each([
    ['a page of HTML', HTML_PAGE],
    ["Splunk's JSON", { text: 'Success', code: 0 }],
    ['an error of Datadog', { errors: [{ detail: 'Invalid' }] }],
    ['a string', '"OK"'],
  ])('rejects %s with status 200', async (_, body) => {
    network.respond(ENDPOINT, 200, body);
    await expect(send(datadog, [LOGIN], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  it.each([
    [400, 'RejectedError'],
    [401, 'RejectedError'],
    [403, 'RejectedError'],
    [408, 'UnavailableError'],
    [413, 'RejectedError'],
    [429, 'UnavailableError'],
    [500, 'UnavailableError'],
    [503, 'UnavailableError'],
  ])('reports why Datadog responds with %d', async (status, name) => {
    network.respond(ENDPOINT, status, {
      errors: [{ status: String(status), title: 'Rejected', detail: 'The API key is invalid' }],
    });
    await expect(send(datadog, [LOGIN], parse())).rejects.toMatchObject({
      name,
      status,
      vendorMessage: 'The API key is invalid',
    });
  });
});

describe('datadog.secrets', () => {
  it.each([
    'datadoghq.com',
    'us3.datadoghq.com',
    'us5.datadoghq.com',
    'uk1.datadoghq.com',
    'ap2.datadoghq.com',
    'datadoghq.eu',
    'ddog-gov.com',
    'us2.ddog-gov.com',
  ])('accept the site %s', (DATADOG_SITE) => {
    expect(parse({ DATADOG_SITE })).toMatchObject({ DATADOG_SITE });
  });

  it.each([
    'US1',
    'app.datadoghq.com',
    'https://datadoghq.eu',
    'datadoghq.com.evil.com',
    'evil.com/datadoghq.com',
    'datadoghq-com',
  ])('reject the site %s', (DATADOG_SITE) => {
    expect(() => parse({ DATADOG_SITE })).toThrow('DATADOG_SITE must be a site of Datadog');
  });
});
