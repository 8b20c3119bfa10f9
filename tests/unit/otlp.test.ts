import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { onExecutePostLogin, otlp, toPayload } from '../../actions/otlp.ts';
import { type Activity, toLogin } from '../../lib/activity.ts';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import { readSecrets } from '../../lib/secrets.ts';
import { execute } from '../support/api.ts';
import { NOW, stoppedClock } from '../support/clock.ts';
import { withinDeadline } from '../support/deadline.ts';
import { LOGIN, login, SIGN_UP, signUp } from '../support/events.ts';
import { fakeNetwork, overTheWire } from '../support/network.ts';

const REQUIRED = { OTLP_ENDPOINT: 'https://otlp-gateway-prod-us-east-0.grafana.net/otlp' };
const ENDPOINT = 'https://otlp-gateway-prod-us-east-0.grafana.net/otlp/v1/logs';
const LATER = new Date('2026-01-31T12:00:30.000Z');

const network = fakeNetwork();

const configured = (given: Record<string, string> = {}) =>
  readSecrets(otlp.secrets, { ...REQUIRED, ...given });

const attributesOf = (activity: Activity): Record<string, unknown> =>
  Object.fromEntries(toPayload(activity, NOW).attributes.map(({ key, value }) => [key, value]));

stoppedClock();

describe('the log record', () => {
  it('of a SignUp', () => {
    expect(toPayload(SIGN_UP, LATER)).toMatchInlineSnapshot(`
      {
        "attributes": [
          {
            "key": "log.record.uid",
            "value": {
              "stringValue": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
            },
          },
          {
            "key": "event.name",
            "value": {
              "stringValue": "auth0.signup",
            },
          },
          {
            "key": "user.id",
            "value": {
              "stringValue": "auth0|5f7c8ec7c33c6c004bbafe82",
            },
          },
          {
            "key": "user.full_name",
            "value": {
              "stringValue": "j+smith@example.com",
            },
          },
          {
            "key": "user.email",
            "value": {
              "stringValue": "j+smith@example.com",
            },
          },
          {
            "key": "client.address",
            "value": {
              "stringValue": "13.33.86.47",
            },
          },
          {
            "key": "user_agent.original",
            "value": {
              "stringValue": "curl/7.64.1",
            },
          },
          {
            "key": "geo.country.iso_code",
            "value": {
              "stringValue": "US",
            },
          },
          {
            "key": "geo.locality.name",
            "value": {
              "stringValue": "Bellevue",
            },
          },
          {
            "key": "auth0.tenant",
            "value": {
              "stringValue": "example",
            },
          },
          {
            "key": "auth0.protocol",
            "value": {
              "stringValue": "oidc-basic-profile",
            },
          },
          {
            "key": "auth0.application.id",
            "value": {
              "stringValue": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
            },
          },
          {
            "key": "auth0.application.name",
            "value": {
              "stringValue": "All Applications",
            },
          },
          {
            "key": "auth0.connection.name",
            "value": {
              "stringValue": "Username-Password-Authentication",
            },
          },
          {
            "key": "auth0.connection.strategy",
            "value": {
              "stringValue": "auth0",
            },
          },
          {
            "key": "auth0.organization.id",
            "value": {
              "stringValue": "org_juG7cAQ0CymOcVpV",
            },
          },
          {
            "key": "auth0.organization.name",
            "value": {
              "stringValue": "my-organization",
            },
          },
          {
            "key": "auth0.user.created_at",
            "value": {
              "stringValue": "2019-05-04T10:20:30.000Z",
            },
          },
          {
            "key": "auth0.user.logins_count",
            "value": {
              "intValue": "62",
            },
          },
        ],
        "body": {
          "stringValue": "SignUp",
        },
        "eventName": "auth0.signup",
        "observedTimeUnixNano": "1769860830000000000",
        "severityNumber": 9,
        "timeUnixNano": "1769860800123000000",
      }
    `);
  });

  it('of a Login', () => {
    const { attributes, ...record } = toPayload(LOGIN, LATER);
    expect(record).toMatchInlineSnapshot(`
      {
        "body": {
          "stringValue": "Login",
        },
        "eventName": "auth0.login",
        "observedTimeUnixNano": "1769860830000000000",
        "severityNumber": 9,
        "timeUnixNano": "1769860800123000000",
      }
    `);
    expect(attributesOf(LOGIN)).toEqual({
      ...attributesOf(SIGN_UP),
      'log.record.uid': { stringValue: LOGIN.id },
      'event.name': { stringValue: 'auth0.login' },
    });
  });

  it('leaves out what the login does not have', () => {
    const { user_id } = login().user;
    const nothing = { user: { user_id }, tenant: { id: '' } } as ReturnType<typeof login>;
    expect(attributesOf(toLogin(nothing, NOW))).toEqual({
      'log.record.uid': { stringValue: expect.any(String) },
      'event.name': { stringValue: 'auth0.login' },
      'user.id': { stringValue: user_id },
    });
  });

  it('has the time of the login before, and a count of 0', () => {
    const user = { ...LOGIN.user, lastLogin: LATER, loginsCount: 0 };
    expect(attributesOf({ ...LOGIN, user })).toMatchObject({
      'auth0.user.last_login': { stringValue: '2026-01-31T12:00:30.000Z' },
      'auth0.user.logins_count': { intValue: '0' },
    });
  });

  // https://opentelemetry.io/docs/specs/semconv/general/naming/
  it('has names in lower case, none of which is the namespace of another', () => {
    const names = Object.keys(attributesOf({ ...SIGN_UP, user: { ...SIGN_UP.user, lastLogin: NOW } }));
    expect(names.filter((name) => !/^[a-z0-9]+([._][a-z0-9]+)+$/.test(name))).toEqual([]);
    expect(names.filter((name) => names.some((other) => other.startsWith(`${name}.`)))).toEqual([]);
  });
});

describe('a login', () => {
  it('is one request with one log record', async () => {
    network.answer(ENDPOINT, 200, {});
    await execute(onExecutePostLogin, login({ secrets: { ...REQUIRED, OTLP_HEADERS: 'api-key=K3Y' } }));
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: { 'api-key': 'K3Y', 'content-type': 'application/json' },
      },
    ]);
    expect(network.requests.map(({ body }) => JSON.parse(body))).toEqual([
      overTheWire({
        resourceLogs: [
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: 'auth0' } }] },
            scopeLogs: [{ scope: { name: 'auth0-login-analytics' }, logRecords: [toPayload(LOGIN, NOW)] }],
          },
        ],
      }),
    ]);
  });

  it.each([
    ['https://api.honeycomb.io', 'https://api.honeycomb.io/v1/logs'],
    ['https://collector.acme.com:4318/', 'https://collector.acme.com:4318/v1/logs'],
    ['https://otlp.datadoghq.com/v1/logs', 'https://otlp.datadoghq.com/v1/logs'],
    ['https://acme.com/otlp/v1/logs/', 'https://acme.com/otlp/v1/logs'],
  ])('of the address %s goes to %s', async (OTLP_ENDPOINT, url) => {
    network.answer(url, 200, {});
    await execute(onExecutePostLogin, login({ secrets: { OTLP_ENDPOINT } }));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it('is one of the service in the secrets', async () => {
    network.answer(ENDPOINT, 200, {});
    await execute(onExecutePostLogin, login({ secrets: { ...REQUIRED, OTLP_SERVICE_NAME: 'customers' } }));
    expect(network.requests.map(({ body }) => JSON.parse(body))).toMatchObject([
      { resourceLogs: [{ resource: { attributes: [{ value: { stringValue: 'customers' } }] } }] },
    ]);
  });

  it('of a new user is a SignUp, and marked', async () => {
    network.answer(ENDPOINT, 200, {});
    const { metadata } = await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(network.requests.map(({ body }) => JSON.parse(body))).toMatchObject([
      { resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: 'auth0.signup' }] }] }] },
    ]);
    expect(metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { otlp: true } }]);
  });

  it('that is refused by a 200 is not marked', async () => {
    network.answer(ENDPOINT, 200, { partialSuccess: { rejectedLogRecords: '1' } });
    const log = vi.spyOn(console, 'log').mockReturnValue();
    onTestFinished(() => log.mockRestore());
    const { metadata } = await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(log.mock.calls).toEqual([
      [expect.stringContaining('SignUp not delivered: 1 of 1 refused; check')],
    ]);
    expect(network.requests).toHaveLength(1);
    expect(metadata).toEqual([]);
  });

  it("never forwards the identity provider's access token", async () => {
    network.answer(ENDPOINT, 200, {});
    expect(login().user.identities[0]).toHaveProperty('accessToken');
    await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toHaveLength(1);
    expect(network.requests[0]?.body).not.toMatch(/access.?token|identities/i);
  });
});

describe('a batch', () => {
  const send = (): Promise<void> =>
    withinDeadline(1000, (http) => otlp.send([SIGN_UP, LOGIN], configured(), http));

  it('is one request of log records', async () => {
    network.answer(ENDPOINT, 200, {});
    await send();
    expect(network.requests.map(({ body }) => JSON.parse(body))).toMatchObject([
      {
        resourceLogs: [
          { scopeLogs: [{ logRecords: overTheWire([toPayload(SIGN_UP, NOW), toPayload(LOGIN, NOW)]) }] },
        ],
      },
    ]);
  });

  it.each([
    {},
    { partialSuccess: null },
    { partialSuccess: {} },
    { partialSuccess: { rejectedLogRecords: '0', errorMessage: 'Use Protobuf' } },
    { partialSuccess: { rejectedLogRecords: 'some' } },
    'OK',
    null,
  ])('is accepted by a 200 that refuses none: %j', async (body) => {
    network.answer(ENDPOINT, 200, body);
    await expect(send()).resolves.toBeUndefined();
  });

  it.each([
    [{ rejectedLogRecords: '1', errorMessage: 'too old' }, '1 of 2 refused: too old'],
    [{ rejectedLogRecords: 2 }, '2 of 2 refused'],
  ])('is refused as a whole by a 200 that refuses some: %j', async (partialSuccess, vendorText) => {
    network.answer(ENDPOINT, 200, { partialSuccess });
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(RejectedError);
    await expect(failure).rejects.toMatchObject({ vendorText, refused: [SIGN_UP, LOGIN] });
  });

  it.each([
    [400, { code: 3, message: 'invalid attribute' }, RejectedError],
    [401, { code: 16, message: 'invalid token' }, RejectedError],
    [429, { message: 'too many requests' }, UnavailableError],
    [503, { message: 'try again' }, UnavailableError],
  ])('is not accepted by a status of %d, and says why', async (status, body, kind) => {
    network.answer(ENDPOINT, status, body);
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(kind);
    await expect(failure).rejects.toMatchObject({ status, vendorText: body.message });
  });
});

describe('the headers of the secrets', () => {
  it.each([
    ['api-key=K3Y', { 'api-key': 'K3Y' }],
    ['Authorization=Basic%20YWRhOg==', { Authorization: 'Basic YWRhOg==' }],
    ['dd-protocol=otlp,dd-api-key=K3Y', { 'dd-protocol': 'otlp', 'dd-api-key': 'K3Y' }],
    ['x-key=a%2Cb%3Dc%25', { 'x-key': 'a,b=c%' }],
  ])('are decoded: %s', (OTLP_HEADERS, headers) => {
    expect(configured({ OTLP_HEADERS }).OTLP_HEADERS).toEqual(headers);
  });

  it.each([
    'K3Y',
    'api-key=',
    '=K3Y',
    'api-key=K3Y,',
    'api-key:K3Y',
    '"api-key"=K3Y',
    'Authorization=Basic YWRhOg==',
    'api-key=K3Y, x-key=a',
    'x-key=a\r\nHost=b',
    'x-key=a%0D%0AHost:b',
    'x-key=a%0',
    'x-key=%7F',
    'x-key=%C3%A9',
    'x%0A=K3Y',
    'api-key=K3Y,Content-Type=application/x-protobuf',
    'content-length=1',
    'Transfer-Encoding=chunked',
    'host=acme.com',
  ])('are refused: %s', (OTLP_HEADERS) => {
    expect(() => configured({ OTLP_HEADERS })).toThrow(
      'OTLP_HEADERS must be name=value,name=value, percent-encoded',
    );
  });

  it.each(['http://collector.acme.com:4318', 'https://acme.com/v1/logs?key=K3Y', 'acme.com:4317'])(
    'go to a server only: %s',
    (OTLP_ENDPOINT) => {
      expect(() => configured({ OTLP_ENDPOINT })).toThrow('OTLP_ENDPOINT must be an https URL');
    },
  );
});
