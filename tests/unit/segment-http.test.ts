import { describe, expect, it, vi } from 'vitest';
import { onExecutePostLogin, segmentHttp, toPayload } from '../../actions/segment-http.ts';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import { readSecrets } from '../../lib/secrets.ts';
import { execute } from '../support/api.ts';
import { NOW, stoppedClock } from '../support/clock.ts';
import { withinDeadline } from '../support/deadline.ts';
import { LOGIN, login, SIGN_UP, signUp } from '../support/events.ts';
import { fakeNetwork, overTheWire } from '../support/network.ts';

const LATER = new Date('2026-01-31T12:00:30.000Z');
const REQUIRED = { SEGMENT_WRITE_KEY: 'WR1TE' };
const ENDPOINT = 'https://api.segment.io/v1/batch';
const SUCCESS = { success: true };

const network = fakeNetwork();

const configured = (given: Record<string, string> = {}) =>
  readSecrets(segmentHttp.secrets, { ...REQUIRED, ...given });

const sentBatches = () => network.requests.map(({ body }) => JSON.parse(body));

stoppedClock();

describe('the call', () => {
  it('of a SignUp', () => {
    expect(toPayload(SIGN_UP, configured())).toMatchInlineSnapshot(`
      {
        "context": {
          "groupId": "org_juG7cAQ0CymOcVpV",
          "ip": "13.33.86.47",
          "traits": {
            "email": "j+smith@example.com",
            "name": "j+smith@example.com",
          },
          "userAgent": "curl/7.64.1",
        },
        "event": "signup",
        "messageId": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
        "properties": {
          "agent": "curl/7.64.1",
          "application": "All Applications",
          "city": "Bellevue",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "country": "US",
          "createdAt": 2019-05-04T10:20:30.000Z,
          "ip": "13.33.86.47",
          "lastLogin": undefined,
          "loginsCount": 62,
          "organization": "my-organization",
          "organizationId": "org_juG7cAQ0CymOcVpV",
          "protocol": "oidc-basic-profile",
          "strategy": "auth0",
          "tenant": "example",
        },
        "timestamp": 2026-01-31T12:00:00.123Z,
        "type": "track",
        "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
      }
    `);
  });

  it('of a Login', () => {
    expect(toPayload(LOGIN, configured())).toMatchInlineSnapshot(`
      {
        "context": {
          "groupId": "org_juG7cAQ0CymOcVpV",
          "ip": "13.33.86.47",
          "traits": {
            "email": "j+smith@example.com",
            "name": "j+smith@example.com",
          },
          "userAgent": "curl/7.64.1",
        },
        "event": "login",
        "messageId": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858",
        "properties": {
          "agent": "curl/7.64.1",
          "application": "All Applications",
          "city": "Bellevue",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "country": "US",
          "createdAt": 2019-05-04T10:20:30.000Z,
          "ip": "13.33.86.47",
          "lastLogin": undefined,
          "loginsCount": 62,
          "organization": "my-organization",
          "organizationId": "org_juG7cAQ0CymOcVpV",
          "protocol": "oidc-basic-profile",
          "strategy": "auth0",
          "tenant": "example",
        },
        "timestamp": 2026-01-31T12:00:00.123Z,
        "type": "track",
        "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
      }
    `);
  });

  it('has the event names of the secrets', () => {
    const secrets = configured({ SEGMENT_SIGNUP_EVENT: 'Joined', SEGMENT_LOGIN_EVENT: 'Came back' });
    expect(toPayload(SIGN_UP, secrets).event).toBe('Joined');
    expect(toPayload(LOGIN, secrets).event).toBe('Came back');
  });

  it('has the integrations of the secrets', () => {
    const integrations = { All: false, Mixpanel: true, Slack: { channel: '#logins' } };
    const secrets = configured({ SEGMENT_INTEGRATIONS: JSON.stringify(integrations) });
    expect(toPayload(LOGIN, secrets)).toMatchObject({ integrations });
    expect(toPayload(LOGIN, configured())).not.toHaveProperty('integrations');
  });

  it('has every field of the Rule it replaces, by its name', () => {
    expect(toPayload(SIGN_UP, configured())).toMatchObject({
      userId: 'auth0|5f7c8ec7c33c6c004bbafe82',
      event: 'signup',
      properties: { application: 'All Applications', ip: '13.33.86.47', agent: 'curl/7.64.1' },
    });
  });
});

describe('a login', () => {
  it('is one request to Segment', async () => {
    network.answer(ENDPOINT, 200, SUCCESS);
    await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: { authorization: `Basic ${btoa('WR1TE:')}`, 'content-type': 'application/json' },
      },
    ]);
    expect(sentBatches()).toEqual([
      overTheWire({ batch: [toPayload(LOGIN, configured())], sentAt: NOW, writeKey: 'WR1TE' }),
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
    network.answer(url, 200, SUCCESS);
    await execute(onExecutePostLogin, login({ secrets: { ...REQUIRED, ...given } }));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it('of a new user is a SignUp, and marked', async () => {
    network.answer(ENDPOINT, 200, SUCCESS);
    const { metadata } = await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(sentBatches()).toMatchObject([{ batch: [{ event: 'signup' }] }]);
    expect(metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { 'segment-http': true } }]);
  });

  it("never forwards the identity provider's access token", async () => {
    network.answer(ENDPOINT, 200, SUCCESS);
    expect(login().user.identities[0]).toHaveProperty('accessToken');
    await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toHaveLength(1);
    expect(network.requests[0]?.body).not.toMatch(/access.?token|identities/i);
  });
});

describe('a batch', () => {
  const send = (): Promise<void> =>
    withinDeadline(1000, (http) => segmentHttp.send([SIGN_UP, LOGIN], configured(), http));

  it('is one request of all calls', async () => {
    network.answer(ENDPOINT, 200, SUCCESS);
    await send();
    expect(sentBatches()).toMatchObject([{ batch: [{ messageId: SIGN_UP.id }, { messageId: LOGIN.id }] }]);
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
  ])('is not accepted by a status of %d, and says why', async (status, body, kind) => {
    network.answer(ENDPOINT, status, body);
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(kind);
    await expect(failure).rejects.toMatchObject({ status, vendorText: body.message });
  });
});

describe('the secrets', () => {
  it.each(['no JSON', '{"All":', 'null', '7', '"All"', '["All"]', '[]', '{"All":"false"}'])(
    'need a JSON object for the integrations: %s',
    (SEGMENT_INTEGRATIONS) => {
      expect(() => configured({ SEGMENT_INTEGRATIONS })).toThrow(
        'SEGMENT_INTEGRATIONS must be a JSON object',
      );
    },
  );

  it('need a region of Segment', () => {
    expect(() => configured({ SEGMENT_REGION: 'ap' })).toThrow('SEGMENT_REGION must be us or eu');
  });
});
