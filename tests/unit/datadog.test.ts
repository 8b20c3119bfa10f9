import { describe, expect, it } from 'vitest';
import { datadog, onExecutePostLogin, toPayload } from '../../actions/datadog.ts';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import { readSecrets } from '../../lib/secrets.ts';
import { execute } from '../support/api.ts';
import { NOW, stoppedClock } from '../support/clock.ts';
import { withinDeadline } from '../support/deadline.ts';
import { LOGIN, login, SIGN_UP, signUp } from '../support/events.ts';
import { fakeNetwork, overTheWire } from '../support/network.ts';
import { failureOf } from '../support/promises.ts';

const REQUIRED = { DATADOG_API_KEY: '6d0f2b7a91c84e35' };
const ENDPOINT = 'https://http-intake.logs.datadoghq.com/api/v2/logs';

const network = fakeNetwork();

const configured = (given: Record<string, string> = {}) =>
  readSecrets(datadog.secrets, { ...REQUIRED, ...given });

const sentLogs = () => network.requests.map(({ body }) => JSON.parse(body));

stoppedClock();

describe('the log', () => {
  it('of a SignUp', () => {
    expect(toPayload(SIGN_UP, configured(), NOW)).toMatchInlineSnapshot(`
      {
        "application": "All Applications",
        "city": "Bellevue",
        "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
        "connection": "Username-Password-Authentication",
        "country": "US",
        "createdAt": 2019-05-04T10:20:30.000Z,
        "ddsource": "auth0_activity",
        "ddtags": undefined,
        "evt": {
          "category": "authentication",
          "name": "SignUp",
          "outcome": "success",
        },
        "hostname": "example",
        "http": {
          "useragent": "curl/7.64.1",
        },
        "id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
        "lastLogin": undefined,
        "loginsCount": 62,
        "message": "SignUp",
        "network": {
          "client": {
            "geoip": {
              "city": {
                "name": "Bellevue",
              },
              "country": {
                "iso_code": "US",
              },
            },
            "ip": "13.33.86.47",
          },
        },
        "occurredAt": 2026-01-31T12:00:00.123Z,
        "organization": "my-organization",
        "organizationId": "org_juG7cAQ0CymOcVpV",
        "protocol": "oidc-basic-profile",
        "service": "auth0",
        "status": "info",
        "strategy": "auth0",
        "tenant": "example",
        "timestamp": 2026-01-31T12:00:00.123Z,
        "usr": {
          "email": "j+smith@example.com",
          "id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "name": "j+smith@example.com",
        },
      }
    `);
  });

  it('of a Login', () => {
    expect(toPayload(LOGIN, configured(), NOW)).toMatchInlineSnapshot(`
      {
        "application": "All Applications",
        "city": "Bellevue",
        "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
        "connection": "Username-Password-Authentication",
        "country": "US",
        "createdAt": 2019-05-04T10:20:30.000Z,
        "ddsource": "auth0_activity",
        "ddtags": undefined,
        "evt": {
          "category": "authentication",
          "name": "Login",
          "outcome": "success",
        },
        "hostname": "example",
        "http": {
          "useragent": "curl/7.64.1",
        },
        "id": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858",
        "lastLogin": undefined,
        "loginsCount": 62,
        "message": "Login",
        "network": {
          "client": {
            "geoip": {
              "city": {
                "name": "Bellevue",
              },
              "country": {
                "iso_code": "US",
              },
            },
            "ip": "13.33.86.47",
          },
        },
        "occurredAt": 2026-01-31T12:00:00.123Z,
        "organization": "my-organization",
        "organizationId": "org_juG7cAQ0CymOcVpV",
        "protocol": "oidc-basic-profile",
        "service": "auth0",
        "status": "info",
        "strategy": "auth0",
        "tenant": "example",
        "timestamp": 2026-01-31T12:00:00.123Z,
        "usr": {
          "email": "j+smith@example.com",
          "id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "name": "j+smith@example.com",
        },
      }
    `);
  });

  it('has service, source and tags of the secrets', () => {
    const secrets = configured({
      DATADOG_SERVICE: 'identity',
      DATADOG_SOURCE: 'auth0',
      DATADOG_TAGS: 'env:prod,team:identity',
    });
    expect(toPayload(LOGIN, secrets, NOW)).toMatchObject({
      service: 'identity',
      ddsource: 'auth0',
      ddtags: 'env:prod,team:identity',
    });
  });

  it.each([
    [0, true],
    [17, true],
    [17.1, false],
    [7 * 24, false],
  ])('of %d hours ago keeps its time, as its timestamp: %s', (hours, isTimestamp) => {
    const time = new Date(NOW.getTime() - hours * 60 * 60 * 1000);
    const { timestamp, occurredAt } = toPayload({ ...SIGN_UP, time }, configured(), NOW) as Record<
      string,
      unknown
    >;
    expect([timestamp, occurredAt]).toEqual([isTimestamp ? time : undefined, time]);
  });
});

describe('a login', () => {
  it('is one request to the intake', async () => {
    network.answer(ENDPOINT, 202, {});
    await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: { 'dd-api-key': '6d0f2b7a91c84e35', 'content-type': 'application/json' },
      },
    ]);
    expect(sentLogs()).toEqual([overTheWire([toPayload(LOGIN, configured(), NOW)])]);
  });

  it.each([
    ['Europe', { DATADOG_SITE: 'datadoghq.eu' }, 'https://http-intake.logs.datadoghq.eu/api/v2/logs'],
    [
      'Japan',
      { DATADOG_SITE: 'ap1.datadoghq.com' },
      'https://http-intake.logs.ap1.datadoghq.com/api/v2/logs',
    ],
    ['a government', { DATADOG_SITE: 'ddog-gov.com' }, 'https://http-intake.logs.ddog-gov.com/api/v2/logs'],
    [
      'another server',
      { DATADOG_URL: 'https://vector.acme.com:8282/' },
      'https://vector.acme.com:8282/api/v2/logs',
    ],
    [
      'another server whatever the site',
      { DATADOG_URL: 'https://acme.com/logs', DATADOG_SITE: 'datadoghq.eu' },
      'https://acme.com/logs/api/v2/logs',
    ],
  ])('goes to %s', async (_, given, url) => {
    network.answer(url, 202, {});
    await execute(onExecutePostLogin, login({ secrets: { ...REQUIRED, ...given } }));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it('of a new user is a SignUp, and marked', async () => {
    network.answer(ENDPOINT, 202, {});
    const { metadata } = await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(sentLogs()).toMatchObject([[{ evt: { name: 'SignUp' } }]]);
    expect(metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { datadog: true } }]);
  });

  it("never forwards the identity provider's access token", async () => {
    network.answer(ENDPOINT, 202, {});
    expect(login().user.identities[0]).toHaveProperty('accessToken');
    await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toHaveLength(1);
    expect(network.requests[0]?.body).not.toMatch(/access.?token|identities/i);
  });
});

describe('a batch', () => {
  const send = (): Promise<void> =>
    withinDeadline(1000, (http) => datadog.send([SIGN_UP, LOGIN], configured(), http));

  it('is one request of all logs', async () => {
    network.answer(ENDPOINT, 202, {});
    await send();
    expect(sentLogs()).toMatchObject([[{ id: SIGN_UP.id }, { id: LOGIN.id }]]);
  });

  it.each([
    [400, RejectedError],
    [401, RejectedError],
    [403, RejectedError],
    [408, UnavailableError],
    [413, RejectedError],
    [429, UnavailableError],
    [500, UnavailableError],
    [503, UnavailableError],
  ])('is not accepted by a status of %d', async (status, kind) => {
    network.answer(ENDPOINT, status, { errors: [{ status: String(status), title: 'T', detail: 'D' }] });
    const failure = await failureOf(send());
    expect(failure).toBeInstanceOf(kind);
    expect(failure).toMatchObject({ status });
  });
});

describe('the secrets', () => {
  it.each([
    'datadoghq.com',
    'us3.datadoghq.com',
    'us5.datadoghq.com',
    'uk1.datadoghq.com',
    'ap2.datadoghq.com',
    'datadoghq.eu',
    'ddog-gov.com',
    'us2.ddog-gov.com',
  ])('take the site %s', (DATADOG_SITE) => {
    expect(configured({ DATADOG_SITE })).toMatchObject({ DATADOG_SITE });
  });

  it.each([
    'US1',
    'app.datadoghq.com',
    'https://datadoghq.eu',
    'datadoghq.com.evil.com',
    'evil.com/datadoghq.com',
    'datadoghq-com',
  ])('take no other site: %s', (DATADOG_SITE) => {
    expect(() => configured({ DATADOG_SITE })).toThrow('DATADOG_SITE must be a site of Datadog');
  });
});
