import { describe, expect, it } from 'vitest';
import { posthog } from '../../actions/posthog.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, SIGN_UP, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const ENDPOINT = 'https://us.i.posthog.com/batch/';
const SUCCESS = { status: 'Ok' };

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) =>
  parseSecrets(posthog, { POSTHOG_API_KEY: 'phc_K3Y', ...input });

describe('posthog.toPayload', () => {
  it('maps a SignUp to an event that sets properties of the person, after those that join the visitor and name the group', () => {
    expect(overTheWire(posthog.toPayload(toFull('SignUp'), parse(), NOW))).toMatchInlineSnapshot(`
      {
        "event": {
          "distinct_id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "event": "user signed up",
          "properties": {
            "$geoip_disable": false,
            "$groups": {
              "organization": "org_juG7cAQ0CymOcVpV",
            },
            "$ip": "13.33.86.47",
            "$is_server": true,
            "$lib": "auth0-login-analytics",
            "$lib_version": "0.1.0",
            "$raw_user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "$referrer": "https://news.example.com/shops",
            "$session_id": "1769860500000",
            "$set": {
              "email": "j+smith@example.com",
              "loginsCount": 1,
              "name": "j+smith@example.com",
              "seats": 3,
            },
            "$set_once": {
              "$initial_gclid": "Cj0KCQ",
              "$initial_referrer": "https://news.example.com/shops",
              "$initial_utm_campaign": "winter-sale",
              "$initial_utm_source": "newsletter",
              "createdAt": "2026-01-31T11:59:00.123Z",
              "signUpApplication": "All Applications",
              "signUpConnection": "Username-Password-Authentication",
            },
            "anonymousId": "0d9e4c1b-visitor",
            "application": "All Applications",
            "asn": "AS13335",
            "city": "Bellevue",
            "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
            "connection": "Username-Password-Authentication",
            "continent": "NA",
            "country": "US",
            "createdAt": "2026-01-31T11:59:00.123Z",
            "emailVerified": true,
            "familyName": "Smith",
            "gclid": "Cj0KCQ",
            "givenName": "John",
            "hostname": "example.auth0.com",
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
            "organization": "my-organization",
            "organizationId": "org_juG7cAQ0CymOcVpV",
            "organizationName": "My Organization",
            "phone": "18882352699",
            "picture": "http://www.gravatar.com/avatar/?d=identicon",
            "plan": "gold",
            "protocol": "oidc-basic-profile",
            "region": "Washington",
            "sessionId": "session-1",
            "strategy": "auth0",
            "tenant": "example",
            "timeZone": "America/Los_Angeles",
            "username": "jsmith",
            "utm_campaign": "winter-sale",
            "utm_source": "newsletter",
          },
          "timestamp": "2026-01-31T11:59:00.123Z",
          "uuid": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
        },
        "group": {
          "distinct_id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "event": "$groupidentify",
          "properties": {
            "$geoip_disable": false,
            "$group_key": "org_juG7cAQ0CymOcVpV",
            "$group_set": {
              "name": "My Organization",
            },
            "$group_type": "organization",
            "$ip": "13.33.86.47",
            "$is_server": true,
            "$lib": "auth0-login-analytics",
            "$lib_version": "0.1.0",
          },
          "timestamp": "2026-01-31T11:59:00.123Z",
          "uuid": "ff0d7801-3365-5943-ab19-50b2fef01eb8",
        },
        "identify": {
          "distinct_id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "event": "$identify",
          "properties": {
            "$anon_distinct_id": "0d9e4c1b-visitor",
            "$geoip_disable": false,
            "$ip": "13.33.86.47",
            "$is_server": true,
            "$lib": "auth0-login-analytics",
            "$lib_version": "0.1.0",
          },
          "timestamp": "2026-01-31T11:59:00.123Z",
          "uuid": "bc3b4f00-42ee-563b-b0a7-d5c83f20dd4f",
        },
      }
    `);
  });

  it('maps a Login to an event of its own name, id and time', () => {
    expect(posthog.toPayload(LOGIN, parse(), NOW).event).toMatchObject({
      event: 'user logged in',
      uuid: LOGIN.id,
      timestamp: NOW,
      properties: { loginsCount: 62 },
    });
  });

  it('sets what led to the sign-up with the SignUp alone', () => {
    const [signUp, login] = (['SignUp', 'Login'] as const).map(
      (type) => posthog.toPayload(toFull(type), parse(), NOW).event.properties.$set_once,
    );
    expect(signUp).toMatchObject({
      signUpApplication: 'All Applications',
      $initial_utm_source: 'newsletter',
    });
    expect(login).toEqual({ createdAt: LOGIN.user.createdAt });
  });

  it('gives each event of an activity an id of its own, the same on every attempt', () => {
    const [first, second] = [1, 2].map(() =>
      Object.values(posthog.toPayload(toFull('SignUp'), parse(), NOW)).map(({ uuid }) => uuid),
    );
    expect(new Set(first).size).toBe(3);
    expect(second).toEqual(first);
  });

  it('sends the event alone for a user who was no visitor before, outside of organizations', () => {
    expect(Object.keys(posthog.toPayload(LOGIN, parse(), NOW))).toEqual(['event']);
  });

  it('names the events as the secrets do', () => {
    const secrets = parse({ POSTHOG_SIGNUP_EVENT: 'Joined', POSTHOG_LOGIN_EVENT: 'Came back' });
    expect(posthog.toPayload(SIGN_UP, secrets, NOW).event.event).toBe('Joined');
    expect(posthog.toPayload(LOGIN, secrets, NOW).event.event).toBe('Came back');
  });

  it('dates a SignUp at the creation of the profile on every attempt, because PostHog deduplicates by time', () => {
    const attempts = [NOW, new Date(NOW.getTime() + 5000)].map((time) =>
      posthog.toPayload({ ...SIGN_UP, time }, parse(), NOW),
    );
    expect(attempts.map(({ event }) => event.timestamp)).toEqual([
      SIGN_UP.user.createdAt,
      SIGN_UP.user.createdAt,
    ]);
  });

  it.each([
    ['looks up an IPv4 address', '192.0.2.1', { $ip: '192.0.2.1', $geoip_disable: false }],
    ['looks up an IPv6 address', '2001:db8::1', { $ip: '2001:db8::1', $geoip_disable: false }],
    ['does not look up a hash', '5f7c8ec7c33c6c00', { $ip: '5f7c8ec7c33c6c00', $geoip_disable: true }],
    ['does not store the address that Auth0 calls from', undefined, { $ip: '0.0.0.0', $geoip_disable: true }],
  ])('%s', (_, ip, properties) => {
    const payload = posthog.toPayload({ ...toFull('Login'), request: { ip } }, parse(), NOW);
    // PostHog would move the person by any of them.
    for (const event of Object.values(payload)) expect(event).toMatchObject({ properties });
  });
});

describe('posthog.send', () => {
  it('sends one event', async () => {
    network.respond(ENDPOINT, 200, SUCCESS);
    await send(posthog, [LOGIN], parse());
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: { 'content-type': 'application/json' },
      },
    ]);
    expect(network.requests[0]?.body).toEqual(
      overTheWire({ api_key: 'phc_K3Y', batch: [posthog.toPayload(LOGIN, parse(), NOW).event] }),
    );
  });

  it('sends the events of an activity in one request', async () => {
    network.respond(ENDPOINT, 200, SUCCESS);
    await send(posthog, [toFull('SignUp')], parse());
    const events = ['$identify', '$groupidentify', 'user signed up'];
    expect(network.requests).toMatchObject([{ body: { batch: events.map((event) => ({ event })) } }]);
  });

  it('sends a batch as one request, the same on every attempt', async () => {
    network.respond(ENDPOINT, 200, SUCCESS);
    await send(posthog, [SIGN_UP, LOGIN], parse());
    await send(posthog, [SIGN_UP, LOGIN], parse());
    const [first, second] = network.requests;
    expect(first).toMatchObject({ body: { batch: [{ uuid: SIGN_UP.id }, { uuid: LOGIN.id }] } });
    expect(second).toEqual(first);
  });

  it.each([
    ['the US', { POSTHOG_REGION: 'us' }, ENDPOINT],
    ['the EU', { POSTHOG_REGION: 'eu' }, 'https://eu.i.posthog.com/batch/'],
    ['another server', { POSTHOG_HOST: 'https://posthog.acme.com/' }, 'https://posthog.acme.com/batch/'],
    ['a path', { POSTHOG_HOST: 'https://acme.com/ingest' }, 'https://acme.com/ingest/batch/'],
    [
      'another server, whatever the region',
      { POSTHOG_HOST: 'https://posthog.acme.com:8443', POSTHOG_REGION: 'eu' },
      'https://posthog.acme.com:8443/batch/',
    ],
  ])('sends to %s', async (_, input, url) => {
    network.respond(url, 200, SUCCESS);
    await send(posthog, [LOGIN], parse(input));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it.each([{ status: 'Ok' }, { status: 'ok' }, { status: 1 }])(
    'resolves when PostHog accepts with %j',
    async (body) => {
      network.respond(ENDPOINT, 200, body);
      await expect(send(posthog, [SIGN_UP, LOGIN], parse())).resolves.toBeUndefined();
    },
  );

  it.each([
    ['a page of HTML', 200, HTML_PAGE],
    ["Splunk's JSON", 200, { text: 'Success', code: 0 }],
    ["Mixpanel's JSON", 200, { code: 200, status: 'OK' }],
    ['nothing', 200, ''],
    ['nothing', 204, undefined],
  ])('rejects %s with status %d', async (_, status, body) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(posthog, [LOGIN], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  it.each([
    [400, 'request holds no event', 'RejectedError'],
    [401, 'API key is not valid: personal_api_key', 'RejectedError'],
    [413, 'maximum event size exceeded', 'RejectedError'],
    [429, 'rate limited', 'UnavailableError'],
    [503, 'transient error, please retry', 'UnavailableError'],
  ])('reports why PostHog responds with %d', async (status, body, name) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(posthog, [LOGIN], parse())).rejects.toMatchObject({
      name,
      status,
      vendorMessage: body,
    });
  });
});

describe('posthog.secrets', () => {
  it('reject a region that PostHog does not have', () => {
    expect(() => parse({ POSTHOG_REGION: 'ap' })).toThrow('POSTHOG_REGION must be us or eu');
  });
});
