import { describe, expect, it, vi } from 'vitest';
import { amplitude, onExecutePostLogin, toPayload } from '../../actions/amplitude.ts';
import type { Activity } from '../../lib/activity.ts';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import { readSecrets } from '../../lib/secrets.ts';
import { execute } from '../support/api.ts';
import { stoppedClock } from '../support/clock.ts';
import { withinDeadline } from '../support/deadline.ts';
import { idsOf, LOGIN, login, SIGN_UP, signUp } from '../support/events.ts';
import { fakeNetwork, overTheWire } from '../support/network.ts';

const REQUIRED = { AMPLITUDE_API_KEY: 'K3Y' };
const ENDPOINT = 'https://api2.amplitude.com/2/httpapi';
const INGESTED = { code: 200, events_ingested: 1, payload_size_bytes: 50, server_upload_time: 1769860800123 };

const network = fakeNetwork();

const configured = (given: Record<string, string> = {}) =>
  readSecrets(amplitude.secrets, { ...REQUIRED, ...given });

const sentBatches = () => network.requests.map(({ body }) => JSON.parse(body));

stoppedClock();

describe('the event', () => {
  it('of a SignUp', () => {
    expect(toPayload(SIGN_UP, configured())).toMatchInlineSnapshot(`
      {
        "event_properties": {
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
          "userAgent": "curl/7.64.1",
        },
        "event_type": "Signed Up",
        "insert_id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
        "ip": "13.33.86.47",
        "time": 1769860800123,
        "user_id": "auth0|5f7c8ec7c33c6c004bbafe82",
        "user_properties": {
          "$set": {
            "email": "j+smith@example.com",
            "name": "j+smith@example.com",
          },
          "$setOnce": {
            "createdAt": 2019-05-04T10:20:30.000Z,
            "signUpApplication": "All Applications",
            "signUpConnection": "Username-Password-Authentication",
          },
        },
      }
    `);
  });

  it('of a Login', () => {
    expect(toPayload(LOGIN, configured())).toMatchInlineSnapshot(`
      {
        "event_properties": {
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
          "userAgent": "curl/7.64.1",
        },
        "event_type": "Logged In",
        "insert_id": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858",
        "ip": "13.33.86.47",
        "time": 1769860800123,
        "user_id": "auth0|5f7c8ec7c33c6c004bbafe82",
        "user_properties": {
          "$set": {
            "email": "j+smith@example.com",
            "name": "j+smith@example.com",
          },
          "$setOnce": {
            "createdAt": 2019-05-04T10:20:30.000Z,
          },
        },
      }
    `);
  });

  it('has the event names of the secrets', () => {
    const secrets = configured({ AMPLITUDE_SIGNUP_EVENT: 'Joined', AMPLITUDE_LOGIN_EVENT: 'Came back' });
    expect(toPayload(SIGN_UP, secrets).event_type).toBe('Joined');
    expect(toPayload(LOGIN, secrets).event_type).toBe('Came back');
  });

  it.each<[string, Activity['request'], string | undefined]>([
    ['an address', { ip: '2001:db8::7' }, '2001:db8::7'],
    ['a hash of one, which is none', { ip: 'c0ffee' }, undefined],
    ['none', {}, undefined],
  ])('has Amplitude look up an address: %s', (_, request, ip) => {
    const payload = toPayload({ ...LOGIN, request }, configured());
    expect([payload.ip, payload.event_properties.ip]).toEqual([ip, request.ip]);
  });
});

describe('a login', () => {
  it('is one request to Amplitude', async () => {
    network.answer(ENDPOINT, 200, INGESTED);
    const { metadata } = await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toMatchObject([
      { method: 'POST', url: ENDPOINT, headers: { 'content-type': 'application/json' } },
    ]);
    expect(sentBatches()).toEqual([
      overTheWire({
        api_key: 'K3Y',
        events: [toPayload(LOGIN, configured())],
        options: { min_id_length: 1 },
      }),
    ]);
    expect(metadata).toEqual([]);
  });

  it.each([
    ['the USA', { AMPLITUDE_REGION: 'us' }, ENDPOINT],
    ['Europe', { AMPLITUDE_REGION: 'eu' }, 'https://api.eu.amplitude.com/2/httpapi'],
    ['a proxy', { AMPLITUDE_HOST: 'https://acme.com/ampli/' }, 'https://acme.com/ampli/2/httpapi'],
    [
      'a proxy whatever the region',
      { AMPLITUDE_HOST: 'https://ampli.acme.com:8443', AMPLITUDE_REGION: 'eu' },
      'https://ampli.acme.com:8443/2/httpapi',
    ],
  ])('goes to %s', async (_, given, url) => {
    network.answer(url, 200, INGESTED);
    await execute(onExecutePostLogin, login({ secrets: { ...REQUIRED, ...given } }));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it('of a new user is a SignUp, and marked', async () => {
    network.answer(ENDPOINT, 200, INGESTED);
    const { metadata } = await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(sentBatches()).toMatchObject([{ events: [{ event_type: 'Signed Up' }] }]);
    expect(metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { amplitude: true } }]);
  });

  it("never forwards the identity provider's access token", async () => {
    network.answer(ENDPOINT, 200, INGESTED);
    expect(login().user.identities[0]).toHaveProperty('accessToken');
    await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toHaveLength(1);
    expect(network.requests[0]?.body).not.toMatch(/access.?token|identities/i);
  });
});

describe('a user who is throttled', () => {
  const THROTTLED = {
    code: 429,
    error: 'Too many requests for some devices and users',
    eps_threshold: 30,
    throttled_users: { [LOGIN.user.id]: 31 },
    throttled_events: [0],
  };

  it('is refused without another attempt, and keeps nobody else from being recorded', async () => {
    const lines = vi.spyOn(console, 'log').mockImplementation(() => {});
    network.answer(ENDPOINT, 429, THROTTLED);
    for (const _ of [1, 2, 3, 4]) await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toHaveLength(4);
    expect(new Set(lines.mock.calls.flat())).toEqual(
      new Set(['[amplitude] Login not delivered: 429 Too many requests for some devices and users']),
    );

    network.answer(ENDPOINT, 200, INGESTED);
    await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(sentBatches().slice(4)).toMatchObject([{ events: [{ event_type: 'Signed Up' }] }]);
    expect(lines).toHaveBeenCalledTimes(4);
    lines.mockRestore();
  });

  it('has a SignUp that is sent again', async () => {
    const lines = vi.spyOn(console, 'log').mockImplementation(() => {});
    network.answer(ENDPOINT, 429, THROTTLED);
    const { metadata } = await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(metadata).toEqual([]);
    expect(lines.mock.calls.flat()).toEqual([
      expect.stringContaining("; sent again at the user's next login"),
    ]);
    lines.mockRestore();
  });
});

describe('a batch', () => {
  const ANOTHER = { ...SIGN_UP, id: '3d0a0b7e-9f53-5c1e-8a43-0c6ea5d1f1ab' };
  const BATCH = [SIGN_UP, LOGIN, ANOTHER];

  const send = (): Promise<void> => withinDeadline(1000, (http) => amplitude.send(BATCH, configured(), http));

  it('is one request of all events', async () => {
    network.answer(ENDPOINT, 200, { ...INGESTED, events_ingested: 3 });
    await send();
    expect(sentBatches()).toMatchObject([{ events: idsOf(BATCH).map((insert_id) => ({ insert_id })) }]);
  });

  it('does not go again if nothing is left of it', async () => {
    network.answer(ENDPOINT, 429, { code: 429, error: 'Too many', throttled_events: [0, 1, 2] });
    await expect(send()).rejects.toMatchObject({ refused: BATCH });
    expect(network.requests).toHaveLength(1);
  });

  it.each([
    ['names none', { events_with_invalid_fields: {} }],
    ['names others', { events_with_invalid_fields: { time: [3, -1, 0.5] } }],
    ['names none by number', { events_with_invalid_fields: { time: ['0'] } }],
    ['has no list', { events_with_invalid_fields: 'all' }],
  ])('is refused as a whole by an answer that %s', async (_, details) => {
    network.answer(ENDPOINT, 400, { code: 400, error: 'Invalid', ...details });
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(RejectedError);
    await expect(failure).rejects.toMatchObject({ vendorText: 'Invalid', refused: undefined });
    expect(network.requests).toHaveLength(1);
  });

  it.each([
    [400, { error: 'Invalid API key: K3Y' }, RejectedError],
    [400, { error: 'Request missing required field', missing_field: 'api_key' }, RejectedError],
    [413, { error: 'Payload too large' }, RejectedError],
    [429, { error: 'Too many requests' }, UnavailableError],
    [503, { error: 'Service Unavailable', throttled_events: [0] }, UnavailableError],
  ])('is not accepted by a status of %d, and says why: %j', async (status, body, kind) => {
    network.answer(ENDPOINT, status, { code: status, ...body });
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(kind);
    await expect(failure).rejects.toMatchObject({ status, vendorText: body.error });
    expect(network.requests).toHaveLength(1);
  });
});

describe('the secrets', () => {
  it('need a region of Amplitude', () => {
    expect(() => configured({ AMPLITUDE_REGION: 'in' })).toThrow('AMPLITUDE_REGION must be us or eu');
  });
});
