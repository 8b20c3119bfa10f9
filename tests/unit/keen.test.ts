import { describe, expect, it } from 'vitest';
import { keen } from '../../actions/keen.ts';
import type { Activity } from '../../lib/activity.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, SIGN_UP, someSignUps, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const REQUIRED = { KEENIO_PROJECT_ID: '5f1d9a6e', KEENIO_WRITE_KEY: 'WR1TE' };
const ENDPOINT = 'https://api.keen.io/3.0/projects/5f1d9a6e/events';
const ACCEPTED = { success: true };
const REJECTED = { success: false, error: { name: 'InvalidEvent', description: 'Too many properties' } };
const [ANOTHER] = someSignUps(1) as [Activity];

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) => parseSecrets(keen, { ...REQUIRED, ...input });
const WITH_LOGINS = { KEENIO_LOGIN_COLLECTION: 'logins' };

describe('keen.toPayload', () => {
  it('maps a SignUp to an event', () => {
    expect(overTheWire(keen.toPayload(toFull('SignUp'), parse(), NOW))).toMatchInlineSnapshot(`
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
        "familyName": "Smith",
        "gclid": "Cj0KCQ",
        "givenName": "John",
        "hostname": "example.auth0.com",
        "id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
        "ip": "13.33.86.47",
        "keen": {
          "timestamp": "2026-01-31T11:59:00.123Z",
          "uniqueness_token": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
        },
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
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
        "username": "jsmith",
        "utm_campaign": "winter-sale",
        "utm_source": "newsletter",
      }
    `);
  });

  it('maps a Login to an event of its own id and time', () => {
    expect(keen.toPayload(LOGIN, parse(), NOW)).toMatchObject({
      id: LOGIN.id,
      loginsCount: 62,
      keen: { timestamp: NOW, uniqueness_token: LOGIN.id },
    });
  });

  it("keeps every field of Auth0's Rule", () => {
    expect(keen.toPayload(SIGN_UP, parse(), NOW)).toMatchObject({
      userId: 'auth0|5f7c8ec7c33c6c004bbafe82',
      name: 'j+smith@example.com',
      ip: '13.33.86.47',
    });
  });

  // https://keen.io/docs/api/#data-modeling
  it('uses names and a token that Keen accepts', () => {
    const payload = keen.toPayload(SIGN_UP, parse({ KEENIO_ADDONS: 'true' }), NOW);
    const { keen: reserved, ...properties } = payload;
    expect(Object.keys(properties).filter((name) => !/^[a-z]\w*$/i.test(name))).toEqual([]);
    expect(reserved.uniqueness_token.length).toBeLessThanOrEqual(64);
  });

  const GEO = { name: 'keen:ip_to_geo', input: { ip: 'ip' }, output: 'ipGeo' };
  const BROWSER = { name: 'keen:ua_parser', input: { ua_string: 'userAgent' }, output: 'userAgentInfo' };
  const getAddons = (request: Activity['request'], KEENIO_ADDONS: string) =>
    keen.toPayload({ ...SIGN_UP, request }, parse({ KEENIO_ADDONS }), NOW).keen.addons;

  it.each([
    [{ ip: '192.0.2.1', userAgent: 'curl' }, [GEO, BROWSER]],
    [{ ip: '192.0.2.1' }, [GEO]],
    [{ ip: 'c0ffee', userAgent: 'curl' }, [BROWSER]],
    [{}, []],
  ])('has Keen enrich what the request has: %j', (request, addons) => {
    expect(getAddons(request, 'true')).toEqual(addons);
  });

  it('asks for no enrichment with KEENIO_ADDONS=false', () => {
    expect(getAddons({ ip: '192.0.2.1', userAgent: 'curl' }, 'false')).toBeUndefined();
  });
});

describe('keen.getSkipReason', () => {
  it('skips Logins without a collection for them', () => {
    expect(keen.getSkipReason?.(LOGIN, parse())).toBe('KEENIO_LOGIN_COLLECTION is not set');
    expect(keen.getSkipReason?.(LOGIN, parse(WITH_LOGINS))).toBeUndefined();
    expect(keen.getSkipReason?.(SIGN_UP, parse())).toBeUndefined();
  });
});

describe('keen.send', () => {
  it('sends one event to the collection for SignUps', async () => {
    network.respond(ENDPOINT, 200, { signups: [ACCEPTED] });
    await send(keen, [SIGN_UP], parse());
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: { authorization: 'WR1TE', 'content-type': 'application/json' },
      },
    ]);
    expect(network.requests[0]?.body).toEqual(
      overTheWire({ signups: [keen.toPayload(SIGN_UP, parse(), NOW)] }),
    );
  });

  it('sends a batch as one request, by collection', async () => {
    network.respond(ENDPOINT, 200, { signups: [ACCEPTED, ACCEPTED], logins: [ACCEPTED] });
    await send(keen, [SIGN_UP, LOGIN, ANOTHER], parse(WITH_LOGINS));
    expect(network.requests).toMatchObject([
      { body: { signups: [{ id: SIGN_UP.id }, { id: ANOTHER.id }], logins: [{ id: LOGIN.id }] } },
    ]);
  });

  it('sends SignUps and Logins that share a collection as one list', async () => {
    network.respond(ENDPOINT, 200, { signups: [ACCEPTED, ACCEPTED, ACCEPTED] });
    await send(keen, [SIGN_UP, LOGIN, ANOTHER], parse({ KEENIO_LOGIN_COLLECTION: 'signups' }));
    expect(network.requests).toMatchObject([
      { body: { signups: [{ id: SIGN_UP.id }, { id: LOGIN.id }, { id: ANOTHER.id }] } },
    ]);
  });

  it.each([
    ['a custom collection', { KEENIO_SIGNUP_COLLECTION: 'new users/2026' }, ENDPOINT, 'new users/2026'],
    [
      'another server',
      { KEENIO_URL: 'https://keen.acme.com/api/' },
      'https://keen.acme.com/api/3.0/projects/5f1d9a6e/events',
      'signups',
    ],
    [
      'a project with reserved characters in its id',
      { KEENIO_PROJECT_ID: 'a/b?c' },
      'https://api.keen.io/3.0/projects/a%2Fb%3Fc/events',
      'signups',
    ],
  ])('sends to %s', async (_, input, url, collection) => {
    network.respond(url, 200, { [collection]: [ACCEPTED] });
    await send(keen, [SIGN_UP], parse(input));
    expect(network.requests).toMatchObject([{ url, body: { [collection]: [{ id: SIGN_UP.id }] } }]);
  });

  it('names the events of a batch that were rejected', async () => {
    network.respond(ENDPOINT, 200, { signups: [ACCEPTED, REJECTED], logins: [ACCEPTED] });
    await expect(send(keen, [SIGN_UP, LOGIN, ANOTHER], parse(WITH_LOGINS))).rejects.toMatchObject({
      name: 'RejectedError',
      vendorMessage: 'Too many properties',
      rejected: [ANOTHER],
      othersAccepted: true,
    });
  });

  it.each([
    ['a page of HTML', 200, HTML_PAGE],
    ["Splunk's JSON", 200, { text: 'Success', code: 0 }],
    ['the response to a single event', 201, { created: true }],
    ['nothing', 200, ''],
    ['nothing', 204, undefined],
    ['null', 200, 'null'],
    ['a result that is no list', 200, { signups: true }],
    ['results that are no objects', 200, { signups: [true, true], logins: [true] }],
    ['a result too few', 200, { signups: [ACCEPTED], logins: [ACCEPTED] }],
    ['a result too many', 200, { signups: [ACCEPTED, ACCEPTED, ACCEPTED], logins: [ACCEPTED] }],
    ['no results of a collection', 200, { signups: [ACCEPTED, ACCEPTED] }],
  ])('rejects %s with status %d', async (_, status, body) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(keen, [SIGN_UP, LOGIN, ANOTHER], parse(WITH_LOGINS))).rejects.toMatchObject(
      FOREIGN_RESPONSE,
    );
  });

  it.each([
    [400, { message: 'Invalid JSON', error_code: 'InvalidJSONError' }, 'RejectedError'],
    [401, { message: 'Unknown key', error_code: 'InvalidApiKeyError' }, 'RejectedError'],
    [503, { message: 'Try again', error_code: 'Unavailable' }, 'UnavailableError'],
  ])('reports why Keen responds with %d', async (status, body, name) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(keen, [SIGN_UP], parse())).rejects.toMatchObject({
      name,
      status,
      vendorMessage: body.message,
    });
  });
});
