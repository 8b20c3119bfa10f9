import { describe, expect, it } from 'vitest';
import { posthog } from '../../actions/posthog.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, SIGN_UP } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const ENDPOINT = 'https://us.i.posthog.com/batch/';
const SUCCESS = { status: 'Ok' };

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) =>
  parseSecrets(posthog, { POSTHOG_API_KEY: 'phc_K3Y', ...input });

describe('posthog.toPayload', () => {
  it('maps a SignUp to an event that also sets properties of the person', () => {
    expect(posthog.toPayload(SIGN_UP, parse(), NOW)).toMatchInlineSnapshot(`
      {
        "distinct_id": "auth0|5f7c8ec7c33c6c004bbafe82",
        "event": "user signed up",
        "properties": {
          "$geoip_disable": false,
          "$ip": "13.33.86.47",
          "$is_server": true,
          "$lib": "auth0-login-analytics",
          "$lib_version": "0.1.0",
          "$raw_user_agent": "curl/7.64.1",
          "$session_id": undefined,
          "$set": {
            "email": "j+smith@example.com",
            "loginsCount": 1,
            "name": "j+smith@example.com",
          },
          "$set_once": {
            "$initial_referrer": undefined,
            "createdAt": 2026-01-31T11:59:00.123Z,
            "signUpApplication": "All Applications",
            "signUpConnection": "Username-Password-Authentication",
          },
          "anonymousId": undefined,
          "application": "All Applications",
          "asn": "AS13335",
          "auth0Id": undefined,
          "city": "Bellevue",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "continent": "NA",
          "country": "US",
          "createdAt": 2026-01-31T11:59:00.123Z,
          "emailVerified": true,
          "familyName": "Smith",
          "givenName": "John",
          "hostname": "example.auth0.com",
          "language": "en",
          "lastLogin": undefined,
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
          "protocol": "oidc-basic-profile",
          "referrer": undefined,
          "region": "Washington",
          "sessionId": undefined,
          "strategy": "auth0",
          "tenant": "example",
          "timeZone": "America/Los_Angeles",
          "username": "jsmith",
        },
        "timestamp": 2026-01-31T11:59:00.123Z,
        "uuid": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
      }
    `);
  });

  it('maps a Login to an event of its own name, id and time', () => {
    expect(posthog.toPayload(LOGIN, parse(), NOW)).toMatchObject({
      event: 'user logged in',
      uuid: LOGIN.id,
      timestamp: NOW,
      properties: { loginsCount: 62 },
    });
  });

  it('names the events as the secrets do', () => {
    const secrets = parse({ POSTHOG_SIGNUP_EVENT: 'Joined', POSTHOG_LOGIN_EVENT: 'Came back' });
    expect(posthog.toPayload(SIGN_UP, secrets, NOW).event).toBe('Joined');
    expect(posthog.toPayload(LOGIN, secrets, NOW).event).toBe('Came back');
  });

  it('dates a SignUp at the creation of the profile on every attempt, because PostHog deduplicates by time', () => {
    const attempts = [NOW, new Date(NOW.getTime() + 5000)].map((time) =>
      posthog.toPayload({ ...SIGN_UP, time }, parse(), NOW),
    );
    expect(attempts.map(({ timestamp }) => timestamp)).toEqual([
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
    expect(posthog.toPayload({ ...LOGIN, request: { ip } }, parse(), NOW)).toMatchObject({ properties });
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
      overTheWire({ api_key: 'phc_K3Y', batch: [posthog.toPayload(LOGIN, parse(), NOW)] }),
    );
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
