import { describe, expect, it, vi } from 'vitest';
import { segmentHttp } from '../../actions/segment-http.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, SIGN_UP, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const LATER = new Date('2026-01-31T12:00:30.000Z');
const ENDPOINT = 'https://api.segment.io/v1/batch';
const SUCCESS = { success: true };

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) =>
  parseSecrets(segmentHttp, { SEGMENT_WRITE_KEY: 'WR1TE', ...input });

describe('segmentHttp.toPayload', () => {
  it('maps a SignUp to calls that say who the user is, of which organization, and what happened', () => {
    expect(overTheWire(segmentHttp.toPayload(toFull('SignUp'), parse(), NOW))).toMatchInlineSnapshot(`
      {
        "group": {
          "anonymousId": "0d9e4c1b-visitor",
          "context": {
            "campaign": {
              "name": "winter-sale",
              "source": "newsletter",
            },
            "groupId": "org_juG7cAQ0CymOcVpV",
            "ip": "13.33.86.47",
            "library": {
              "name": "auth0-login-analytics",
              "version": "0.1.0",
            },
            "locale": "en",
            "location": {
              "city": "Bellevue",
              "country": "United States of America",
              "latitude": 47.61793,
              "longitude": -122.19584,
              "region": "Washington",
            },
            "page": {
              "referrer": "https://news.example.com/shops",
            },
            "timezone": "America/Los_Angeles",
            "traits": {
              "email": "j+smith@example.com",
              "name": "j+smith@example.com",
            },
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
          },
          "groupId": "org_juG7cAQ0CymOcVpV",
          "messageId": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806-group",
          "timestamp": "2026-01-31T11:59:00.123Z",
          "traits": {
            "name": "My Organization",
          },
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
        },
        "identify": {
          "anonymousId": "0d9e4c1b-visitor",
          "context": {
            "campaign": {
              "name": "winter-sale",
              "source": "newsletter",
            },
            "groupId": "org_juG7cAQ0CymOcVpV",
            "ip": "13.33.86.47",
            "library": {
              "name": "auth0-login-analytics",
              "version": "0.1.0",
            },
            "locale": "en",
            "location": {
              "city": "Bellevue",
              "country": "United States of America",
              "latitude": 47.61793,
              "longitude": -122.19584,
              "region": "Washington",
            },
            "page": {
              "referrer": "https://news.example.com/shops",
            },
            "timezone": "America/Los_Angeles",
            "traits": {
              "email": "j+smith@example.com",
              "name": "j+smith@example.com",
            },
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
          },
          "messageId": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806-identify",
          "timestamp": "2026-01-31T11:59:00.123Z",
          "traits": {
            "avatar": "http://www.gravatar.com/avatar/?d=identicon",
            "company": {
              "id": "org_juG7cAQ0CymOcVpV",
              "name": "My Organization",
            },
            "createdAt": "2026-01-31T11:59:00.123Z",
            "email": "j+smith@example.com",
            "firstName": "John",
            "lastName": "Smith",
            "last_login": "2026-01-30T09:00:00.000Z",
            "login_count": 1,
            "name": "j+smith@example.com",
            "phone": "18882352699",
            "seats": 3,
            "signed_up": "2026-01-31T11:59:00.123Z",
            "username": "jsmith",
          },
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
        },
        "track": {
          "anonymousId": "0d9e4c1b-visitor",
          "context": {
            "campaign": {
              "name": "winter-sale",
              "source": "newsletter",
            },
            "groupId": "org_juG7cAQ0CymOcVpV",
            "ip": "13.33.86.47",
            "library": {
              "name": "auth0-login-analytics",
              "version": "0.1.0",
            },
            "locale": "en",
            "location": {
              "city": "Bellevue",
              "country": "United States of America",
              "latitude": 47.61793,
              "longitude": -122.19584,
              "region": "Washington",
            },
            "page": {
              "referrer": "https://news.example.com/shops",
            },
            "timezone": "America/Los_Angeles",
            "traits": {
              "email": "j+smith@example.com",
              "name": "j+smith@example.com",
            },
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
          },
          "event": "Signed Up",
          "messageId": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
          "properties": {
            "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "anonymousId": "0d9e4c1b-visitor",
            "application": "All Applications",
            "asn": "AS13335",
            "city": "Bellevue",
            "clientID": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
            "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
            "clientName": "All Applications",
            "connection": "Username-Password-Authentication",
            "continent": "NA",
            "country": "US",
            "createdAt": "2026-01-31T11:59:00.123Z",
            "emailVerified": true,
            "familyName": "Smith",
            "gclid": "Cj0KCQ",
            "givenName": "John",
            "hostname": "example.auth0.com",
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
            "organization": "my-organization",
            "organizationId": "org_juG7cAQ0CymOcVpV",
            "organizationName": "My Organization",
            "phone": "18882352699",
            "picture": "http://www.gravatar.com/avatar/?d=identicon",
            "plan": "gold",
            "protocol": "oidc-basic-profile",
            "referrer": "https://news.example.com/shops",
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
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
        },
      }
    `);
  });

  it('maps a Login to calls of their own name, ids and time', () => {
    expect(segmentHttp.toPayload(LOGIN, parse(), NOW).track).toMatchObject({
      event: 'Logged In',
      messageId: LOGIN.id,
      timestamp: NOW,
      properties: { loginsCount: 62 },
    });
  });

  it("keeps every field of Auth0's Rule, with its event names as secrets", () => {
    const secrets = parse({
      SEGMENT_SIGNUP_EVENT: 'signup',
      SEGMENT_LOGIN_EVENT: 'login',
      SEGMENT_INTEGRATIONS: '{"All":false}',
    });
    for (const [activity, event] of [
      [SIGN_UP, 'signup'],
      [LOGIN, 'login'],
    ] as const) {
      expect(segmentHttp.toPayload(activity, secrets, NOW).track).toMatchObject({
        userId: 'auth0|5f7c8ec7c33c6c004bbafe82',
        event,
        properties: { application: 'All Applications', ip: '13.33.86.47', agent: 'curl/7.64.1' },
        integrations: { All: false },
      });
    }
  });

  it('gives each call an id of its own that Segment accepts, the same on every attempt', () => {
    const getIds = () =>
      [toFull('SignUp'), toFull('Login')].flatMap((activity) =>
        Object.values(segmentHttp.toPayload(activity, parse(), NOW)).map(({ messageId }) => messageId),
      );
    const ids = getIds();
    expect(new Set(ids).size).toBe(6);
    expect(Math.max(...ids.map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(getIds().slice(0, 3)).toEqual(ids.slice(0, 3));
  });

  it('names the visitor and the organization in every call, as there is one', () => {
    const full = Object.values(segmentHttp.toPayload(toFull('Login'), parse(), NOW));
    expect(full.map(({ anonymousId, context }) => [anonymousId, context.groupId])).toEqual(
      full.map(() => ['0d9e4c1b-visitor', 'org_juG7cAQ0CymOcVpV']),
    );
    const plain = overTheWire(segmentHttp.toPayload(LOGIN, parse(), NOW)) as object;
    expect(Object.keys(plain)).toEqual(['identify', 'track']);
    expect(JSON.stringify(plain)).not.toMatch(/anonymousId|group/);
  });

  it('names the events as the secrets do', () => {
    const secrets = parse({ SEGMENT_SIGNUP_EVENT: 'Joined', SEGMENT_LOGIN_EVENT: 'Came back' });
    expect(segmentHttp.toPayload(SIGN_UP, secrets, NOW).track.event).toBe('Joined');
    expect(segmentHttp.toPayload(LOGIN, secrets, NOW).track.event).toBe('Came back');
  });

  it('passes on the integrations of the secrets', () => {
    const integrations = { All: false, Mixpanel: true, Slack: { channel: '#logins' } };
    const secrets = parse({ SEGMENT_INTEGRATIONS: JSON.stringify(integrations) });
    expect(segmentHttp.toPayload(LOGIN, secrets, NOW).track).toMatchObject({ integrations });
    expect(segmentHttp.toPayload(LOGIN, parse(), NOW).track).not.toHaveProperty('integrations');
  });

  it.each([
    ['names the IP address in the context', '192.0.2.1', '192.0.2.1'],
    ['keeps a hash out of the context', 'c0ffee', '0.0.0.0'],
    ["keeps the sender's address out of the context", undefined, '0.0.0.0'],
  ])('%s', (_, ip, contextIp) => {
    const { track } = segmentHttp.toPayload({ ...LOGIN, request: { ip } }, parse(), NOW);
    expect([track.context.ip, track.properties.ip]).toEqual([contextIp, ip]);
  });
});

describe('segmentHttp.send', () => {
  it('sends the calls of an activity in one request', async () => {
    network.respond(ENDPOINT, 200, SUCCESS);
    const activity = toFull('SignUp');
    await send(segmentHttp, [activity], parse());
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: {
          authorization: `Basic ${btoa('WR1TE:')}`,
          'content-type': 'application/json',
        },
      },
    ]);
    const { identify, group, track } = segmentHttp.toPayload(activity, parse(), NOW);
    expect(network.requests[0]?.body).toEqual(
      overTheWire({
        batch: [
          { type: 'identify', ...identify },
          { type: 'group', ...group },
          { type: 'track', ...track },
        ],
        sentAt: NOW,
        writeKey: 'WR1TE',
      }),
    );
  });

  it('sends a batch as one request, the same on every attempt but for the time of sending', async () => {
    network.respond(ENDPOINT, 200, SUCCESS);
    await send(segmentHttp, [SIGN_UP, LOGIN], parse());
    vi.setSystemTime(LATER);
    await send(segmentHttp, [SIGN_UP, LOGIN], parse());
    const [first, second] = network.requests.map(({ body }) => body as object);
    expect(first).toMatchObject({
      batch: [
        { type: 'identify', messageId: `${SIGN_UP.id}-identify` },
        { type: 'track', messageId: SIGN_UP.id },
        { type: 'identify', messageId: `${LOGIN.id}-identify` },
        { type: 'track', messageId: LOGIN.id },
      ],
      sentAt: NOW.toISOString(),
    });
    expect(second).toEqual({ ...first, sentAt: LATER.toISOString() });
  });

  it.each([
    ['the US', { SEGMENT_REGION: 'us' }, ENDPOINT],
    ['the EU', { SEGMENT_REGION: 'eu' }, 'https://events.eu1.segmentapis.com/v1/batch'],
    ['another server', { SEGMENT_HOST: 'https://rudder.acme.com/' }, 'https://rudder.acme.com/v1/batch'],
    ['a path', { SEGMENT_HOST: 'https://acme.com/rudder' }, 'https://acme.com/rudder/v1/batch'],
    [
      'another server, whatever the region',
      { SEGMENT_HOST: 'https://rudder.acme.com:8443', SEGMENT_REGION: 'eu' },
      'https://rudder.acme.com:8443/v1/batch',
    ],
  ])('sends to %s', async (_, input, url) => {
    network.respond(url, 200, SUCCESS);
    await send(segmentHttp, [LOGIN], parse(input));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it.each([
    ['Segment', SUCCESS],
    ['RudderStack', '"OK"'],
    ['RudderStack without quotes', 'OK'],
  ])('resolves when %s accepts', async (_, body) => {
    network.respond(ENDPOINT, 200, body);
    await expect(send(segmentHttp, [SIGN_UP, LOGIN], parse())).resolves.toBeUndefined();
  });

  it.each([
    ['a page of HTML', 200, HTML_PAGE],
    ["Splunk's JSON", 200, { text: 'Success', code: 0 }],
    ['a failure', 200, { success: false }],
    ['nothing', 200, ''],
    ['nothing', 204, undefined],
  ])('rejects %s with status %d', async (_, status, body) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(segmentHttp, [LOGIN], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  it.each([
    [400, { message: 'Too large' }, 'RejectedError'],
    [429, { message: 'Slow down' }, 'UnavailableError'],
    [500, { message: 'Try again' }, 'UnavailableError'],
  ])('reports why Segment responds with %d', async (status, body, name) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(segmentHttp, [LOGIN], parse())).rejects.toMatchObject({
      name,
      status,
      vendorMessage: body.message,
    });
  });
});

describe('segmentHttp.secrets', () => {
  it.each(['no JSON', '{"All":', 'null', '7', '"All"', '["All"]', '[]', '{"All":"false"}'])(
    'reject the integrations %s',
    (SEGMENT_INTEGRATIONS) => {
      expect(() => parse({ SEGMENT_INTEGRATIONS })).toThrow('SEGMENT_INTEGRATIONS must be a JSON object');
    },
  );

  it('reject a region that Segment does not have', () => {
    expect(() => parse({ SEGMENT_REGION: 'ap' })).toThrow('SEGMENT_REGION must be us or eu');
  });
});
