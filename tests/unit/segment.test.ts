import { describe, expect, it, vi } from 'vitest';
import { segment } from '../../actions/segment.ts';
import { type Activity, toLogin } from '../../lib/activity.ts';
import { parseSecrets } from '../../lib/settings.ts';
import type { Activities } from '../../lib/sink.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, login, SIGN_UP, someLogins } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const LATER = new Date('2026-01-31T12:00:30.000Z');
const ENDPOINT = 'https://api.segment.io/v1/batch';
const SUCCESS = { success: true };

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) =>
  parseSecrets(segment, { SEGMENT_WRITE_KEY: 'WR1TE', ...input });

/** The two calls of an activity, as the SDK sends them. */
const getCalls = (activity: Activity): unknown => {
  const { identify, track } = segment.toPayload(activity, parse(), NOW);
  return overTheWire([
    { type: 'identify', ...identify },
    { type: 'track', ...track },
  ]);
};

describe('segment.toPayload', () => {
  it('maps a SignUp to an identify and a track call', () => {
    expect(segment.toPayload(SIGN_UP, parse(), NOW)).toMatchInlineSnapshot(`
      {
        "identify": {
          "context": {
            "campaign": {
              "content": undefined,
              "medium": undefined,
              "name": undefined,
              "source": undefined,
              "term": undefined,
            },
            "groupId": undefined,
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
              "referrer": undefined,
            },
            "timezone": "America/Los_Angeles",
            "traits": {
              "email": "j+smith@example.com",
              "name": "j+smith@example.com",
            },
            "userAgent": "curl/7.64.1",
          },
          "messageId": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806-identify",
          "timestamp": 2026-01-31T11:59:00.123Z,
          "traits": {
            "avatar": "http://www.gravatar.com/avatar/?d=identicon",
            "company": undefined,
            "createdAt": 2026-01-31T11:59:00.123Z,
            "email": "j+smith@example.com",
            "firstName": "John",
            "lastName": "Smith",
            "last_login": undefined,
            "login_count": 1,
            "name": "j+smith@example.com",
            "phone": "18882352699",
            "signed_up": 2026-01-31T11:59:00.123Z,
            "username": "jsmith",
          },
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
        },
        "track": {
          "context": {
            "campaign": {
              "content": undefined,
              "medium": undefined,
              "name": undefined,
              "source": undefined,
              "term": undefined,
            },
            "groupId": undefined,
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
              "referrer": undefined,
            },
            "timezone": "America/Los_Angeles",
            "traits": {
              "email": "j+smith@example.com",
              "name": "j+smith@example.com",
            },
            "userAgent": "curl/7.64.1",
          },
          "event": "Signed Up",
          "messageId": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
          "properties": {
            "agent": "curl/7.64.1",
            "anonymousId": undefined,
            "application": "All Applications",
            "asn": "AS13335",
            "auth0Id": undefined,
            "city": "Bellevue",
            "clientID": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
            "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
            "clientName": "All Applications",
            "connection": "Username-Password-Authentication",
            "continent": "NA",
            "country": "US",
            "createdAt": 2026-01-31T11:59:00.123Z,
            "emailVerified": true,
            "familyName": "Smith",
            "givenName": "John",
            "hostname": "example.auth0.com",
            "ip": "13.33.86.47",
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
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
        },
      }
    `);
  });

  it('maps a Login to calls of their own name, ids and time', () => {
    expect(segment.toPayload(LOGIN, parse(), NOW)).toMatchObject({
      identify: { messageId: `${LOGIN.id}-identify`, timestamp: NOW, traits: { login_count: 62 } },
      track: { event: 'Logged In', messageId: LOGIN.id, timestamp: NOW, properties: { loginsCount: 62 } },
    });
  });

  it('gives each call an id of its own that Segment accepts', () => {
    const ids = [SIGN_UP, LOGIN].flatMap((activity) => {
      const { identify, track } = segment.toPayload(activity, parse(), NOW);
      return [identify.messageId, track.messageId];
    });
    expect(new Set(ids).size).toBe(4);
    expect(Math.max(...ids.map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  it('keeps every field of the Rule it replaces', () => {
    const event = login({ user: { ...login().user, last_login: '2026-01-31T11:59:59.000Z' } });
    const context = { userAgent: 'curl/7.64.1', ip: '13.33.86.47' };
    expect(segment.toPayload(toLogin(event, NOW), parse(), NOW)).toMatchObject({
      identify: {
        userId: 'auth0|5f7c8ec7c33c6c004bbafe82',
        traits: {
          email: 'j+smith@example.com',
          signed_up: new Date('2019-05-04T10:20:30.000Z'),
          login_count: 62,
          last_login: new Date('2026-01-31T11:59:59.000Z'),
        },
        context,
      },
      track: {
        userId: 'auth0|5f7c8ec7c33c6c004bbafe82',
        event: 'Logged In',
        properties: {
          clientName: 'All Applications',
          clientID: 'gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR',
          connection: 'Username-Password-Authentication',
        },
        context,
      },
    });
  });

  it('names the events, and passes on the integrations, as the secrets do', () => {
    const secrets = parse({ SEGMENT_LOGIN_EVENT: 'Came back', SEGMENT_INTEGRATIONS: '{"All":false}' });
    expect(segment.toPayload(LOGIN, secrets, NOW)).toMatchObject({
      identify: { integrations: { All: false } },
      track: { integrations: { All: false }, event: 'Came back' },
    });
  });

  it.each([
    ['names the IP address in the context', '192.0.2.1', '192.0.2.1'],
    ['keeps a hash out of the context', 'c0ffee', '0.0.0.0'],
    ["keeps the sender's address out of the context", undefined, '0.0.0.0'],
  ])('%s', (_, ip, contextIp) => {
    const { identify, track } = segment.toPayload({ ...LOGIN, request: { ip } }, parse(), NOW);
    expect([identify.context.ip, track.context.ip]).toEqual([contextIp, contextIp]);
    expect(track.properties.ip).toBe(ip);
  });
});

describe('segment.send', () => {
  it('sends both calls in one request', async () => {
    network.respond(ENDPOINT, 200, SUCCESS);
    await send(segment, [LOGIN], parse());
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: { authorization: `Basic ${btoa('WR1TE:')}`, 'content-type': 'application/json' },
        body: { batch: getCalls(LOGIN), sentAt: NOW.toISOString(), writeKey: 'WR1TE' },
      },
    ]);
  });

  it.each([1, 2, 50])('sends a batch of %d activities as one request', async (count) => {
    network.respond(ENDPOINT, 200, SUCCESS);
    const activities = someLogins(count);
    await send(segment, activities as readonly Activity[] as Activities, parse());
    expect(network.requests).toMatchObject([{ body: { batch: activities.flatMap(getCalls) } }]);
  });

  it('sends the same on every attempt but for the time of sending', async () => {
    network.respond(ENDPOINT, 200, SUCCESS);
    await send(segment, [SIGN_UP, LOGIN], parse());
    vi.setSystemTime(LATER);
    await send(segment, [SIGN_UP, LOGIN], parse());
    const [first, second] = network.requests.map(({ body }) => body as object);
    expect(first).toMatchObject({ sentAt: NOW.toISOString() });
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
    await send(segment, [LOGIN], parse(input));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it.each([
    ['Segment', SUCCESS],
    ['RudderStack', '"OK"'],
  ])('resolves when %s accepts', async (_, body) => {
    network.respond(ENDPOINT, 200, body);
    await expect(send(segment, [SIGN_UP, LOGIN], parse())).resolves.toBeUndefined();
  });

  it.each([
    ['a page of HTML', 200, HTML_PAGE],
    ["Splunk's JSON", 200, { text: 'Success', code: 0 }],
    ['a failure', 200, { success: false }],
    ['nothing', 200, ''],
    ['nothing', 204, undefined],
  ])('rejects %s with status %d', async (_, status, body) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(segment, [LOGIN], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  it.each([
    [400, { message: 'Too large' }, 'RejectedError'],
    [429, { message: 'Slow down' }, 'UnavailableError'],
    [500, { message: 'Try again' }, 'UnavailableError'],
  ])('reports why Segment responds with %d, after one request', async (status, body, name) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(segment, [LOGIN], parse())).rejects.toMatchObject({
      name,
      status,
      vendorMessage: body.message,
    });
    expect(network.requests).toHaveLength(1);
  });
});
