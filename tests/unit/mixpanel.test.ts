import { describe, expect, it } from 'vitest';
import { mixpanel, onExecutePostLogin, toPayload } from '../../actions/mixpanel.ts';
import type { Activity } from '../../lib/activity.ts';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import { readSecrets } from '../../lib/secrets.ts';
import { execute } from '../support/api.ts';
import { stoppedClock } from '../support/clock.ts';
import { withinDeadline } from '../support/deadline.ts';
import { LOGIN, login, SIGN_UP, signUp } from '../support/events.ts';
import { fakeNetwork, overTheWire } from '../support/network.ts';

const TOKEN = '9f86d081884c7d65';
const REQUIRED = { MIXPANEL_TOKEN: TOKEN };
const ACCOUNT = { MIXPANEL_TOKEN: 'auth0.mp-service-account:s3cret', MIXPANEL_PROJECT_ID: '2195193' };
const ENDPOINT = 'https://api.mixpanel.com/import';
const IMPORTED = { code: 200, num_records_imported: 1, status: 'OK' };

const network = fakeNetwork();

const configured = (given: Record<string, string> = {}) =>
  readSecrets(mixpanel.secrets, { ...REQUIRED, ...given });

const sentBatches = () => network.requests.map(({ body }) => JSON.parse(body));

stoppedClock();

describe('the event', () => {
  it('of a SignUp', () => {
    expect(toPayload(SIGN_UP, configured())).toMatchInlineSnapshot(`
      {
        "event": "Signed Up",
        "properties": {
          "$city": "Bellevue",
          "$insert_id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
          "$user_id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "application": "All Applications",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "createdAt": 2019-05-04T10:20:30.000Z,
          "distinct_id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "email": "j+smith@example.com",
          "ip": "13.33.86.47",
          "lastLogin": undefined,
          "loginsCount": 62,
          "mp_country_code": "US",
          "name": "j+smith@example.com",
          "organization": "my-organization",
          "organizationId": "org_juG7cAQ0CymOcVpV",
          "protocol": "oidc-basic-profile",
          "strategy": "auth0",
          "tenant": "example",
          "time": 1769860800123,
          "userAgent": "curl/7.64.1",
        },
      }
    `);
  });

  it('of a Login', () => {
    expect(toPayload(LOGIN, configured())).toMatchInlineSnapshot(`
      {
        "event": "Logged In",
        "properties": {
          "$city": "Bellevue",
          "$insert_id": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858",
          "$user_id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "application": "All Applications",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "createdAt": 2019-05-04T10:20:30.000Z,
          "distinct_id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "email": "j+smith@example.com",
          "ip": "13.33.86.47",
          "lastLogin": undefined,
          "loginsCount": 62,
          "mp_country_code": "US",
          "name": "j+smith@example.com",
          "organization": "my-organization",
          "organizationId": "org_juG7cAQ0CymOcVpV",
          "protocol": "oidc-basic-profile",
          "strategy": "auth0",
          "tenant": "example",
          "time": 1769860800123,
          "userAgent": "curl/7.64.1",
        },
      }
    `);
  });

  it('has the event names of the secrets', () => {
    const secrets = configured({ MIXPANEL_SIGNUP_EVENT: 'Joined', MIXPANEL_LOGIN_EVENT: 'Came back' });
    expect(toPayload(SIGN_UP, secrets).event).toBe('Joined');
    expect(toPayload(LOGIN, secrets).event).toBe('Came back');
  });

  // https://docs.mixpanel.com/reference/import-events
  it.each([
    ['an address', { ip: '2001:db8::7' }, { ip: '2001:db8::7', hashedIp: undefined }],
    ['a hash of one, which is none', { ip: 'c0ffee' }, { ip: 0, hashedIp: 'c0ffee' }],
    ['none', {}, { ip: 0, hashedIp: undefined }],
  ])('has Mixpanel look up nobody but the user: %s', (_, request: Activity['request'], expected) => {
    const { ip, hashedIp } = {
      hashedIp: undefined,
      ...toPayload({ ...LOGIN, request }, configured()).properties,
    };
    expect({ ip, hashedIp }).toEqual(expected);
  });

  it('has an id that Mixpanel takes', () => {
    expect(toPayload(LOGIN, configured()).properties.$insert_id).toMatch(/^[\da-z-]{1,36}$/);
  });
});

describe('a login', () => {
  it('is one request to Mixpanel', async () => {
    network.answer(ENDPOINT, 200, IMPORTED);
    const { metadata } = await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: `${ENDPOINT}?strict=1`,
        headers: { authorization: `Basic ${btoa(`${TOKEN}:`)}`, 'content-type': 'application/json' },
      },
    ]);
    expect(sentBatches()).toEqual([overTheWire([toPayload(LOGIN, configured())])]);
    expect(metadata).toEqual([]);
  });

  it('is sent by a service account', async () => {
    network.answer(ENDPOINT, 200, IMPORTED);
    await execute(onExecutePostLogin, login({ secrets: ACCOUNT }));
    expect(network.requests).toMatchObject([
      {
        url: `${ENDPOINT}?strict=1&project_id=2195193`,
        headers: { authorization: `Basic ${btoa('auth0.mp-service-account:s3cret')}` },
      },
    ]);
  });

  it.each([
    ['the USA', { MIXPANEL_REGION: 'us' }, ENDPOINT],
    ['Europe', { MIXPANEL_REGION: 'eu' }, 'https://api-eu.mixpanel.com/import'],
    ['India', { MIXPANEL_REGION: 'in' }, 'https://api-in.mixpanel.com/import'],
    ['a proxy', { MIXPANEL_HOST: 'https://acme.com/mp/' }, 'https://acme.com/mp/import'],
    [
      'a proxy whatever the region',
      { MIXPANEL_HOST: 'https://mp.acme.com:8443', MIXPANEL_REGION: 'eu' },
      'https://mp.acme.com:8443/import',
    ],
  ])('goes to %s', async (_, given, url) => {
    network.answer(url, 200, IMPORTED);
    await execute(onExecutePostLogin, login({ secrets: { ...REQUIRED, ...given } }));
    expect(network.requests).toMatchObject([{ url: `${url}?strict=1` }]);
  });

  it('of a new user is a SignUp, and marked', async () => {
    network.answer(ENDPOINT, 200, IMPORTED);
    const { metadata } = await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(sentBatches()).toMatchObject([[{ event: 'Signed Up' }]]);
    expect(metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { mixpanel: true } }]);
  });

  it("never forwards the identity provider's access token", async () => {
    network.answer(ENDPOINT, 200, IMPORTED);
    expect(login().user.identities[0]).toHaveProperty('accessToken');
    await execute(onExecutePostLogin, login({ secrets: REQUIRED }));
    expect(network.requests).toHaveLength(1);
    expect(network.requests[0]?.body).not.toMatch(/access.?token|identities/i);
  });
});

describe('a batch', () => {
  const ANOTHER = { ...SIGN_UP, id: '3d0a0b7e-9f53-5c1e-8a43-0c6ea5d1f1ab' };
  const failed = (...indexes: number[]) => ({
    code: 400,
    error: 'some data points in the request failed validation',
    failed_records: indexes.map((index) => ({
      index,
      insert_id: 'any',
      field: 'properties.time',
      message: `record ${index} is invalid`,
    })),
    num_records_imported: 3 - indexes.length,
    status: 'Bad Request',
  });

  const send = (): Promise<void> =>
    withinDeadline(1000, (http) => mixpanel.send([SIGN_UP, LOGIN, ANOTHER], configured(), http));

  it('is one request of all events', async () => {
    network.answer(ENDPOINT, 200, { ...IMPORTED, num_records_imported: 3 });
    await send();
    expect(sentBatches()).toEqual([
      overTheWire([SIGN_UP, LOGIN, ANOTHER].map((activity) => toPayload(activity, configured()))),
    ]);
  });

  it.each([
    [[1], [LOGIN]],
    [
      [2, 0, 2],
      [SIGN_UP, ANOTHER],
    ],
    [
      [0, 1, 2],
      [SIGN_UP, LOGIN, ANOTHER],
    ],
  ])('is refused with any of its events, and says which: %j', async (indexes, refused) => {
    network.answer(ENDPOINT, 400, failed(...indexes));
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(RejectedError);
    const vendorText = `record ${indexes[0]} is invalid`;
    await expect(failure).rejects.toMatchObject({ status: 400, vendorText, refused });
    expect(network.requests).toHaveLength(1);
  });

  it.each([
    ['names none', failed()],
    ['names others', failed(3, -1, 0.5)],
    ['names none by number', { ...failed(), failed_records: [{ insert_id: SIGN_UP.id }] }],
    ['has no list', { ...failed(), failed_records: 'all' }],
  ])('is refused as a whole by an answer that %s', async (_, body) => {
    network.answer(ENDPOINT, 400, body);
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(RejectedError);
    await expect(failure).rejects.toMatchObject({ vendorText: body.error, refused: undefined });
  });

  it.each([
    [401, 'Invalid credentials', RejectedError],
    [413, 'request exceeds max limit of 2097152 bytes', RejectedError],
    [
      429,
      'Project exceeded rate limits. Please retry the request with exponential backoff.',
      UnavailableError,
    ],
    [503, 'Service Unavailable', UnavailableError],
  ])('is not accepted by a status of %d, and says why', async (status, error, kind) => {
    network.answer(ENDPOINT, status, { code: status, error });
    const failure = send();
    await expect(failure).rejects.toBeInstanceOf(kind);
    await expect(failure).rejects.toMatchObject({ status, vendorText: error });
  });
});

describe('the secrets', () => {
  const { MIXPANEL_TOKEN, MIXPANEL_PROJECT_ID } = ACCOUNT;

  it.each([
    [{ MIXPANEL_TOKEN }, 'MIXPANEL_PROJECT_ID is missing'],
    [
      { MIXPANEL_TOKEN: 'auth0.mp-service-account', MIXPANEL_PROJECT_ID },
      'MIXPANEL_PROJECT_ID is for a service account: MIXPANEL_TOKEN must be name:secret',
    ],
    [{ MIXPANEL_PROJECT_ID }, 'MIXPANEL_TOKEN is missing'],
    [
      { MIXPANEL_TOKEN: 'auth0.mp-service-account:', MIXPANEL_PROJECT_ID },
      'MIXPANEL_TOKEN must be a token, or name:secret of a service account',
    ],
    [{ MIXPANEL_TOKEN, MIXPANEL_PROJECT_ID: 'acme' }, 'MIXPANEL_PROJECT_ID must be a number'],
    [{ ...REQUIRED, MIXPANEL_REGION: 'ap' }, 'MIXPANEL_REGION must be us, eu or in'],
  ])('are not complete or not right: %j', (given, message) => {
    expect(() => readSecrets(mixpanel.secrets, given)).toThrow(
      expect.objectContaining({ name: 'ConfigError', message }),
    );
  });
});
