import { describe, expect, it } from 'vitest';
import { mixpanel } from '../../actions/mixpanel.ts';
import type { Activity } from '../../lib/activity.ts';
import { Destination, deliver } from '../../lib/deliver.ts';
import { withDeadline } from '../../lib/http.ts';
import { parseSecrets } from '../../lib/settings.ts';
import type { Activities } from '../../lib/sink.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, SIGN_UP, someLogins, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire, type ReceivedRequest } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const TOKEN = '9f86d081884c7d65';
const SERVICE_ACCOUNT = {
  MIXPANEL_TOKEN: 'auth0.mp-service-account:s3cret',
  MIXPANEL_PROJECT_ID: '2195193',
};
const ENDPOINT = 'https://api.mixpanel.com/import';
const IMPORTED = { code: 200, num_records_imported: 1, status: 'OK' };
const ENGAGE = 'https://api.mixpanel.com/engage';
const LOGINS = someLogins(3) as [Activity, Activity, Activity];

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) =>
  parseSecrets(mixpanel, { MIXPANEL_TOKEN: TOKEN, ...input });

const sendProfiles = (activities: Activities, input: Record<string, string> = {}) =>
  withDeadline(1000, async ({ http }) => mixpanel.sendProfiles?.(activities, parse(input), http));

describe('mixpanel.toPayload', () => {
  it('maps a SignUp to an event and a profile', () => {
    expect(overTheWire(mixpanel.toPayload(toFull('SignUp'), parse(), NOW))).toMatchInlineSnapshot(`
      {
        "event": {
          "event": "Signed Up",
          "properties": {
            "$browser": "Firefox",
            "$browser_version": "140.0.0",
            "$city": "Bellevue",
            "$device_id": "0d9e4c1b-visitor",
            "$insert_id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
            "$os": "Linux",
            "$referrer": "https://news.example.com/shops",
            "$region": "Washington",
            "$user_id": "auth0|5f7c8ec7c33c6c004bbafe82",
            "application": "All Applications",
            "asn": "AS13335",
            "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
            "connection": "Username-Password-Authentication",
            "continent": "NA",
            "createdAt": "2026-01-31T11:59:00.123Z",
            "distinct_id": "auth0|5f7c8ec7c33c6c004bbafe82",
            "email": "j+smith@example.com",
            "emailVerified": true,
            "familyName": "Smith",
            "gclid": "Cj0KCQ",
            "givenName": "John",
            "hostname": "example.auth0.com",
            "ip": "13.33.86.47",
            "language": "en",
            "lastLogin": "2026-01-30T09:00:00.000Z",
            "latitude": 47.61793,
            "loginsCount": 1,
            "longitude": -122.19584,
            "methods": [
              "mfa",
              "passkey",
            ],
            "mfa": true,
            "mp_country_code": "US",
            "name": "j+smith@example.com",
            "organization": "my-organization",
            "organizationId": "org_juG7cAQ0CymOcVpV",
            "organizationName": "My Organization",
            "phone": "18882352699",
            "picture": "http://www.gravatar.com/avatar/?d=identicon",
            "plan": "gold",
            "protocol": "oidc-basic-profile",
            "sessionId": "session-1",
            "strategy": "auth0",
            "tenant": "example",
            "time": 1769860740123,
            "timeZone": "America/Los_Angeles",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "username": "jsmith",
            "utm_campaign": "winter-sale",
            "utm_source": "newsletter",
          },
        },
        "profile": {
          "$distinct_id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "$ip": "0",
          "$set": {
            "$avatar": "http://www.gravatar.com/avatar/?d=identicon",
            "$city": "Bellevue",
            "$country_code": "US",
            "$email": "j+smith@example.com",
            "$first_name": "John",
            "$last_name": "Smith",
            "$name": "j+smith@example.com",
            "$phone": "18882352699",
            "$region": "Washington",
            "seats": 3,
          },
          "$set_once": {
            "$created": "2026-01-31T11:59:00.123Z",
          },
          "$token": "9f86d081884c7d65",
        },
      }
    `);
  });

  it('maps a Login to an event of its own name, id and time', () => {
    expect(mixpanel.toPayload(LOGIN, parse(), NOW).event).toMatchObject({
      event: 'Logged In',
      properties: { $insert_id: LOGIN.id, time: NOW.getTime(), loginsCount: 62 },
    });
  });

  it('names the events as the secrets do', () => {
    const secrets = parse({ MIXPANEL_SIGNUP_EVENT: 'Joined', MIXPANEL_LOGIN_EVENT: 'Came back' });
    expect(mixpanel.toPayload(SIGN_UP, secrets, NOW).event.event).toBe('Joined');
    expect(mixpanel.toPayload(LOGIN, secrets, NOW).event.event).toBe('Came back');
  });

  it('dates a SignUp at the creation of the profile on every attempt, because Mixpanel deduplicates by time', () => {
    const attempts = [NOW, new Date(NOW.getTime() + 5000)].map((time) =>
      mixpanel.toPayload({ ...SIGN_UP, time }, parse(), NOW),
    );
    expect(attempts.map(({ event }) => event.properties.time)).toEqual([
      SIGN_UP.user.createdAt?.getTime(),
      SIGN_UP.user.createdAt?.getTime(),
    ]);
  });

  // https://docs.mixpanel.com/reference/import-events
  it.each<[string, Activity['request'], object]>([
    ['looks up an IP address', { ip: '2001:db8::7' }, { ip: '2001:db8::7' }],
    ['does not look up a hash', { ip: 'c0ffee' }, { ip: 0, hashedIp: 'c0ffee' }],
    ['does not look up the address that Auth0 calls from', {}, { ip: 0 }],
  ])('%s', (_, request, expected) => {
    const { properties } = mixpanel.toPayload({ ...LOGIN, request }, parse(), NOW).event;
    const { ip, hashedIp } = { hashedIp: undefined, ...properties };
    expect({ ip, hashedIp }).toEqual(expected);
  });

  it('has an $insert_id that Mixpanel accepts', () => {
    expect(mixpanel.toPayload(LOGIN, parse(), NOW).event.properties.$insert_id).toMatch(/^[\da-z-]{1,36}$/);
  });

  it.each<[string, Record<string, string>, Activity['type'], boolean]>([
    ['a SignUp by default', {}, 'SignUp', true],
    ['no Login by default', {}, 'Login', false],
    ['a Login as well with MIXPANEL_PROFILES=all', { MIXPANEL_PROFILES: 'all' }, 'Login', true],
    ['nothing with MIXPANEL_PROFILES=off', { MIXPANEL_PROFILES: 'off' }, 'SignUp', false],
    ['nothing for a service account, which has no token', SERVICE_ACCOUNT, 'SignUp', false],
    [
      'a SignUp for a service account with the token of the project',
      { ...SERVICE_ACCOUNT, MIXPANEL_PROFILE_TOKEN: TOKEN },
      'SignUp',
      true,
    ],
  ])('sets the profile of %s', (_, input, type, isSet) => {
    const { profile } = mixpanel.toPayload(toFull(type), parse(input), NOW);
    expect(profile?.$token).toBe(isSet ? TOKEN : undefined);
  });

  it('names the organization under the group key of the project', () => {
    const { properties } = mixpanel.toPayload(
      toFull('Login'),
      parse({ MIXPANEL_GROUP_KEY: 'company_id' }),
      NOW,
    ).event;
    expect(properties).toMatchObject({
      company_id: 'org_juG7cAQ0CymOcVpV',
      organizationId: 'org_juG7cAQ0CymOcVpV',
    });
  });
});

describe('mixpanel.send', () => {
  it('sends one event', async () => {
    network.respond(ENDPOINT, 200, IMPORTED);
    await send(mixpanel, [LOGIN], parse());
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: `${ENDPOINT}?strict=1`,
        headers: {
          authorization: `Basic ${btoa(`${TOKEN}:`)}`,
          'content-type': 'application/json',
        },
      },
    ]);
    expect(network.requests[0]?.body).toEqual(overTheWire([mixpanel.toPayload(LOGIN, parse(), NOW).event]));
  });

  it('sends a batch as one request', async () => {
    network.respond(ENDPOINT, 200, { ...IMPORTED, num_records_imported: 3 });
    await send(mixpanel, LOGINS, parse());
    expect(network.requests).toMatchObject([
      { body: LOGINS.map(({ id }) => ({ properties: { $insert_id: id } })) },
    ]);
  });

  it('authenticates as a service account', async () => {
    network.respond(ENDPOINT, 200, IMPORTED);
    await send(mixpanel, [LOGIN], parse(SERVICE_ACCOUNT));
    expect(network.requests).toMatchObject([
      {
        url: `${ENDPOINT}?strict=1&project_id=2195193`,
        headers: { authorization: `Basic ${btoa('auth0.mp-service-account:s3cret')}` },
      },
    ]);
  });

  it.each([
    ['the US', { MIXPANEL_REGION: 'us' }, ENDPOINT],
    ['the EU', { MIXPANEL_REGION: 'eu' }, 'https://api-eu.mixpanel.com/import'],
    ['India', { MIXPANEL_REGION: 'in' }, 'https://api-in.mixpanel.com/import'],
    ['a proxy', { MIXPANEL_HOST: 'https://acme.com/mp/' }, 'https://acme.com/mp/import'],
    [
      'a proxy, whatever the region',
      { MIXPANEL_HOST: 'https://mp.acme.com:8443', MIXPANEL_REGION: 'eu' },
      'https://mp.acme.com:8443/import',
    ],
  ])('sends to %s', async (_, input, url) => {
    network.respond(url, 200, IMPORTED);
    await send(mixpanel, [LOGIN], parse(input));
    expect(network.requests).toMatchObject([{ url: `${url}?strict=1` }]);
  });

  it.each([
    ['a page of HTML', 200, HTML_PAGE],
    ["Splunk's JSON", 200, { text: 'Success', code: 0 }],
    ["PostHog's JSON", 200, { status: 'Ok' }],
    ['nothing', 200, ''],
    ['nothing', 204, undefined],
  ])('rejects %s with status %d', async (_, status, body) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(mixpanel, [LOGIN], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  const createRejection = (failed_records: unknown) => ({
    code: 400,
    error: 'some data points in the request failed validation',
    failed_records,
    status: 'Bad Request',
  });
  const createFailedRecords = (...indexes: number[]) =>
    indexes.map((index) => ({
      index,
      insert_id: 'any',
      field: 'time',
      message: `record ${index} is invalid`,
    }));

  it.each([[[1]], [[2, 0, 2]], [[0, 1, 2]]])(
    'names the events of a batch that were rejected: %j',
    async (indexes) => {
      network.respond(ENDPOINT, 400, createRejection(createFailedRecords(...indexes)));
      await expect(send(mixpanel, LOGINS, parse())).rejects.toMatchObject({
        name: 'RejectedError',
        status: 400,
        vendorMessage: `record ${indexes[0]} is invalid`,
        rejected: LOGINS.filter((_, index) => indexes.includes(index)),
        othersAccepted: true,
      });
    },
  );

  it.each([
    ['no events', []],
    ['other events', createFailedRecords(3, -1, 0.5)],
    ['events without a number', [{ insert_id: SIGN_UP.id }]],
    ['events without a list', 'all'],
  ])('rejects a batch as a whole if the response names %s', async (_, failedRecords) => {
    const body = createRejection(failedRecords);
    network.respond(ENDPOINT, 400, body);
    await expect(send(mixpanel, LOGINS, parse())).rejects.toMatchObject({
      name: 'RejectedError',
      vendorMessage: body.error,
      rejected: undefined,
    });
  });

  it.each([
    [401, 'Invalid credentials', 'RejectedError'],
    [413, 'request exceeds max limit of 2097152 bytes', 'RejectedError'],
    [429, 'Project exceeded rate limits. Please retry with exponential backoff.', 'UnavailableError'],
    [503, 'Service Unavailable', 'UnavailableError'],
  ])('reports why Mixpanel responds with %d', async (status, error, name) => {
    network.respond(ENDPOINT, status, { code: status, error });
    await expect(send(mixpanel, [LOGIN], parse())).rejects.toMatchObject({
      name,
      status,
      vendorMessage: error,
    });
  });
});

describe('mixpanel.sendProfiles', () => {
  it('sends the profiles as one request, without a location to look up', async () => {
    network.respond(ENGAGE, 200, { status: 1, error: null });
    await sendProfiles([toFull('SignUp'), LOGIN, SIGN_UP]);
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: `${ENGAGE}?verbose=1`,
        body: [
          { $token: TOKEN, $ip: '0', $set: { seats: 3 } },
          { $token: TOKEN, $ip: '0' },
        ],
      },
    ]);
    expect(network.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('sends nothing if no profile is to be set', async () => {
    await sendProfiles([LOGIN]);
    expect(network.requests).toEqual([]);
  });

  it('sends to the region of the project', async () => {
    network.respond('https://api-eu.mixpanel.com/engage', 200, { status: 1 });
    await sendProfiles([SIGN_UP], { MIXPANEL_REGION: 'eu' });
    expect(network.requests).toHaveLength(1);
  });

  it('reports a profile that Mixpanel rejects with 200', async () => {
    network.respond(ENGAGE, 200, { status: 0, error: 'token, missing or empty' });
    await expect(sendProfiles([SIGN_UP])).rejects.toMatchObject({
      name: 'RejectedError',
      vendorMessage: 'token, missing or empty',
    });
  });

  it.each([
    ['a page of HTML', HTML_PAGE],
    ["PostHog's JSON", { status: 'Ok' }],
    ['nothing', ''],
  ])('rejects %s', async (_, body) => {
    network.respond(ENGAGE, 200, body);
    await expect(sendProfiles([SIGN_UP])).rejects.toMatchObject(FOREIGN_RESPONSE);
  });
});

describe('a delivery to Mixpanel', () => {
  const destination = () => new Destination(mixpanel);

  it('sends event and profile at the same time', async () => {
    const order: string[] = [];
    const record = (name: string) => (request: ReceivedRequest) => {
      order.push(name);
      return { status: 200, body: request.url.includes('engage') ? { status: 1 } : IMPORTED };
    };
    network.respondWith(ENDPOINT, record('event'));
    network.respondWith(ENGAGE, record('profile'));
    expect(await deliver(destination(), SIGN_UP, parse())).toMatchObject({ attempts: 1 });
    expect(order.toSorted()).toEqual(['event', 'profile']);
  });

  it.each<[string, number, unknown, string]>([
    ['rejected with 200', 200, { status: 0, error: 'no token' }, 'a profile was rejected'],
    ['rejected with 401', 401, { error: 'wrong token' }, '401 Unauthorized'],
    ['answered by a page', 200, HTML_PAGE, "200 OK, but not a response of the vendor's API"],
    ['unavailable', 503, undefined, '503 Service Unavailable'],
  ])('delivers an event once whose profile is %s', async (_, status, body, message) => {
    network.respond(ENDPOINT, 200, IMPORTED);
    network.respond(ENGAGE, status, body);
    const mixpanelDestination = destination();
    const delivery = await deliver(mixpanelDestination, SIGN_UP, parse());
    expect(delivery).toMatchObject({ attempts: 1, profileError: { message } });
    expect(delivery).not.toHaveProperty('error');
    expect(network.requests.map(({ url }) => new URL(url).pathname).toSorted()).toEqual([
      '/engage',
      '/import',
    ]);
    expect(mixpanelDestination.buffer.size).toBe(0);
  });

  it.each([401, 503])(
    'keeps an event out of the profiles if Mixpanel responds to it with %d',
    async (status) => {
      network.respond(ENDPOINT, status);
      network.respond(ENGAGE, 200, { status: 1 });
      expect(await deliver(destination(), SIGN_UP, parse())).toMatchObject({
        error: { status },
        buffered: status === 503,
      });
    },
  );
});

describe('mixpanel.secrets', () => {
  const { MIXPANEL_TOKEN, MIXPANEL_PROJECT_ID } = SERVICE_ACCOUNT;

  it.each<[string, Record<string, string>, string]>([
    ['a service account without a project', { MIXPANEL_TOKEN }, 'MIXPANEL_PROJECT_ID is missing'],
    [
      'a project with a token',
      { MIXPANEL_TOKEN: TOKEN, MIXPANEL_PROJECT_ID },
      'MIXPANEL_PROJECT_ID is for a service account: MIXPANEL_TOKEN must be name:secret',
    ],
    ['a project without a token', { MIXPANEL_PROJECT_ID }, 'MIXPANEL_TOKEN is missing'],
    [
      'a service account without a secret',
      { MIXPANEL_TOKEN: 'auth0.mp-service-account:', MIXPANEL_PROJECT_ID },
      'MIXPANEL_TOKEN must be a token, or name:secret of a service account',
    ],
    [
      'a project that is no number',
      { MIXPANEL_TOKEN, MIXPANEL_PROJECT_ID: 'acme' },
      'MIXPANEL_PROJECT_ID must be a number',
    ],
    [
      'a region that Mixpanel does not have',
      { MIXPANEL_TOKEN: TOKEN, MIXPANEL_REGION: 'ap' },
      'MIXPANEL_REGION must be us, eu or in',
    ],
    [
      'a group key that would replace another property',
      { MIXPANEL_TOKEN: TOKEN, MIXPANEL_GROUP_KEY: 'email' },
      'MIXPANEL_GROUP_KEY must not be the name of another property',
    ],
  ])('reject %s', (_, input, message) => {
    expect(() => parseSecrets(mixpanel, input)).toThrow(
      expect.objectContaining({ name: 'ConfigError', message }),
    );
  });
});
