import { createHmac, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { webhook } from '../../actions/webhook.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, SIGN_UP, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire, type ReceivedRequest } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const KEY = Buffer.from('a key of more than 24 bytes, to sign');
const PREVIOUS_KEY = Buffer.from('the key of the time before this one');
const toSecret = (key: Buffer) => `whsec_${key.toString('base64')}`;

const ENDPOINT = 'https://hooks.acme.com/auth0/logins';

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) =>
  parseSecrets(webhook, { WEBHOOK_URL: ENDPOINT, WEBHOOK_SECRET: toSecret(KEY), ...input });

/** Computed over the body as it was sent. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const sign = ({ headers, text }: ReceivedRequest, key = KEY): string => {
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
};

describe('webhook.toPayload', () => {
  it('maps a SignUp to a CloudEvent', () => {
    expect(overTheWire(webhook.toPayload(toFull('SignUp'), parse(), NOW))).toMatchInlineSnapshot(`
      {
        "data": {
          "anonymousId": "0d9e4c1b-visitor",
          "application": "All Applications",
          "asn": "AS13335",
          "city": "Bellevue",
          "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "connection": "Username-Password-Authentication",
          "continent": "NA",
          "country": "US",
          "createdAt": "2026-01-31T11:59:00.123Z",
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
          "name": "j+smith@example.com",
          "organization": "my-organization",
          "organizationId": "org_juG7cAQ0CymOcVpV",
          "organizationName": "My Organization",
          "phone": "18882352699",
          "picture": "http://www.gravatar.com/avatar/?d=identicon",
          "plan": "gold",
          "protocol": "oidc-basic-profile",
          "referrer": "https://news.example.com/shops",
          "region": "Washington",
          "seats": 3,
          "sessionId": "session-1",
          "strategy": "auth0",
          "tenant": "example",
          "timeZone": "America/Los_Angeles",
          "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
          "userId": "auth0|5f7c8ec7c33c6c004bbafe82",
          "username": "jsmith",
          "utm_campaign": "winter-sale",
          "utm_source": "newsletter",
        },
        "datacontenttype": "application/json",
        "id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
        "source": "urn:auth0:example:users",
        "specversion": "1.0",
        "subject": "auth0|5f7c8ec7c33c6c004bbafe82",
        "time": "2026-01-31T11:59:00.123Z",
        "type": "com.auth0.user.signup",
      }
    `);
  });

  it('maps a Login to a CloudEvent of its own type, id and time', () => {
    expect(webhook.toPayload(LOGIN, parse(), NOW)).toMatchObject({
      type: 'com.auth0.user.login',
      id: LOGIN.id,
      time: NOW,
      data: { loginsCount: 62 },
    });
  });

  it('names the events as the secrets do', () => {
    const secrets = parse({ WEBHOOK_SIGNUP_EVENT: 'user.joined', WEBHOOK_LOGIN_EVENT: 'user.back' });
    expect(webhook.toPayload(SIGN_UP, secrets, NOW).type).toBe('user.joined');
    expect(webhook.toPayload(LOGIN, secrets, NOW).type).toBe('user.back');
  });

  it.each([
    ['a b/ü', 'urn:auth0:a%20b%2F%C3%BC:users'],
    ['', 'urn:auth0::users'],
  ])('makes a URI of the tenant "%s"', (tenant, source) => {
    expect(webhook.toPayload({ ...LOGIN, tenant }, parse(), NOW).source).toBe(source);
  });
});

describe('webhook.send', () => {
  const getRequest = async (input: Record<string, string> = {}, activity = LOGIN) => {
    network.respond(ENDPOINT, 202);
    await send(webhook, [activity], parse(input));
    return network.requests.at(-1) as ReceivedRequest;
  };

  it('sends one signed event', async () => {
    const request = await getRequest();
    expect(network.requests).toHaveLength(1);
    expect(request).toMatchObject({
      method: 'POST',
      url: ENDPOINT,
      headers: {
        'content-type': 'application/cloudevents+json',
        'webhook-id': LOGIN.id,
        'webhook-timestamp': '1769860800',
        'webhook-signature': sign(request),
      },
      body: overTheWire(webhook.toPayload(LOGIN, parse(), NOW)),
    });
    expect(request.headers).not.toHaveProperty('authorization');
  });

  it('signs the bytes of the body', async () => {
    const name = 'Ada 👩‍💻 Lövelace';
    const request = await getRequest({}, { ...LOGIN, user: { ...LOGIN.user, name } });
    expect(request.text).toContain(name);
    expect(request.headers['webhook-signature']).toBe(sign(request));
  });

  it('signs with the previous key as well', async () => {
    const request = await getRequest({ WEBHOOK_PREVIOUS_SECRET: toSecret(PREVIOUS_KEY) });
    expect(request.headers['webhook-signature']).toBe(`${sign(request)} ${sign(request, PREVIOUS_KEY)}`);
  });

  describe('with an Ed25519 key', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const [seed, point] = ['d', 'x'].map((part) =>
      Buffer.from(String(Reflect.get(privateKey.export({ format: 'jwk' }), part)), 'base64url'),
    ) as [Buffer, Buffer];
    const toPrivate = (...parts: Buffer[]) => `whsk_${Buffer.concat(parts).toString('base64')}`;

    const isSigned = ({ headers, text }: ReceivedRequest, signature: string): boolean => {
      const [scheme, value = ''] = signature.split(',');
      const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
      return scheme === 'v1a' && verify(null, Buffer.from(content), publicKey, Buffer.from(value, 'base64'));
    };

    it.each([
      ['its seed alone', toPrivate(seed)],
      ['its public key behind it', toPrivate(seed, point)],
    ])('signs so that the public key verifies it: %s', async (_, WEBHOOK_SECRET) => {
      const request = await getRequest({ WEBHOOK_SECRET });
      const signature = request.headers['webhook-signature'] ?? '';
      expect(isSigned(request, signature)).toBe(true);
      expect(isSigned({ ...request, text: `${request.text} ` }, signature)).toBe(false);
    });

    it('signs by either scheme while the receiver changes over', async () => {
      const request = await getRequest({
        WEBHOOK_SECRET: toPrivate(seed),
        WEBHOOK_PREVIOUS_SECRET: toSecret(KEY),
      });
      const [asymmetric = '', symmetric] = request.headers['webhook-signature']?.split(' ') ?? [];
      expect(isSigned(request, asymmetric)).toBe(true);
      expect(symmetric).toBe(sign(request));
    });

    it.each([31, 33, 63, 65])('is not one of %d bytes', (length) => {
      expect(() => parse({ WEBHOOK_SECRET: toPrivate(Buffer.alloc(length, 1)) })).toThrow(
        'WEBHOOK_SECRET must be',
      );
    });
  });

  it('sends the headers of the secrets, none of which replaces its own', async () => {
    const request = await getRequest({
      WEBHOOK_HEADERS:
        'aeg-sas-key=a%3Db%2Cc,x-team=identity,authorization=Basic%20x,Webhook-Id=1,webhook-signature=v1',
      WEBHOOK_TOKEN: 't0ken',
    });
    expect(request.headers).toMatchObject({
      'aeg-sas-key': 'a=b,c',
      'x-team': 'identity',
      authorization: 'Bearer t0ken',
      'content-type': 'application/cloudevents+json',
      'webhook-id': LOGIN.id,
      'webhook-signature': sign(request),
    });
  });

  it('sends the same id and body on every attempt, with the time of the attempt', async () => {
    const first = await getRequest();
    vi.setSystemTime(NOW.getTime() + 60_000);
    const second = await getRequest();
    expect(second.text).toBe(first.text);
    expect(second.headers).toMatchObject({
      'webhook-id': first.headers['webhook-id'],
      'webhook-timestamp': '1769860860',
      'webhook-signature': sign(second),
    });
  });

  it('uses the token and the content type of the secrets', async () => {
    const request = await getRequest({ WEBHOOK_TOKEN: 't0ken', WEBHOOK_CONTENT_TYPE: 'application/json' });
    expect(request.headers).toMatchObject({
      authorization: 'Bearer t0ken',
      'content-type': 'application/json',
    });
  });

  it.each([
    'https://hooks.zapier.com/hooks/catch/1234567/b2y7vx1/',
    'https://acme.app.n8n.cloud/webhook/5c1e2a3b-7d60-4c55-9d7b-2f0f5b0a7c11',
    'https://acme.com:8443/?code=aB%2Fc%3D&flow=7',
    'https://acme.com/a?b=https://c.com/?d',
  ])('sends to %s as it is', async (url) => {
    const { origin, pathname } = new URL(url);
    network.respond(origin + pathname, 200);
    await send(webhook, [LOGIN], parse({ WEBHOOK_URL: url }));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it.each([
    [200, ''],
    [200, 'Thank you'],
    [201, { result: 'queued' }],
    [202, undefined],
    [204, undefined],
  ])('resolves when the receiver accepts with %d %j', async (status, body) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(webhook, [LOGIN], parse())).resolves.toBeUndefined();
  });

  it('rejects a page of HTML with status 200', async () => {
    network.respond(ENDPOINT, 200, HTML_PAGE);
    await expect(send(webhook, [LOGIN], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  it.each([
    [302, undefined, 'RejectedError', "check the URL in the Action's secrets"],
    [400, { message: 'Too long' }, 'RejectedError', "check the Action's secrets"],
    [401, { message: 'Wrong token' }, 'RejectedError', "check the credentials in the Action's secrets"],
    [
      410,
      { message: 'Gone fishing' },
      'RejectedError',
      'the receiver has unsubscribed: unbind the Action, or change its URL',
    ],
    [429, { message: 'Slow down' }, 'UnavailableError', undefined],
    [503, undefined, 'UnavailableError', undefined],
  ])('reports who must act if the receiver responds with %d', async (status, body, name, hint) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(webhook, [LOGIN], parse())).rejects.toMatchObject({
      name,
      status,
      hint,
      vendorMessage: body?.message ?? '',
    });
    expect(network.requests).toHaveLength(1);
  });
});

describe('webhook.secrets', () => {
  it.each([
    'http://hooks.acme.com/auth0',
    'hooks.acme.com',
    'https://user@hooks.acme.com/',
    'https://user:password@hooks.acme.com/',
    'https://hooks.acme.com/#part',
    'https://hooks.acme.com/?a=1#part',
    'https://hooks.acme.com/#a?b',
  ])('reject %s as the URL of a receiver', (WEBHOOK_URL) => {
    expect(() => parse({ WEBHOOK_URL })).toThrow('WEBHOOK_URL must be an https URL without user');
  });

  it('accept a receiver on this machine', () => {
    const WEBHOOK_URL = 'http://localhost:5678/a?b=c';
    expect(parse({ WEBHOOK_URL })).toMatchObject({ WEBHOOK_URL });
  });

  it.each(['WEBHOOK_SECRET', 'WEBHOOK_PREVIOUS_SECRET'])('accept a key of 24 to 64 bytes in %s', (name) => {
    for (const length of [24, 64]) {
      expect(() => parse({ [name]: toSecret(Buffer.alloc(length, 1)) })).not.toThrow();
    }
  });

  it.each(['WEBHOOK_SECRET', 'WEBHOOK_PREVIOUS_SECRET'])('reject anything but such a key in %s', (name) => {
    const malformed = [
      toSecret(Buffer.alloc(23)),
      toSecret(Buffer.alloc(65)),
      KEY.toString('base64'),
      `whsec_${KEY.toString('base64url')}!`,
      'whsec_',
    ];
    for (const value of malformed) {
      expect(() => parse({ [name]: value })).toThrow(`${name} must be whsec_ and 24 to 64 bytes in base64`);
    }
  });
});
