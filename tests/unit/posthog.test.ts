import { describe, expect, it } from 'vitest';
import { onExecutePostLogin, posthog, toPayload } from '../../actions/posthog.ts';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import { readSecrets } from '../../lib/secrets.ts';
import { execute } from '../support/api.ts';
import { stoppedClock } from '../support/clock.ts';
import { withinDeadline } from '../support/deadline.ts';
import { LOGIN, login, SIGN_UP, signUp } from '../support/events.ts';
import { fakeNetwork, overTheWire } from '../support/network.ts';

const REQUIRED = { POSTHOG_API_KEY: 'phc_K3Y' };
const ENDPOINT = 'https://us.i.posthog.com/batch/';
const SUCCESS = { status: 'Ok' };

const network = fakeNetwork();

const configured = (given: Record<string, string> = {}) =>
  readSecrets(posthog.secrets, { ...REQUIRED, ...given });

const sentBatches = () => network.requests.map(({ body }) => JSON.parse(body));

stoppedClock();

describe('the event', () => {
  it('of a SignUp', () => {
    expect(toPayload(SIGN_UP, configured())).toMatchInlineSnapshot(`
      {
        "distinct_id": "auth0|5f7c8ec7c33c6c004bbafe82",
        "event": "user signed up",
        "properties": {
          "$geoip_disable": false,
          "$ip": "13.33.86.47",
          "$lib": "auth0-login-analytics",
          "$raw_user_agent": "curl/7.64.1",
          "$set": {
            "email": "j+smith@example.com",
            "name": "j+smith@example.com",
          },
          "$set_once": {
            "createdAt": 2019-05-04T10:20:30.000Z,
          },
          "application": "All Applications",
          "city": "Bellevue",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "country": "US",
          "createdAt": 2019-05-04T10:20:30.000Z,
          "lastLogin": undefined,
          "loginsCount": 62,
          "organization": "my-organization",
          "organizationId": "org_juG7cAQ0CymOcVpV",
          "protocol": "oidc-basic-profile",
          "strategy": "auth0",
          "tenant": "example",
        },
        "timestamp": 2026-01-31T12:00:00.123Z,
        "uuid": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
      }
    `);
  });

  it('of a Login', () => {
    expect(toPayload(LOGIN, configured())).toMatchInlineSnapshot(`
      {
        "distinct_id": "auth0|5f7c8ec7c33c6c004bbafe82",
        "event": "user logged in",
        "properties": {
          "$geoip_disable": false,
          "$ip": "13.33.86.47",
          "$lib": "auth0-login-analytics",
          "$raw_user_agent": "curl/7.64.1",
          "$set": {
            "email": "j+smith@example.com",
            "name": "j+smith@example.com",
          },
          "$set_once": {
            "createdAt": 2019-05-04T10:20:30.000Z,
          },
          "application": "All Applications",
          "city": "Bellevue",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "country": "US",
          "createdAt": 2019-05-04T10:20:30.000Z,
          "lastLogin": undefined,
          "loginsCount": 62,
          "organization": "my-organization",
          "organizationId": "org_juG7cAQ0CymOcVpV",
          "protocol": "oidc-basic-profile",
          "strategy": "auth0",
          "tenant": "example",
        },
        "timestamp": 2026-01-31T12:00:00.123Z,
        "uuid": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858",
      }
    `);
  });

  it('has the event names of the secrets', () => {
    const secrets = configured({ POSTHOG_SIGNUP_EVENT: 'Joined', POSTHOG_LOGIN_EVENT: 'Came back' });
    expect(toPayload(SIGN_UP, secrets).event).toBe('Joined');
    expect(toPayload(LOGIN, secrets).event).toBe('Came back');
  });

  it.each([
    ['192.0.2.1', { $ip: '192.0.2.1', $geoip_disable: false }],
    ['2001:db8::1', { $ip: '2001:db8::1', $geoip_disable: false }],
    ['5f7c8ec7c33c6c00', { $ip: '5f7c8ec7c33c6c00', $geoip_disable: true }],
    [undefined, { $ip: null, $geoip_disable: true }],
  ])('has no place but that of the user: %s', (ip, expected) => {
    expect(toPayload({ ...LOGIN, request: { ip } }, configured()).properties).toMatchObject(expected);
  });
});

describe('a login', () => {
  it('is one request to PostHog', async () => {
    network.answer(ENDPOINT, 200, SUCCESS);
    await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toMatchObject([
      { method: 'POST', url: ENDPOINT, headers: { 'content-type': 'application/json' } },
    ]);
    expect(sentBatches()).toEqual([
      overTheWire({ api_key: 'phc_K3Y', batch: [toPayload(LOGIN, configured())] }),
    ]);
  });

  it.each([
    ['the USA', { POSTHOG_REGION: 'us' }, ENDPOINT],
    ['Europe', { POSTHOG_REGION: 'eu' }, 'https://eu.i.posthog.com/batch/'],
    ['another server', { POSTHOG_HOST: 'https://posthog.acme.com/' }, 'https://posthog.acme.com/batch/'],
    ['a path', { POSTHOG_HOST: 'https://acme.com/ingest' }, 'https://acme.com/ingest/batch/'],
    [
      'another server whatever the region',
      { POSTHOG_HOST: 'https://posthog.acme.com:8443', POSTHOG_REGION: 'eu' },
      'https://posthog.acme.com:8443/batch/',
    ],
  ])('goes to %s', async (_, given, url) => {
    network.answer(url, 200, SUCCESS);
    await execute(onExecutePostLogin, login({ secrets: { ...REQUIRED, ...given } }));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it('of a new user is a SignUp, and marked', async () => {
    network.answer(ENDPOINT, 200, SUCCESS);
    const { metadata } = await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(sentBatches()).toMatchObject([{ batch: [{ event: 'user signed up' }] }]);
    expect(metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { posthog: true } }]);
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
    withinDeadline(1000, (http) => posthog.send([SIGN_UP, LOGIN], configured(), http));

  it('is one request of all events, and the same on every attempt', async () => {
    network.answer(ENDPOINT, 200, SUCCESS);
    await send();
    await send();
    const [first, second] = sentBatches();
    expect(first).toMatchObject({ batch: [{ uuid: SIGN_UP.id }, { uuid: LOGIN.id }] });
    expect(second).toEqual(first);
  });

  it.each([
    [400, 'request holds no event', RejectedError],
    [401, 'API key is not valid: personal_api_key', RejectedError],
    [413, 'maximum event size exceeded', RejectedError],
    [429, 'rate limited', UnavailableError],
    [503, 'transient error, please retry', UnavailableError],
  ])('is not accepted by a status of %d, and says why', async (status, body, kind) => {
    network.answer(ENDPOINT, status, body);
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(kind);
    await expect(failure).rejects.toMatchObject({ status, vendorText: body });
  });
});

describe('the secrets', () => {
  it('need a region of PostHog', () => {
    expect(() => configured({ POSTHOG_REGION: 'ap' })).toThrow('POSTHOG_REGION must be us or eu');
  });
});
