import { describe, expect, it } from 'vitest';
import { sumo } from '../../actions/sumo.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, SIGN_UP, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const ENDPOINT = 'https://endpoint4.collection.sumologic.com/receiver/v1/http/ZaVnC4dhaV2M7xTqK9pLw3';

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) => parseSecrets(sumo, { SUMO_URL: ENDPOINT, ...input });

describe('sumo.toPayload', () => {
  it('maps a SignUp to a log', () => {
    expect(overTheWire(sumo.toPayload(toFull('SignUp'), parse(), NOW))).toMatchInlineSnapshot(`
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
        "email": "j+smith@example.com",
        "emailVerified": true,
        "event": "SignUp",
        "familyName": "Smith",
        "gclid": "Cj0KCQ",
        "givenName": "John",
        "hostname": "example.auth0.com",
        "id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
        "ip": "13.33.86.47",
        "language": "en",
        "lastLogin": "2026-01-30T09:00:00.000Z",
        "latitude": 47.61793,
        "loginsCount": 1,
        "longitude": -122.19584,
        "methods": [
          "mfa",
          "passkey",
        ],
        "mfa": true,
        "name": "j+smith@example.com",
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
        "strategy": "auth0",
        "tenant": "example",
        "timeZone": "America/Los_Angeles",
        "timestamp": "2026-01-31T11:59:00.123Z",
        "type": "SignUp",
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
        "username": "jsmith",
        "utm_campaign": "winter-sale",
        "utm_source": "newsletter",
      }
    `);
  });

  it('has the time of the event as its first timestamp, whatever properties there are', () => {
    const activity = {
      ...LOGIN,
      properties: { since: new Date(0) },
      user: { ...LOGIN.user, properties: { timestamp: '1999-01-01T00:00:00.000Z', until: new Date(0) } },
    };
    const json = JSON.stringify(sumo.toPayload(activity, parse(), NOW));
    expect(json).toMatch(`{"timestamp":"${NOW.toISOString()}"`);
  });

  it('names the events as the secrets do', () => {
    const secrets = parse({ SUMO_SIGNUP_EVENT: 'users.signup', SUMO_LOGIN_EVENT: 'users.login' });
    expect(sumo.toPayload(SIGN_UP, secrets, NOW)).toMatchObject({ type: 'SignUp', event: 'users.signup' });
    expect(sumo.toPayload(LOGIN, secrets, NOW)).toMatchObject({ type: 'Login', event: 'users.login' });
  });
});

describe('sumo.send', () => {
  it('sends one log a line, under its category', async () => {
    network.respond(ENDPOINT, 200);
    await send(sumo, [SIGN_UP, LOGIN], parse());
    expect(network.requests).toMatchObject([
      { method: 'POST', url: ENDPOINT, headers: { 'x-sumo-category': 'auth0/activity' } },
    ]);
    const [request] = network.requests;
    expect(request?.headers).not.toHaveProperty('x-sumo-name');
    expect(request?.headers).not.toHaveProperty('x-sumo-fields');
    expect(request?.text.split('\n').map((line) => JSON.parse(line))).toEqual(
      [SIGN_UP, LOGIN].map((activity) => overTheWire(sumo.toPayload(activity, parse(), NOW))),
    );
  });

  it('sends the category, name and fields of the secrets', async () => {
    network.respond(ENDPOINT, 200);
    const secrets = {
      SUMO_CATEGORY: 'prod/auth0',
      SUMO_NAME: 'logins',
      SUMO_FIELDS: 'env=prod,team=identity',
    };
    await send(sumo, [LOGIN], parse(secrets));
    expect(network.requests[0]?.headers).toMatchObject({
      'x-sumo-category': 'prod/auth0',
      'x-sumo-name': 'logins',
      'x-sumo-fields': 'env=prod,team=identity',
    });
  });

  it.each([
    ['a page of HTML', HTML_PAGE],
    ['JSON of another server', { text: 'Success', code: 0 }],
  ])('rejects %s with status 200', async (_, body) => {
    network.respond(ENDPOINT, 200, body);
    await expect(send(sumo, [LOGIN], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  it.each([
    [401, 'RejectedError'],
    [408, 'UnavailableError'],
    [429, 'UnavailableError'],
    [503, 'UnavailableError'],
  ])('reports that Sumo Logic responds with %d', async (status, name) => {
    network.respond(ENDPOINT, status);
    await expect(send(sumo, [LOGIN], parse())).rejects.toMatchObject({ name, status });
  });
});

describe('sumo.secrets', () => {
  it.each([
    ['SUMO_URL', 'http://endpoint4.collection.sumologic.com', 'must be an https URL'],
    ['SUMO_CATEGORY', 'größe', 'must be ASCII characters'],
    ['SUMO_FIELDS', 'env', 'must be name=value,name=value'],
    ['SUMO_FIELDS', 'env=prod,', 'must be name=value,name=value'],
    ['SUMO_FIELDS', 'env=a\nb', 'must be name=value,name=value'],
  ])('reject %s=%j', (name, value, problem) => {
    expect(() => parse({ [name]: value })).toThrow(`${name} ${problem}`);
  });
});
