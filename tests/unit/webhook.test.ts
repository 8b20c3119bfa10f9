import { createHmac } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { onExecutePostLogin, toPayload, webhook } from '../../actions/webhook.ts';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import { readSecrets } from '../../lib/secrets.ts';
import { execute } from '../support/api.ts';
import { stoppedClock } from '../support/clock.ts';
import { withinDeadline } from '../support/deadline.ts';
import { LOGIN, login, SIGN_UP, signUp } from '../support/events.ts';
import { fakeNetwork, overTheWire, type ReceivedRequest } from '../support/network.ts';
import { failureOf } from '../support/promises.ts';

const KEY = Buffer.from('a key of more than 24 bytes, to sign');
const OLD_KEY = Buffer.from('the key of the time before this one');
const secretOf = (key: Buffer) => `whsec_${key.toString('base64')}`;

const ENDPOINT = 'https://hooks.acme.com/auth0/logins';
const REQUIRED = { WEBHOOK_URL: ENDPOINT, WEBHOOK_SECRET: secretOf(KEY) };

const network = fakeNetwork();

const configured = (given: Record<string, string> = {}) =>
  readSecrets(webhook.secrets, { ...REQUIRED, ...given });

const signatureOf = ({ headers, body }: ReceivedRequest, key = KEY): string =>
  `v1,${createHmac('sha256', key)
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
    .digest('base64')}`;

stoppedClock();

describe('the event', () => {
  it('of a SignUp', () => {
    expect(toPayload(SIGN_UP)).toMatchInlineSnapshot(`
      {
        "data": {
          "application": "All Applications",
          "city": "Bellevue",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "country": "US",
          "createdAt": 2019-05-04T10:20:30.000Z,
          "email": "j+smith@example.com",
          "ip": "13.33.86.47",
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
        },
        "datacontenttype": "application/json",
        "id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
        "source": "urn:auth0:example:users",
        "specversion": "1.0",
        "subject": "auth0|5f7c8ec7c33c6c004bbafe82",
        "time": 2026-01-31T12:00:00.123Z,
        "type": "com.auth0.user.signup",
      }
    `);
  });

  it('of a Login', () => {
    expect(toPayload(LOGIN)).toMatchInlineSnapshot(`
      {
        "data": {
          "application": "All Applications",
          "city": "Bellevue",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "country": "US",
          "createdAt": 2019-05-04T10:20:30.000Z,
          "email": "j+smith@example.com",
          "ip": "13.33.86.47",
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
        },
        "datacontenttype": "application/json",
        "id": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858",
        "source": "urn:auth0:example:users",
        "specversion": "1.0",
        "subject": "auth0|5f7c8ec7c33c6c004bbafe82",
        "time": 2026-01-31T12:00:00.123Z,
        "type": "com.auth0.user.login",
      }
    `);
  });

  it('has a source that is a URI, whatever the tenant is called', () => {
    expect(toPayload({ ...LOGIN, tenant: 'a b/ü' }).source).toBe('urn:auth0:a%20b%2F%C3%BC:users');
    expect(toPayload({ ...LOGIN, tenant: '' }).source).toBe('urn:auth0::users');
  });
});

describe('a login', () => {
  const requestOf = async (given: Record<string, string> = {}): Promise<ReceivedRequest> => {
    network.answer(ENDPOINT, 202);
    await execute(onExecutePostLogin, login({ secrets: { ...REQUIRED, ...given } }));
    expect(network.requests).toHaveLength(1);
    return network.requests[0] as ReceivedRequest;
  };

  it('is one signed request', async () => {
    const request = await requestOf();
    expect(request).toMatchObject({
      method: 'POST',
      url: ENDPOINT,
      headers: {
        'content-type': 'application/cloudevents+json',
        'webhook-id': LOGIN.id,
        'webhook-timestamp': '1769860800',
        'webhook-signature': signatureOf(request),
      },
    });
    expect(request.headers).not.toHaveProperty('authorization');
    expect(JSON.parse(request.body)).toEqual(overTheWire(toPayload(LOGIN)));
  });

  it('is signed by the bytes of its body', async () => {
    network.answer(ENDPOINT, 202);
    const event = login({ user: { ...login().user, name: 'Ada 👩‍💻 Lövelace' }, secrets: REQUIRED });
    await execute(onExecutePostLogin, event);
    const [request] = network.requests as [ReceivedRequest];
    expect(request.body).toContain('Ada 👩‍💻 Lövelace');
    expect(request.headers['webhook-signature']).toBe(signatureOf(request));
  });

  it('is signed with the old key, too', async () => {
    const request = await requestOf({ WEBHOOK_OLD_SECRET: secretOf(OLD_KEY) });
    expect(request.headers['webhook-signature']).toBe(
      `${signatureOf(request)} ${signatureOf(request, OLD_KEY)}`,
    );
  });

  it('has the token and the content type of the secrets', async () => {
    expect(
      await requestOf({ WEBHOOK_TOKEN: 't0ken', WEBHOOK_CONTENT_TYPE: 'application/json' }),
    ).toMatchObject({
      headers: { authorization: 'Bearer t0ken', 'content-type': 'application/json' },
    });
  });

  it.each([
    'https://hooks.zapier.com/hooks/catch/1234567/b2y7vx1/',
    'https://acme.app.n8n.cloud/webhook/5c1e2a3b-7d60-4c55-9d7b-2f0f5b0a7c11',
    'https://acme.com:8443/?code=aB%2Fc%3D&flow=7',
    'https://acme.com/a?b=https://c.com/?d',
  ])('goes to %s as it is', async (url) => {
    const { origin, pathname } = new URL(url);
    network.answer(origin + pathname, 200);
    await execute(onExecutePostLogin, login({ secrets: { ...REQUIRED, WEBHOOK_URL: url } }));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it('of a new user is a SignUp, and marked', async () => {
    network.answer(ENDPOINT, 204);
    const { metadata } = await execute(onExecutePostLogin, signUp({ secrets: REQUIRED }));
    expect(network.requests.map(({ body }) => JSON.parse(body))).toMatchObject([
      { type: 'com.auth0.user.signup' },
    ]);
    expect(metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { webhook: true } }]);
  });

  it("never forwards the identity provider's access token", async () => {
    expect(login().user.identities[0]).toHaveProperty('accessToken');
    expect((await requestOf()).body).not.toMatch(/access.?token|identities/i);
  });

  const linesOf = async (secrets: Record<string, string>): Promise<unknown[]> => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    onTestFinished(() => log.mockRestore());
    await execute(onExecutePostLogin, login({ secrets }));
    return log.mock.calls.flat();
  };

  it('at a receiver that is gone is tried once, and says what to do', async () => {
    network.answer(ENDPOINT, 410, { message: 'Gone fishing' });
    expect(await linesOf(REQUIRED)).toEqual([
      "[webhook] Login not delivered: 410 Gone, the receiver has unsubscribed: unbind the Action, or change WEBHOOK_URL; check the Action's secrets",
    ]);
    expect(network.requests).toHaveLength(1);
  });

  it('refused by its address says so without the address', async () => {
    const url = 'https://acme.app.n8n.cloud/webhook/5c1e2a3b-7d60';
    network.answer(url, 404, { message: 'The requested webhook "POST 5c1e2a3b-7d60" is not registered.' });
    expect(await linesOf({ ...REQUIRED, WEBHOOK_URL: url })).toEqual([
      '[webhook] Login not delivered: 404 The requested webhook "POST ***" is not registered.; check the address in the Action\'s secrets',
    ]);
  });
});

describe('several activities', () => {
  const send = (): Promise<void> =>
    withinDeadline(1000, (http) => webhook.send([SIGN_UP, LOGIN], configured(), http));

  it('are a request each, with an id and a signature of its own', async () => {
    network.answer(ENDPOINT, 200);
    await send();
    expect(network.requests.map(({ body }) => JSON.parse(body))).toEqual(
      [SIGN_UP, LOGIN].map((activity) => overTheWire(toPayload(activity))),
    );
    expect(network.requests.map(({ headers }) => headers['webhook-id'])).toEqual([SIGN_UP.id, LOGIN.id]);
    for (const request of network.requests)
      expect(request.headers['webhook-signature']).toBe(signatureOf(request));
  });

  it('have the same id and body on every attempt, and the time of that attempt', async () => {
    network.answer(ENDPOINT, 200);
    await send();
    vi.setSystemTime(Date.now() + 60_000);
    await send();
    const [first, , again] = network.requests as [ReceivedRequest, ReceivedRequest, ReceivedRequest];
    expect(again.body).toBe(first.body);
    expect(again.headers).toMatchObject({
      'webhook-id': first.headers['webhook-id'],
      'webhook-timestamp': '1769860860',
      'webhook-signature': signatureOf(again),
    });
  });

  it.each([
    [302, undefined, RejectedError, '302 Found'],
    [400, { message: 'Too long' }, RejectedError, '400 Bad Request'],
    [401, { message: 'Wrong token' }, RejectedError, '401 Unauthorized'],
    [410, undefined, RejectedError, '410 Gone, the receiver has unsubscribed'],
    [429, { message: 'Slow down' }, UnavailableError, '429 Too Many Requests'],
    [503, undefined, UnavailableError, '503 Service Unavailable'],
  ])('are not accepted by a status of %d', async (status, body, kind, message) => {
    network.answer(ENDPOINT, status, body);
    const failure = await failureOf(send());
    expect(failure).toBeInstanceOf(kind);
    expect(failure).toMatchObject({ status, vendorText: body?.message ?? '' });
    expect(failure.message).toContain(message);
    expect(network.requests).toHaveLength(1);
  });
});

describe('the secrets', () => {
  it.each([
    'http://hooks.acme.com/auth0',
    'hooks.acme.com',
    'https://user@hooks.acme.com/',
    'https://user:password@hooks.acme.com/',
    'https://hooks.acme.com/#part',
    'https://hooks.acme.com/?a=1#part',
    'https://hooks.acme.com/#a?b',
  ])('need the address of a receiver: %s', (WEBHOOK_URL) => {
    expect(() => configured({ WEBHOOK_URL })).toThrow('WEBHOOK_URL must be an https URL without user');
  });

  it('may name a receiver on this machine', () => {
    expect(configured({ WEBHOOK_URL: 'http://localhost:5678/a?b=c' })).toMatchObject({
      WEBHOOK_URL: 'http://localhost:5678/a?b=c',
    });
  });

  it.each(['WEBHOOK_SECRET', 'WEBHOOK_OLD_SECRET'])('need a key of 24 to 64 bytes in %s', (name) => {
    for (const length of [24, 64]) {
      expect(configured({ [name]: secretOf(Buffer.alloc(length, 1)) })).toHaveProperty(
        name,
        Buffer.alloc(length, 1),
      );
    }
    const malformed = [
      secretOf(Buffer.alloc(23)),
      secretOf(Buffer.alloc(65)),
      KEY.toString('base64'),
      `whsec_${KEY.toString('base64url')}!`,
      'whsec_',
    ];
    for (const value of malformed) {
      expect(() => configured({ [name]: value })).toThrow(
        `${name} must be whsec_ and 24 to 64 bytes in base64`,
      );
    }
  });
});
