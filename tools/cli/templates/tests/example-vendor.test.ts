import { describe, expect, it } from 'vitest';
import { RejectedError, UnavailableError } from '../../../../lib/errors.ts';
import { readSecrets } from '../../../../lib/secrets.ts';
import { execute } from '../../../../tests/support/api.ts';
import { stoppedClock } from '../../../../tests/support/clock.ts';
import { withinDeadline } from '../../../../tests/support/deadline.ts';
import { LOGIN, login, SIGN_UP, signUp } from '../../../../tests/support/events.ts';
import { fakeNetwork, overTheWire } from '../../../../tests/support/network.ts';
import { exampleVendor, onExecutePostLogin, toPayload } from '../actions/example-vendor.ts';

// TODO: the vendor's real address, endpoint and answer.
const REQUIRED = { EXAMPLE_VENDOR_URL: 'https://example-vendor.example.com', EXAMPLE_VENDOR_TOKEN: 'T0KEN' };
const ENDPOINT = 'https://example-vendor.example.com/v1/events';
const SUCCESS = { accepted: 1 };

const network = fakeNetwork();

stoppedClock();

describe('the event', () => {
  it('of a SignUp', () => {
    expect(toPayload(SIGN_UP)).toMatchInlineSnapshot(`
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
        "lastLogin": undefined,
        "loginsCount": 62,
        "name": "j+smith@example.com",
        "organization": "my-organization",
        "organizationId": "org_juG7cAQ0CymOcVpV",
        "protocol": "oidc-basic-profile",
        "strategy": "auth0",
        "tenant": "example",
        "time": 2026-01-31T12:00:00.123Z,
        "type": "SignUp",
        "userAgent": "curl/7.64.1",
        "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
      }
    `);
  });

  it('of a Login', () => {
    expect(toPayload(LOGIN)).toMatchInlineSnapshot(`
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
        "lastLogin": undefined,
        "loginsCount": 62,
        "name": "j+smith@example.com",
        "organization": "my-organization",
        "organizationId": "org_juG7cAQ0CymOcVpV",
        "protocol": "oidc-basic-profile",
        "strategy": "auth0",
        "tenant": "example",
        "time": 2026-01-31T12:00:00.123Z,
        "type": "Login",
        "userAgent": "curl/7.64.1",
        "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
      }
    `);
  });
});

describe('a login', () => {
  it('is one request', async () => {
    network.answer(ENDPOINT, 202, SUCCESS);
    await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: { authorization: 'Bearer T0KEN', 'content-type': 'application/json' },
      },
    ]);
    expect(network.requests.map(({ body }) => JSON.parse(body))).toEqual([
      overTheWire({ events: [toPayload(LOGIN)] }),
    ]);
  });

  it('of a new user is a SignUp, and marked', async () => {
    network.answer(ENDPOINT, 202, SUCCESS);
    const { metadata } = await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(JSON.parse(network.requests[0]?.body ?? '')).toMatchObject({ events: [{ type: 'SignUp' }] });
    expect(metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { 'example-vendor': true } }]);
  });

  it("never forwards the identity provider's access token", async () => {
    network.answer(ENDPOINT, 202, SUCCESS);
    expect(login().user.identities[0]).toHaveProperty('accessToken');
    await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toHaveLength(1);
    expect(network.requests[0]?.body).not.toMatch(/access.?token|identities/i);
  });
});

describe('a batch', () => {
  const secrets = readSecrets(exampleVendor.secrets, REQUIRED);
  const send = (): Promise<void> =>
    withinDeadline(1000, (http) => exampleVendor.send([SIGN_UP, LOGIN], secrets, http));

  it('is one request of all events', async () => {
    network.answer(ENDPOINT, 202, SUCCESS);
    await send();
    expect(network.requests.map(({ body }) => JSON.parse(body))).toEqual([
      overTheWire({ events: [toPayload(SIGN_UP), toPayload(LOGIN)] }),
    ]);
  });

  it.each([
    [400, { message: 'Not an event' }, RejectedError],
    [401, { message: 'Unknown token' }, RejectedError],
    [429, { message: 'Slow down' }, UnavailableError],
    [503, { message: 'Try again' }, UnavailableError],
  ])('is not accepted by a status of %d, and says why', async (status, body, kind) => {
    network.answer(ENDPOINT, status, body);
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(kind);
    await expect(failure).rejects.toMatchObject({ status, vendorText: body.message });
  });
});

describe('the secrets', () => {
  it.each(['http://example-vendor.example.com', 'example-vendor.example.com'])(
    'need the address of a server: %s',
    (EXAMPLE_VENDOR_URL) => {
      expect(() => readSecrets(exampleVendor.secrets, { ...REQUIRED, EXAMPLE_VENDOR_URL })).toThrow(
        'EXAMPLE_VENDOR_URL must be an https URL',
      );
    },
  );
});
