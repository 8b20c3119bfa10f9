import { describe, expect, it } from 'vitest';
import { otlp } from '../../actions/otlp.ts';
import { type Activity, toLogin } from '../../lib/activity.ts';
import { LIBRARY } from '../../lib/library.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, login, SIGN_UP, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const GATEWAY = 'https://otlp-gateway-prod-us-east-0.grafana.net/otlp';
const ENDPOINT = `${GATEWAY}/v1/logs`;
const MS_PER_HOUR = 60 * 60 * 1000;

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) =>
  parseSecrets(otlp, { OTLP_ENDPOINT: GATEWAY, ...input });

const getAttributes = (activity: Activity): Record<string, unknown> =>
  Object.fromEntries(otlp.toPayload(activity, parse(), NOW).attributes.map(({ key, value }) => [key, value]));

describe('otlp.toPayload', () => {
  it('maps a SignUp to a log record', () => {
    const { attributes, ...record } = otlp.toPayload(toFull('SignUp'), parse(), NOW);
    const values = attributes.map(({ key, value }) => `${key}: ${JSON.stringify(value)}`);
    expect({ ...record, attributes: values }).toMatchInlineSnapshot(`
      {
        "attributes": [
          "seats: {"intValue":"3"}",
          "plan: {"stringValue":"gold"}",
          "log.record.uid: {"stringValue":"8a37527b-37ef-5a7a-bdc4-d2ff9ea92806"}",
          "event.name: {"stringValue":"auth0.signup"}",
          "user.id: {"stringValue":"auth0|5f7c8ec7c33c6c004bbafe82"}",
          "user.name: {"stringValue":"jsmith"}",
          "user.full_name: {"stringValue":"j+smith@example.com"}",
          "user.email: {"stringValue":"j+smith@example.com"}",
          "client.address: {"stringValue":"13.33.86.47"}",
          "user_agent.original: {"stringValue":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}",
          "session.id: {"stringValue":"session-1"}",
          "server.address: {"stringValue":"example.auth0.com"}",
          "geo.continent.code: {"stringValue":"NA"}",
          "geo.country.iso_code: {"stringValue":"US"}",
          "geo.region.iso_code: {"stringValue":"US-WA"}",
          "geo.locality.name: {"stringValue":"Bellevue"}",
          "geo.location.lat: {"doubleValue":47.61793}",
          "geo.location.lon: {"doubleValue":-122.19584}",
          "geo.timezone: {"stringValue":"America/Los_Angeles"}",
          "auth0.request.asn: {"stringValue":"AS13335"}",
          "auth0.request.language: {"stringValue":"en"}",
          "auth0.visitor.anonymous_id: {"stringValue":"0d9e4c1b-visitor"}",
          "auth0.visitor.referrer: {"stringValue":"https://news.example.com/shops"}",
          "utm_source: {"stringValue":"newsletter"}",
          "utm_campaign: {"stringValue":"winter-sale"}",
          "gclid: {"stringValue":"Cj0KCQ"}",
          "auth0.tenant: {"stringValue":"example"}",
          "auth0.protocol: {"stringValue":"oidc-basic-profile"}",
          "auth0.application.id: {"stringValue":"gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR"}",
          "auth0.application.name: {"stringValue":"All Applications"}",
          "auth0.connection.name: {"stringValue":"Username-Password-Authentication"}",
          "auth0.connection.strategy: {"stringValue":"auth0"}",
          "auth0.organization.id: {"stringValue":"org_juG7cAQ0CymOcVpV"}",
          "auth0.organization.name: {"stringValue":"my-organization"}",
          "auth0.organization.display_name: {"stringValue":"My Organization"}",
          "auth0.authentication.methods: {"arrayValue":{"values":[{"stringValue":"mfa"},{"stringValue":"passkey"}]}}",
          "auth0.authentication.mfa: {"boolValue":true}",
          "auth0.user.created_at: {"stringValue":"2026-01-31T11:59:00.123Z"}",
          "auth0.user.logins_count: {"intValue":"1"}",
          "auth0.user.last_login: {"stringValue":"2026-01-30T09:00:00.000Z"}",
        ],
        "body": {
          "stringValue": "SignUp",
        },
        "eventName": "auth0.signup",
        "observedTimeUnixNano": "1769860800123000000",
        "severityNumber": 9,
        "severityText": "INFO",
        "timeUnixNano": "1769860740123000000",
      }
    `);
    expect({ ...record, attributes: values }).toMatchInlineSnapshot(`
      {
        "attributes": [
          "seats: {"intValue":"3"}",
          "plan: {"stringValue":"gold"}",
          "log.record.uid: {"stringValue":"8a37527b-37ef-5a7a-bdc4-d2ff9ea92806"}",
          "event.name: {"stringValue":"auth0.signup"}",
          "user.id: {"stringValue":"auth0|5f7c8ec7c33c6c004bbafe82"}",
          "user.name: {"stringValue":"jsmith"}",
          "user.full_name: {"stringValue":"j+smith@example.com"}",
          "user.email: {"stringValue":"j+smith@example.com"}",
          "client.address: {"stringValue":"13.33.86.47"}",
          "user_agent.original: {"stringValue":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}",
          "session.id: {"stringValue":"session-1"}",
          "server.address: {"stringValue":"example.auth0.com"}",
          "geo.continent.code: {"stringValue":"NA"}",
          "geo.country.iso_code: {"stringValue":"US"}",
          "geo.region.iso_code: {"stringValue":"US-WA"}",
          "geo.locality.name: {"stringValue":"Bellevue"}",
          "geo.location.lat: {"doubleValue":47.61793}",
          "geo.location.lon: {"doubleValue":-122.19584}",
          "geo.timezone: {"stringValue":"America/Los_Angeles"}",
          "auth0.request.asn: {"stringValue":"AS13335"}",
          "auth0.request.language: {"stringValue":"en"}",
          "auth0.visitor.anonymous_id: {"stringValue":"0d9e4c1b-visitor"}",
          "auth0.visitor.referrer: {"stringValue":"https://news.example.com/shops"}",
          "utm_source: {"stringValue":"newsletter"}",
          "utm_campaign: {"stringValue":"winter-sale"}",
          "gclid: {"stringValue":"Cj0KCQ"}",
          "auth0.tenant: {"stringValue":"example"}",
          "auth0.protocol: {"stringValue":"oidc-basic-profile"}",
          "auth0.application.id: {"stringValue":"gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR"}",
          "auth0.application.name: {"stringValue":"All Applications"}",
          "auth0.connection.name: {"stringValue":"Username-Password-Authentication"}",
          "auth0.connection.strategy: {"stringValue":"auth0"}",
          "auth0.organization.id: {"stringValue":"org_juG7cAQ0CymOcVpV"}",
          "auth0.organization.name: {"stringValue":"my-organization"}",
          "auth0.organization.display_name: {"stringValue":"My Organization"}",
          "auth0.authentication.methods: {"arrayValue":{"values":[{"stringValue":"mfa"},{"stringValue":"passkey"}]}}",
          "auth0.authentication.mfa: {"boolValue":true}",
          "auth0.user.created_at: {"stringValue":"2026-01-31T11:59:00.123Z"}",
          "auth0.user.logins_count: {"intValue":"1"}",
          "auth0.user.last_login: {"stringValue":"2026-01-30T09:00:00.000Z"}",
        ],
        "body": {
          "stringValue": "SignUp",
        },
        "eventName": "auth0.signup",
        "observedTimeUnixNano": "1769860800123000000",
        "severityNumber": 9,
        "severityText": "INFO",
        "timeUnixNano": "1769860740123000000",
      }
    `);
  });

  it('maps a Login to a log record of its own name, id and time', () => {
    expect(otlp.toPayload(LOGIN, parse(), NOW)).toMatchObject({
      eventName: 'auth0.login',
      body: { stringValue: 'Login' },
      timeUnixNano: '1769860800123000000',
    });
    expect(getAttributes(LOGIN)).toMatchObject({
      'log.record.uid': { stringValue: LOGIN.id },
      'event.name': { stringValue: 'auth0.login' },
      'auth0.user.logins_count': { intValue: '62' },
    });
  });

  it('leaves out what the login does not have', () => {
    const { user_id } = login().user;
    expect(getAttributes(toLogin({ user: { user_id }, tenant: { id: '' } }, NOW))).toEqual({
      'log.record.uid': { stringValue: expect.any(String) },
      'event.name': { stringValue: 'auth0.login' },
      'user.id': { stringValue: user_id },
    });
  });

  it('includes the time of the previous login, and a count of 0', () => {
    const user = { ...LOGIN.user, lastLogin: NOW, loginsCount: 0 };
    expect(getAttributes({ ...LOGIN, user })).toMatchObject({
      'auth0.user.last_login': { stringValue: '2026-01-31T12:00:00.123Z' },
      'auth0.user.logins_count': { intValue: '0' },
    });
  });

  it('dates a record of 47 hours ago at its time', () => {
    const time = new Date(NOW.getTime() - 47 * MS_PER_HOUR);
    expect(otlp.toPayload({ ...SIGN_UP, time }, parse(), NOW).timeUnixNano).toBe(`${time.getTime()}000000`);
    expect(getAttributes({ ...SIGN_UP, time })).not.toHaveProperty('auth0.occurred_at');
  });

  it('has the backend date a record of 48 hours ago, which New Relic would drop', () => {
    const time = new Date(NOW.getTime() - 48 * MS_PER_HOUR);
    expect(otlp.toPayload({ ...SIGN_UP, time }, parse(), NOW)).toMatchObject({
      timeUnixNano: undefined,
      observedTimeUnixNano: '1769860800123000000',
    });
    expect(getAttributes({ ...SIGN_UP, time })['auth0.occurred_at']).toEqual({
      stringValue: time.toISOString(),
    });
  });

  it('names the events as the secrets do', () => {
    const secrets = parse({ OTLP_SIGNUP_EVENT: 'acme.signup', OTLP_LOGIN_EVENT: 'acme.login' });
    const names = [SIGN_UP, LOGIN].map((activity) => otlp.toPayload(activity, secrets, NOW).eventName);
    expect(names).toEqual(['acme.signup', 'acme.login']);
  });

  it('has the ISO code of the region, with its country', () => {
    const getRegion = (request: Activity['request']) =>
      getAttributes({ ...LOGIN, request })['geo.region.iso_code'];
    expect(getRegion({ country: 'US', regionCode: 'WA' })).toEqual({ stringValue: 'US-WA' });
    expect(getRegion({ country: 'US' })).toBeUndefined();
    expect(getRegion({ regionCode: 'WA' })).toBeUndefined();
  });

  // https://opentelemetry.io/docs/specs/semconv/general/naming/
  it('names attributes in lower case, none of them a namespace of another', () => {
    const { campaign } = toFull('SignUp').visitor;
    const names = Object.keys(getAttributes(toFull('SignUp'))).filter(
      (name) => !['plan', 'seats', ...Object.keys(campaign)].includes(name),
    );
    expect(names.filter((name) => !/^[a-z0-9]+([._][a-z0-9]+)+$/.test(name))).toEqual([]);
    expect(names.filter((name) => names.some((other) => other.startsWith(`${name}.`)))).toEqual([]);
  });

  // https://protobuf.dev/programming-guides/json/
  it.each([
    ['a string', 'gold', { stringValue: 'gold' }],
    ['an integer', 3, { intValue: '3' }],
    ['a number', 0.5, { doubleValue: 0.5 }],
    ['a boolean', false, { boolValue: false }],
    ['a date', NOW, { stringValue: NOW.toISOString() }],
    ['a list', ['a', 'b'], { arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'b' }] } }],
  ])('sends a property that is %s by its type', (_, value, sent) => {
    expect(getAttributes({ ...LOGIN, properties: { own: value } }).own).toEqual(sent);
  });
});

describe('otlp.send', () => {
  it('sends one log record', async () => {
    network.respond(ENDPOINT, 200, {});
    await send(otlp, [LOGIN], parse({ OTLP_HEADERS: 'api-key=K3Y' }));
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: { 'api-key': 'K3Y', 'content-type': 'application/json' },
      },
    ]);
    expect(network.requests[0]?.body).toEqual(
      overTheWire({
        resourceLogs: [
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: 'auth0' } }] },
            scopeLogs: [
              {
                scope: LIBRARY,
                logRecords: [otlp.toPayload(LOGIN, parse(), NOW)],
              },
            ],
          },
        ],
      }),
    );
  });

  it('sends a batch as one request', async () => {
    network.respond(ENDPOINT, 200, {});
    await send(otlp, [SIGN_UP, LOGIN], parse());
    const logRecords = [SIGN_UP, LOGIN].map((activity) => otlp.toPayload(activity, parse(), NOW));
    expect(network.requests).toMatchObject([
      { body: { resourceLogs: [{ scopeLogs: [{ logRecords: overTheWire(logRecords) }] }] } },
    ]);
  });

  it('names the service of the secrets', async () => {
    network.respond(ENDPOINT, 200, {});
    await send(otlp, [LOGIN], parse({ OTLP_SERVICE_NAME: 'customers' }));
    expect(network.requests).toMatchObject([
      {
        body: { resourceLogs: [{ resource: { attributes: [{ value: { stringValue: 'customers' } }] } }] },
      },
    ]);
  });

  it.each([
    ['https://api.honeycomb.io', 'https://api.honeycomb.io/v1/logs'],
    ['https://collector.acme.com:4318/', 'https://collector.acme.com:4318/v1/logs'],
    ['https://otlp.datadoghq.com/v1/logs', 'https://otlp.datadoghq.com/v1/logs'],
    ['https://acme.com/otlp/v1/logs/', 'https://acme.com/otlp/v1/logs'],
  ])('sends with the endpoint %s to %s', async (OTLP_ENDPOINT, url) => {
    network.respond(url, 200, {});
    await send(otlp, [LOGIN], parse({ OTLP_ENDPOINT }));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it.each([
    [200, {}],
    [200, { partialSuccess: {} }],
    [200, { partialSuccess: { rejectedLogRecords: '0', errorMessage: 'Use Protobuf' } }],
    [200, { partialSuccess: { rejectedLogRecords: 'some' } }],
    [200, ''],
    [204, undefined],
  ])('resolves when the receiver accepts all records with %d %j', async (status, body) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(otlp, [SIGN_UP, LOGIN], parse())).resolves.toBeUndefined();
  });

  it.each([
    [{ rejectedLogRecords: '1', errorMessage: 'too old' }, '1 rejected: too old'],
    [{ rejectedLogRecords: 2 }, '2 rejected'],
  ])('rejects a batch as a whole if a 200 rejects some of it: %j', async (partialSuccess, vendorMessage) => {
    network.respond(ENDPOINT, 200, { partialSuccess });
    await expect(send(otlp, [SIGN_UP, LOGIN], parse())).rejects.toMatchObject({
      name: 'RejectedError',
      vendorMessage,
      rejected: [SIGN_UP, LOGIN],
    });
  });

  it.each([
    ['a page of HTML', HTML_PAGE],
    ["Splunk's JSON", { text: 'Success', code: 0 }],
    ['a string', '"OK"'],
  ])('rejects %s with status 200', async (_, body) => {
    network.respond(ENDPOINT, 200, body);
    await expect(send(otlp, [LOGIN], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  it.each([
    [400, { code: 3, message: 'invalid attribute' }, 'RejectedError'],
    [401, { code: 16, message: 'invalid token' }, 'RejectedError'],
    [429, { message: 'too many requests' }, 'UnavailableError'],
    [503, { message: 'try again' }, 'UnavailableError'],
  ])('reports why the receiver responds with %d', async (status, body, name) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(otlp, [LOGIN], parse())).rejects.toMatchObject({
      name,
      status,
      vendorMessage: body.message,
    });
  });
});

describe('otlp.secrets', () => {
  it.each([
    ['api-key=K3Y', { 'api-key': 'K3Y' }],
    ['Authorization=Basic%20YWRhOg==', { Authorization: 'Basic YWRhOg==' }],
    ['dd-protocol=otlp,dd-api-key=K3Y', { 'dd-protocol': 'otlp', 'dd-api-key': 'K3Y' }],
    ['x-key=a%2Cb%3Dc%25', { 'x-key': 'a,b=c%' }],
  ])('decode the headers %s', (OTLP_HEADERS, headers) => {
    expect(parse({ OTLP_HEADERS }).OTLP_HEADERS).toEqual(headers);
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
  ])('reject the headers %j', (OTLP_HEADERS) => {
    expect(() => parse({ OTLP_HEADERS })).toThrow(
      'OTLP_HEADERS must be name=value,name=value, percent-encoded',
    );
  });

  it.each(['http://collector.acme.com:4318', 'https://acme.com/v1/logs?key=K3Y', 'acme.com:4317'])(
    'reject the endpoint %s',
    (OTLP_ENDPOINT) => {
      expect(() => parse({ OTLP_ENDPOINT })).toThrow('OTLP_ENDPOINT must be an https URL');
    },
  );
});
