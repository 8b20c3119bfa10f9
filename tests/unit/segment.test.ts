import { describe, expect, it, vi } from 'vitest';
import { onExecutePostLogin, segment, toPayload } from '../../actions/segment.ts';
import { type Activity, toLogin, toSignUp } from '../../lib/activity.ts';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import { readSecrets } from '../../lib/secrets.ts';
import { execute } from '../support/api.ts';
import { NOW, stoppedClock } from '../support/clock.ts';
import { withinDeadline } from '../support/deadline.ts';
import { login, signUp } from '../support/events.ts';
import { fakeNetwork } from '../support/network.ts';

const LATER = new Date('2026-01-31T12:00:30.000Z');
const LOGIN = toLogin(login({ user: { ...login().user, last_login: '2026-01-31T11:59:59.000Z' } }), NOW);
const SIGN_UP = toSignUp(LOGIN, 7);

const REQUIRED = { SEGMENT_WRITE_KEY: 'WR1TE' };
const ENDPOINT = 'https://api.segment.io/v1/batch';
const SUCCESS = { success: true };

const network = fakeNetwork();

const configured = (given: Record<string, string> = {}) =>
  readSecrets(segment.secrets, { ...REQUIRED, ...given });

/** As the library sends the two calls: it adds what it is. */
const calls = (activity: Activity, given: Record<string, string> = {}): unknown => {
  const { identify, track } = toPayload(activity, configured(given));
  return JSON.parse(
    JSON.stringify([
      { type: 'identify', ...identify },
      { type: 'track', ...track },
    ]),
  );
};

const sentBatches = () => network.requests.map(({ body }) => JSON.parse(body));

stoppedClock();

describe('the calls', () => {
  it('of a SignUp', () => {
    expect(toPayload(SIGN_UP, configured())).toMatchInlineSnapshot(`
      {
        "identify": {
          "context": {
            "groupId": "org_juG7cAQ0CymOcVpV",
            "ip": "13.33.86.47",
            "userAgent": "curl/7.64.1",
          },
          "messageId": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806-identify",
          "timestamp": 2026-01-31T12:00:00.123Z,
          "traits": {
            "createdAt": 2019-05-04T10:20:30.000Z,
            "email": "j+smith@example.com",
            "last_login": 2026-01-31T11:59:59.000Z,
            "login_count": 62,
            "name": "j+smith@example.com",
            "signed_up": 2019-05-04T10:20:30.000Z,
          },
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
        },
        "track": {
          "context": {
            "groupId": "org_juG7cAQ0CymOcVpV",
            "ip": "13.33.86.47",
            "userAgent": "curl/7.64.1",
          },
          "event": "Signed Up",
          "messageId": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
          "properties": {
            "city": "Bellevue",
            "clientID": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
            "clientName": "All Applications",
            "connection": "Username-Password-Authentication",
            "country": "US",
            "createdAt": 2019-05-04T10:20:30.000Z,
            "lastLogin": 2026-01-31T11:59:59.000Z,
            "loginsCount": 62,
            "organization": "my-organization",
            "organizationId": "org_juG7cAQ0CymOcVpV",
            "protocol": "oidc-basic-profile",
            "strategy": "auth0",
            "tenant": "example",
          },
          "timestamp": 2026-01-31T12:00:00.123Z,
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
        },
      }
    `);
  });

  it('of a Login', () => {
    expect(toPayload(LOGIN, configured())).toMatchInlineSnapshot(`
      {
        "identify": {
          "context": {
            "groupId": "org_juG7cAQ0CymOcVpV",
            "ip": "13.33.86.47",
            "userAgent": "curl/7.64.1",
          },
          "messageId": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858-identify",
          "timestamp": 2026-01-31T12:00:00.123Z,
          "traits": {
            "createdAt": 2019-05-04T10:20:30.000Z,
            "email": "j+smith@example.com",
            "last_login": 2026-01-31T11:59:59.000Z,
            "login_count": 62,
            "name": "j+smith@example.com",
            "signed_up": 2019-05-04T10:20:30.000Z,
          },
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
        },
        "track": {
          "context": {
            "groupId": "org_juG7cAQ0CymOcVpV",
            "ip": "13.33.86.47",
            "userAgent": "curl/7.64.1",
          },
          "event": "Logged In",
          "messageId": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858",
          "properties": {
            "city": "Bellevue",
            "clientID": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
            "clientName": "All Applications",
            "connection": "Username-Password-Authentication",
            "country": "US",
            "createdAt": 2019-05-04T10:20:30.000Z,
            "lastLogin": 2026-01-31T11:59:59.000Z,
            "loginsCount": 62,
            "organization": "my-organization",
            "organizationId": "org_juG7cAQ0CymOcVpV",
            "protocol": "oidc-basic-profile",
            "strategy": "auth0",
            "tenant": "example",
          },
          "timestamp": 2026-01-31T12:00:00.123Z,
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
        },
      }
    `);
  });

  it('have ids of their own', () => {
    const ids = [SIGN_UP, LOGIN].flatMap((activity) => {
      const { identify, track } = toPayload(activity, configured());
      return [identify.messageId, track.messageId];
    });
    expect(new Set(ids).size).toBe(4);
    expect(Math.max(...ids.map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  it('have every field of the Rule they replace, by its name', () => {
    const context = { userAgent: 'curl/7.64.1', ip: '13.33.86.47' };
    expect(toPayload(LOGIN, configured())).toMatchObject({
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
});

describe('a login', () => {
  const record = async (given: Record<string, string> = {}, url = ENDPOINT): Promise<void> => {
    network.answer(url, 200, SUCCESS);
    await execute(onExecutePostLogin, login({ secrets: { ...REQUIRED, ...given } }));
  };

  it('is one request to Segment', async () => {
    await record();
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: { authorization: `Basic ${btoa('WR1TE:')}`, 'content-type': 'application/json' },
      },
    ]);
    const activity = toLogin(login(), NOW);
    expect(sentBatches()).toMatchObject([
      { batch: calls(activity), sentAt: NOW.toISOString(), writeKey: 'WR1TE' },
    ]);
  });

  it.each([
    ['the USA', { SEGMENT_REGION: 'us' }, ENDPOINT],
    ['Europe', { SEGMENT_REGION: 'eu' }, 'https://events.eu1.segmentapis.com/v1/batch'],
    ['another server', { SEGMENT_HOST: 'https://rudder.acme.com/' }, 'https://rudder.acme.com/v1/batch'],
    ['a path', { SEGMENT_HOST: 'https://acme.com/rudder' }, 'https://acme.com/rudder/v1/batch'],
    [
      'another server whatever the region',
      { SEGMENT_HOST: 'https://rudder.acme.com:8443', SEGMENT_REGION: 'eu' },
      'https://rudder.acme.com:8443/v1/batch',
    ],
  ])('goes to %s', async (_, given, url) => {
    await record(given, url);
    expect(network.requests).toMatchObject([{ url }]);
  });

  it('has the event names and integrations of the secrets', async () => {
    await record({ SEGMENT_LOGIN_EVENT: 'Came back', SEGMENT_INTEGRATIONS: '{"All":false}' });
    expect(sentBatches()).toMatchObject([
      {
        batch: [
          { type: 'identify', integrations: { All: false } },
          { type: 'track', integrations: { All: false }, event: 'Came back' },
        ],
      },
    ]);
  });

  it('of a new user is a SignUp, and marked', async () => {
    network.answer(ENDPOINT, 200, SUCCESS);
    const { metadata } = await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(sentBatches()).toMatchObject([{ batch: [{ type: 'identify' }, { event: 'Signed Up' }] }]);
    expect(metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { segment: true } }]);
  });

  it("never forwards the identity provider's access token", async () => {
    expect(login().user.identities[0]).toHaveProperty('accessToken');
    await record();
    expect(network.requests).toHaveLength(1);
    expect(network.requests[0]?.body).not.toMatch(/access.?token|identities/i);
  });
});

describe('a batch', () => {
  const send = (activities = [SIGN_UP, LOGIN]): Promise<void> =>
    withinDeadline(1000, (http) => segment.send(activities, configured(), http));

  it.each([1, 2, 50])('of %d activities is one request of twice as many calls', async (count) => {
    network.answer(ENDPOINT, 200, SUCCESS);
    const activities = Array.from({ length: count }, (_, index) => ({ ...LOGIN, id: `id-${index}` }));
    await send(activities);
    expect(sentBatches()).toMatchObject([{ batch: activities.flatMap((activity) => calls(activity)) }]);
  });

  it('is the same on every attempt but for the time of sending', async () => {
    network.answer(ENDPOINT, 200, SUCCESS);
    await send();
    vi.setSystemTime(LATER);
    await send();
    const [first, second] = sentBatches();
    expect(second).toEqual({ ...first, sentAt: LATER.toISOString() });
    expect(first.sentAt).toBe(NOW.toISOString());
  });

  it.each([
    [400, { message: 'Too large' }, RejectedError],
    [429, { message: 'Slow down' }, UnavailableError],
    [500, { message: 'Try again' }, UnavailableError],
  ])('is not accepted by a status of %d, is not repeated, and says why', async (status, body, kind) => {
    network.answer(ENDPOINT, status, body);
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(kind);
    await expect(failure).rejects.toMatchObject({ status, vendorText: body.message });
    expect(network.requests).toHaveLength(1);
  });
});
