import { describe, expect, it } from 'vitest';
import { keen, onExecutePostLogin, toPayload } from '../../actions/keen.ts';
import { type Activity, toLogin, toSignUp } from '../../lib/activity.ts';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import { readSecrets } from '../../lib/secrets.ts';
import { execute } from '../support/api.ts';
import { NOW, stoppedClock } from '../support/clock.ts';
import { withinDeadline } from '../support/deadline.ts';
import { LOGIN, login, SIGN_UP, signUp } from '../support/events.ts';
import { fakeNetwork, overTheWire } from '../support/network.ts';

const REQUIRED = { KEENIO_PROJECT_ID: '5f1d9a6e', KEENIO_WRITE_KEY: 'WR1TE' };
const WITH_LOGINS = { ...REQUIRED, KEENIO_LOGIN_COLLECTION: 'logins' };
const ENDPOINT = 'https://api.keen.io/3.0/projects/5f1d9a6e/events';
const CREATED = { created: true };

const network = fakeNetwork();

const configured = (given: Record<string, string> = {}) =>
  readSecrets(keen.secrets, { ...REQUIRED, ...given });

stoppedClock();

describe('the event', () => {
  it('of a SignUp', () => {
    expect(toPayload(SIGN_UP, configured())).toMatchInlineSnapshot(`
      {
        "application": "All Applications",
        "city": "Bellevue",
        "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
        "connection": "Username-Password-Authentication",
        "country": "US",
        "createdAt": 2019-05-04T10:20:30.000Z,
        "email": "j+smith@example.com",
        "id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
        "ip": "13.33.86.47",
        "keen": {
          "timestamp": 2026-01-31T12:00:00.123Z,
          "uniqueness_token": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
        },
        "lastLogin": undefined,
        "loginsCount": 62,
        "name": "j+smith@example.com",
        "organization": "my-organization",
        "organizationId": "org_juG7cAQ0CymOcVpV",
        "protocol": "oidc-basic-profile",
        "strategy": "auth0",
        "tenant": "example",
        "userAgent": "curl/7.64.1",
        "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
      }
    `);
  });

  it('of a Login', () => {
    expect(toPayload(LOGIN, configured())).toMatchInlineSnapshot(`
      {
        "application": "All Applications",
        "city": "Bellevue",
        "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
        "connection": "Username-Password-Authentication",
        "country": "US",
        "createdAt": 2019-05-04T10:20:30.000Z,
        "email": "j+smith@example.com",
        "id": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858",
        "ip": "13.33.86.47",
        "keen": {
          "timestamp": 2026-01-31T12:00:00.123Z,
          "uniqueness_token": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858",
        },
        "lastLogin": undefined,
        "loginsCount": 62,
        "name": "j+smith@example.com",
        "organization": "my-organization",
        "organizationId": "org_juG7cAQ0CymOcVpV",
        "protocol": "oidc-basic-profile",
        "strategy": "auth0",
        "tenant": "example",
        "userAgent": "curl/7.64.1",
        "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
      }
    `);
  });

  it('has every field of the Rule it replaces, by its name', () => {
    expect(toPayload(SIGN_UP, configured())).toMatchObject({
      userId: 'auth0|5f7c8ec7c33c6c004bbafe82',
      name: 'j+smith@example.com',
      ip: '13.33.86.47',
    });
  });

  // https://keen.io/docs/api/#data-modeling
  it('has names that Keen takes', () => {
    const { keen: reserved, ...properties } = toPayload(SIGN_UP, configured({ KEENIO_ADDONS: 'true' }));
    expect(Object.keys(properties).filter((name) => !/^[a-z]\w*$/i.test(name))).toEqual([]);
    expect(reserved.uniqueness_token.length).toBeLessThanOrEqual(64);
  });
});

describe('the enrichment', () => {
  const addonsOf = (request: Activity['request'], KEENIO_ADDONS = 'true') =>
    toPayload({ ...SIGN_UP, request }, configured({ KEENIO_ADDONS })).keen.addons;

  const PLACE = { name: 'keen:ip_to_geo', input: { ip: 'ip' }, output: 'ipGeo' };
  const BROWSER = { name: 'keen:ua_parser', input: { ua_string: 'userAgent' }, output: 'userAgentInfo' };

  it.each([
    [{ ip: '192.0.2.1', userAgent: 'curl' }, [PLACE, BROWSER]],
    [{ ip: '192.0.2.1' }, [PLACE]],
    [{ userAgent: 'curl' }, [BROWSER]],
    [{}, []],
  ])('is of what the request has: %j', (request, expected) => {
    expect(addonsOf(request)).toEqual(expected);
  });

  it('is off', () => {
    expect(addonsOf({ ip: '192.0.2.1', userAgent: 'curl' }, 'false')).toBeUndefined();
  });
});

describe('a login', () => {
  it('of a new user is one event in the collection for SignUps, and marked', async () => {
    network.answer(`${ENDPOINT}/signups`, 201, CREATED);
    const event = signUp({ secrets: REQUIRED });
    const { metadata } = await execute(onExecutePostLogin, event);
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: `${ENDPOINT}/signups`,
        headers: { authorization: 'WR1TE', 'content-type': 'application/json' },
      },
    ]);
    const activity = toSignUp(toLogin(event, NOW), 7);
    expect(network.requests.map(({ body }) => JSON.parse(body))).toEqual([
      overTheWire(toPayload(activity, configured())),
    ]);
    expect(metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { keen: true } }]);
  });

  it('of a known user is recorded nowhere without a collection for Logins', async () => {
    await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toEqual([]);
  });

  it('of a known user is one event in the collection for Logins', async () => {
    network.answer(`${ENDPOINT}/logins`, 201, CREATED);
    const { metadata } = await execute(onExecutePostLogin, login({ secrets: WITH_LOGINS }));
    expect(network.requests.map(({ body }) => JSON.parse(body))).toEqual([
      overTheWire(toPayload(LOGIN, configured(WITH_LOGINS))),
    ]);
    expect(metadata).toEqual([]);
  });

  it.each([
    ['another collection', { KEENIO_SIGNUP_COLLECTION: 'new users/2026' }, `${ENDPOINT}/new%20users%2F2026`],
    [
      'another server',
      { KEENIO_URL: 'https://keen.acme.com/api/' },
      'https://keen.acme.com/api/3.0/projects/5f1d9a6e/events/signups',
    ],
    [
      'a project whatever its id',
      { KEENIO_PROJECT_ID: 'a/b?c' },
      'https://api.keen.io/3.0/projects/a%2Fb%3Fc/events/signups',
    ],
  ])('goes to %s', async (_, given, url) => {
    network.answer(url, 201, CREATED);
    await execute(onExecutePostLogin, signUp({ secrets: { ...REQUIRED, ...given } }));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it("never forwards the identity provider's access token", async () => {
    network.answer(`${ENDPOINT}/logins`, 201, CREATED);
    expect(login().user.identities[0]).toHaveProperty('accessToken');
    await execute(onExecutePostLogin, login({ secrets: WITH_LOGINS }));
    expect(network.requests).toHaveLength(1);
    expect(network.requests[0]?.body).not.toMatch(/access.?token|identities/i);
  });
});

describe('a batch', () => {
  const ANOTHER = { ...SIGN_UP, id: '3d0a0b7e-9f53-5c1e-8a43-0c6ea5d1f1ab' };
  const ACCEPTED = { success: true };
  const REFUSED = { success: false, error: { name: 'InvalidEvent', description: 'Too many properties' } };

  const send = (given: Record<string, string> = WITH_LOGINS): Promise<void> =>
    withinDeadline(1000, (http) => keen.send([SIGN_UP, LOGIN, ANOTHER], configured(given), http));

  it('is one request of events by collection', async () => {
    network.answer(ENDPOINT, 200, { signups: [ACCEPTED, ACCEPTED], logins: [ACCEPTED] });
    await send();
    const payloads = [SIGN_UP, ANOTHER, LOGIN].map((activity) => toPayload(activity, configured()));
    expect(network.requests).toMatchObject([
      { method: 'POST', url: ENDPOINT, headers: { authorization: 'WR1TE' } },
    ]);
    expect(network.requests.map(({ body }) => JSON.parse(body))).toEqual([
      overTheWire({ signups: payloads.slice(0, 2), logins: payloads.slice(2) }),
    ]);
  });

  it('is one list if SignUps and Logins share a collection', async () => {
    network.answer(ENDPOINT, 200, { signups: [ACCEPTED, ACCEPTED, ACCEPTED] });
    await send({ KEENIO_LOGIN_COLLECTION: 'signups' });
    expect(network.requests.map(({ body }) => JSON.parse(body))).toMatchObject([
      { signups: [{ id: SIGN_UP.id }, { id: LOGIN.id }, { id: ANOTHER.id }] },
    ]);
  });

  it('is refused with any of its events, and says which', async () => {
    network.answer(ENDPOINT, 200, { signups: [ACCEPTED, REFUSED], logins: [ACCEPTED] });
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(RejectedError);
    await expect(failure).rejects.toMatchObject({ vendorText: 'Too many properties', refused: [ANOTHER] });
  });

  it.each([
    'OK',
    null,
    7,
    { created: true },
    { signups: true },
    { signups: [true] },
    { signups: [{ success: 'true' }] },
    {},
    { signups: [ACCEPTED, ACCEPTED] },
  ])('is not accepted by an answer that does not tell of every event: %j', async (body) => {
    network.answer(ENDPOINT, 200, body);
    await expect(send()).rejects.toBeInstanceOf(UnavailableError);
  });

  it.each([
    [400, { message: 'Invalid JSON', error_code: 'InvalidJSONError' }, RejectedError],
    [401, { message: 'Unknown key', error_code: 'InvalidApiKeyError' }, RejectedError],
    [503, { message: 'Try again', error_code: 'Unavailable' }, UnavailableError],
  ])('is not accepted by a status of %d, and says why', async (status, body, kind) => {
    network.answer(ENDPOINT, status, body);
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(kind);
    await expect(failure).rejects.toMatchObject({ status, vendorText: body.message });
  });
});
