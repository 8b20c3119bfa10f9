import { describe, expect, it } from 'vitest';
import { elastic } from '../../actions/elastic.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, SIGN_UP, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const BASE_URL = 'https://acme.es.eu-west-1.aws.elastic.cloud';
/** msw matches without the query. */
const ENDPOINT = `${BASE_URL}/logs-auth0.activity-default/_bulk`;
const API_KEY = 'VnVhQ2ZHY0JDZGI6dWkybHAyYXhUTm1z';
const CREATED = { create: { status: 201 } };

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) =>
  parseSecrets(elastic, { ELASTIC_URL: BASE_URL, ELASTIC_AUTH: API_KEY, ...input });

const failure = (status: number, type: string, reason: string) => ({
  create: { status, error: { type, reason } },
});
const respondWithItems = (...items: object[]): void =>
  network.respond(ENDPOINT, 200, { errors: items.some((item) => item !== CREATED), items });

describe('elastic.toPayload', () => {
  it('maps a SignUp to a document of the Elastic Common Schema', () => {
    expect(overTheWire(elastic.toPayload(toFull('SignUp'), parse(), NOW))).toMatchInlineSnapshot(`
      {
        "@timestamp": "2026-01-31T11:59:00.123Z",
        "auth0": {
          "activity": "SignUp",
          "application": {
            "id": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          },
          "authentication": {
            "methods": [
              "mfa",
              "passkey",
            ],
            "mfa": true,
          },
          "campaign": {
            "gclid": "Cj0KCQ",
            "utm_campaign": "winter-sale",
            "utm_source": "newsletter",
          },
          "connection": {
            "name": "Username-Password-Authentication",
            "strategy": "auth0",
          },
          "language": "en",
          "organization": {
            "display_name": "My Organization",
          },
          "protocol": "oidc-basic-profile",
          "session": {
            "id": "session-1",
          },
          "tenant": "example",
          "user": {
            "created_at": "2026-01-31T11:59:00.123Z",
            "email_verified": true,
            "family_name": "Smith",
            "given_name": "John",
            "last_login": "2026-01-30T09:00:00.000Z",
            "logins_count": 1,
            "phone": "18882352699",
            "picture": "http://www.gravatar.com/avatar/?d=identicon",
          },
          "visitor": {
            "anonymous_id": "0d9e4c1b-visitor",
            "referrer": "https://news.example.com/shops",
          },
        },
        "client": {
          "address": "13.33.86.47",
          "as": {
            "number": 13335,
          },
          "geo": {
            "city_name": "Bellevue",
            "continent_code": "NA",
            "country_iso_code": "US",
            "country_name": "United States of America",
            "location": {
              "lat": 47.61793,
              "lon": -122.19584,
            },
            "region_iso_code": "US-WA",
            "region_name": "Washington",
            "timezone": "America/Los_Angeles",
          },
          "ip": "13.33.86.47",
        },
        "ecs": {
          "version": "8.11.0",
        },
        "event": {
          "action": "user-signup",
          "category": [
            "iam",
          ],
          "created": "2026-01-31T11:59:00.123Z",
          "dataset": "auth0.activity",
          "id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
          "kind": "event",
          "outcome": "success",
          "type": [
            "user",
            "creation",
          ],
        },
        "labels": {
          "plan": "gold",
          "seats": 3,
        },
        "message": "SignUp of auth0|5f7c8ec7c33c6c004bbafe82",
        "organization": {
          "id": "org_juG7cAQ0CymOcVpV",
          "name": "my-organization",
        },
        "service": {
          "name": "All Applications",
          "type": "auth0",
        },
        "url": {
          "domain": "example.auth0.com",
        },
        "user": {
          "email": "j+smith@example.com",
          "full_name": "j+smith@example.com",
          "id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "name": "jsmith",
        },
        "user_agent": {
          "original": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        },
      }
    `);
  });

  it('maps a Login to an authentication', () => {
    expect(elastic.toPayload(LOGIN, parse(), NOW)).toMatchObject({
      '@timestamp': NOW,
      event: { id: LOGIN.id, category: ['authentication'], type: ['start'], action: 'user-login' },
    });
  });

  it('names the events as the secrets do', () => {
    const secrets = parse({ ELASTIC_SIGNUP_EVENT: 'signed-up', ELASTIC_LOGIN_EVENT: 'logged-in' });
    expect(elastic.toPayload(SIGN_UP, secrets, NOW)).toMatchObject({ event: { action: 'signed-up' } });
    expect(elastic.toPayload(LOGIN, secrets, NOW)).toMatchObject({ event: { action: 'logged-in' } });
  });

  it('has a hashed IP address as a string alone', () => {
    const activity = toFull('Login', { HASH_FIELDS: 'ip', HASH_KEY: 'k3y' });
    const { client } = overTheWire(elastic.toPayload(activity, parse(), NOW)) as { client: object };
    expect(client).toMatchObject({ address: expect.stringMatching(/^[\da-f]{64}$/) });
    expect(client).not.toHaveProperty('ip');
  });

  it.each([
    ['AS13335', 13335],
    ['64500', 64500],
    ['Cloudflare', undefined],
  ])('reads the number of the autonomous system %s', (asn, number) => {
    const activity = { ...LOGIN, request: { ...LOGIN.request, asn } };
    expect(elastic.toPayload(activity, parse(), NOW).client.as).toEqual({ number });
  });
});

describe('elastic.send', () => {
  it('creates each document under the id of its activity', async () => {
    respondWithItems(CREATED, CREATED);
    await send(elastic, [SIGN_UP, LOGIN], parse());
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: `${ENDPOINT}?filter_path=errors,items.*.status,items.*.error`,
        headers: { authorization: `ApiKey ${API_KEY}`, 'content-type': 'application/x-ndjson' },
      },
    ]);
    const text = network.requests[0]?.text ?? '';
    expect(text.endsWith('\n')).toBe(true);
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { create: { _id: SIGN_UP.id } },
      overTheWire(elastic.toPayload(SIGN_UP, parse(), NOW)),
      { create: { _id: LOGIN.id } },
      overTheWire(elastic.toPayload(LOGIN, parse(), NOW)),
    ]);
  });

  it('writes to the index of the secret, with a user and password', async () => {
    network.respond(`${BASE_URL}/auth0/_bulk`, 200, { errors: false, items: [CREATED] });
    await send(elastic, [LOGIN], parse({ ELASTIC_INDEX: 'auth0', ELASTIC_AUTH: 'writer:pass word:1' }));
    expect(network.requests[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from('writer:pass word:1').toString('base64')}`,
    );
  });

  it('takes a document that is there already for stored', async () => {
    respondWithItems(failure(409, 'version_conflict_engine_exception', 'document already exists'));
    await send(elastic, [LOGIN], parse());
    expect(network.requests).toHaveLength(1);
  });

  it('rejects the document alone that does not fit the index', async () => {
    respondWithItems(CREATED, failure(400, 'document_parsing_exception', 'failed to parse field [labels]'));
    await expect(send(elastic, [SIGN_UP, LOGIN], parse())).rejects.toMatchObject({
      name: 'RejectedError',
      status: 400,
      vendorMessage: 'failed to parse field [labels]',
      rejected: [LOGIN],
      othersAccepted: true,
    });
  });

  it.each([
    [403, 'security_exception', 'RejectedError', "check the credentials in the Action's secrets"],
    [404, 'index_not_found_exception', 'RejectedError', "check the URL in the Action's secrets"],
    [429, 'es_rejected_execution_exception', 'UnavailableError', undefined],
    [503, 'unavailable_shards_exception', 'UnavailableError', undefined],
  ])('blames no document if one has the status %i', async (status, type, name, hint) => {
    respondWithItems(
      failure(400, 'document_parsing_exception', 'not this one'),
      failure(status, type, 'why'),
    );
    const sent = send(elastic, [SIGN_UP, LOGIN], parse());
    await expect(sent).rejects.toMatchObject({ name, status, vendorMessage: 'why', hint });
    await expect(sent).rejects.not.toMatchObject({ rejected: expect.anything() });
  });

  it.each([
    ['a page of HTML', HTML_PAGE],
    ['JSON of another server', { text: 'Success', code: 0 }],
    ['fewer results than documents', { errors: false, items: [] }],
  ])('rejects %s with status 200', async (_, body) => {
    network.respond(ENDPOINT, 200, body);
    await expect(send(elastic, [LOGIN], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  it.each([
    [401, 'RejectedError', 'unable to authenticate'],
    [429, 'UnavailableError', ''],
  ])('reports a request that is answered with %d', async (status, name, vendorMessage) => {
    network.respond(ENDPOINT, status, { error: { type: 't', reason: 'unable to authenticate' }, status });
    await expect(send(elastic, [LOGIN], parse())).rejects.toMatchObject({ name, status, vendorMessage });
  });
});

describe('elastic.secrets', () => {
  it.each([
    ['ELASTIC_URL', 'http://elastic.acme.com', 'must be an https URL'],
    ['ELASTIC_INDEX', 'Logs', 'must be a name in lower case'],
    ['ELASTIC_INDEX', '_all', 'must be a name in lower case'],
    ['ELASTIC_INDEX', 'a/b', 'must be a name in lower case'],
    ['ELASTIC_AUTH', 'two words', 'must be an encoded API key or user:password'],
    ['ELASTIC_AUTH', ':password', 'must be an encoded API key or user:password'],
  ])('reject %s=%s', (name, value, problem) => {
    expect(() => parse({ [name]: value })).toThrow(`${name} ${problem}`);
  });
});
