import { describe, expect, it } from 'vitest';
import { amplitude } from '../../actions/amplitude.ts';
import type { Activity } from '../../lib/activity.ts';
import { Destination, deliver } from '../../lib/deliver.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, SIGN_UP, someLogins, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const ENDPOINT = 'https://api2.amplitude.com/2/httpapi';
const INGESTED = { code: 200, events_ingested: 1, payload_size_bytes: 50, server_upload_time: 1769860800123 };
const LOGINS = someLogins(3) as [Activity, Activity, Activity];

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) =>
  parseSecrets(amplitude, { AMPLITUDE_API_KEY: 'K3Y', ...input });

describe('amplitude.toPayload', () => {
  it('maps a SignUp to an event that sets properties of the user, after one that names the device', () => {
    expect(overTheWire(amplitude.toPayload(toFull('SignUp'), parse(), NOW))).toMatchInlineSnapshot(`
      {
        "event": {
          "city": "Bellevue",
          "country": "United States of America",
          "event_properties": {
            "anonymousId": "0d9e4c1b-visitor",
            "application": "All Applications",
            "asn": "AS13335",
            "city": "Bellevue",
            "clientId": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
            "connection": "Username-Password-Authentication",
            "continent": "NA",
            "country": "US",
            "createdAt": "2026-01-31T11:59:00.123Z",
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
            "organization": "my-organization",
            "organizationId": "org_juG7cAQ0CymOcVpV",
            "organizationName": "My Organization",
            "phone": "18882352699",
            "picture": "http://www.gravatar.com/avatar/?d=identicon",
            "plan": "gold",
            "protocol": "oidc-basic-profile",
            "referrer": "https://news.example.com/shops",
            "region": "Washington",
            "sessionId": "session-1",
            "strategy": "auth0",
            "tenant": "example",
            "timeZone": "America/Los_Angeles",
            "username": "jsmith",
            "utm_campaign": "winter-sale",
            "utm_source": "newsletter",
          },
          "event_type": "Signed Up",
          "groups": {
            "organization": "org_juG7cAQ0CymOcVpV",
          },
          "insert_id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
          "ip": "13.33.86.47",
          "language": "en",
          "library": "auth0-login-analytics/0.1.0",
          "region": "Washington",
          "session_id": 1769860500000,
          "time": 1769860740123,
          "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
          "user_id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "user_properties": {
            "$set": {
              "email": "j+smith@example.com",
              "name": "j+smith@example.com",
              "seats": 3,
            },
            "$setOnce": {
              "createdAt": "2026-01-31T11:59:00.123Z",
              "initial_gclid": "Cj0KCQ",
              "initial_referrer": "https://news.example.com/shops",
              "initial_utm_campaign": "winter-sale",
              "initial_utm_source": "newsletter",
              "signUpApplication": "All Applications",
              "signUpConnection": "Username-Password-Authentication",
            },
          },
        },
        "identify": {
          "device_id": "0d9e4c1b-visitor",
          "event_type": "$identify",
          "insert_id": "8a37527b-37ef-5a7a-bdc4-d2ff9ea92806-identify",
          "time": 1769860740123,
          "user_id": "auth0|5f7c8ec7c33c6c004bbafe82",
        },
      }
    `);
  });

  it('maps a Login to an event of its own name, id and time', () => {
    const { event } = amplitude.toPayload(LOGIN, parse(), NOW);
    expect(event).toMatchObject({
      event_type: 'Logged In',
      insert_id: LOGIN.id,
      time: NOW.getTime(),
      event_properties: { loginsCount: 62 },
    });
  });

  it('sets what led to the sign-up with the SignUp alone', () => {
    const [signUp, login] = (['SignUp', 'Login'] as const).map(
      (type) => amplitude.toPayload(toFull(type), parse(), NOW).event.user_properties.$setOnce,
    );
    expect(signUp).toMatchObject({ signUpApplication: 'All Applications', initial_utm_source: 'newsletter' });
    expect(login).toEqual({ createdAt: LOGIN.user.createdAt });
  });

  it('joins the device of the visitor in an event of its own, for which Amplitude does not count the event again', () => {
    const activity = toFull('SignUp');
    const elsewhere = { ...activity, visitor: { anonymousId: 'another device', campaign: {} } };
    const [first, second] = [activity, elsewhere].map((repeated) =>
      amplitude.toPayload(repeated, parse(), NOW),
    );
    expect(first).toMatchObject({
      identify: {
        event_type: '$identify',
        user_id: activity.user.id,
        device_id: '0d9e4c1b-visitor',
        insert_id: `${activity.id}-identify`,
      },
    });
    for (const event of [first?.event, second?.event]) {
      expect(event).toMatchObject({ insert_id: activity.id, user_id: activity.user.id });
      expect(event).not.toHaveProperty('device_id');
    }
  });

  it('sends the event alone for a user who was no visitor before', () => {
    expect(Object.keys(amplitude.toPayload(LOGIN, parse(), NOW))).toEqual(['event']);
  });

  it.each([
    ['1769860500000', 1769860500000],
    ['0197f2c5-5b5c-7d2a-8f3e-0c1d2e3f4a5b', undefined],
    ['1769860500', undefined],
    [undefined, undefined],
  ])('takes the session %s for one of Amplitude: %s', (sessionId, session_id) => {
    const { event } = amplitude.toPayload({ ...LOGIN, visitor: { sessionId, campaign: {} } }, parse(), NOW);
    expect(event.session_id).toBe(session_id);
  });

  it('names the events as the secrets do', () => {
    const secrets = parse({ AMPLITUDE_SIGNUP_EVENT: 'Joined', AMPLITUDE_LOGIN_EVENT: 'Came back' });
    expect(amplitude.toPayload(SIGN_UP, secrets, NOW).event.event_type).toBe('Joined');
    expect(amplitude.toPayload(LOGIN, secrets, NOW).event.event_type).toBe('Came back');
  });

  it.each<[string, Activity['request'], string | undefined]>([
    ['looks up an IP address', { ip: '2001:db8::7' }, '2001:db8::7'],
    ['does not look up a hash', { ip: 'c0ffee' }, undefined],
    ['does not look up an absent address', {}, undefined],
  ])('%s', (_, request, ip) => {
    const { event } = amplitude.toPayload({ ...LOGIN, request }, parse(), NOW);
    expect([event.ip, event.event_properties.ip]).toEqual([ip, request.ip]);
  });
});

describe('amplitude.send', () => {
  it('sends one event', async () => {
    network.respond(ENDPOINT, 200, INGESTED);
    await send(amplitude, [LOGIN], parse());
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: { 'content-type': 'application/json' },
      },
    ]);
    expect(network.requests[0]?.body).toEqual(
      overTheWire({
        api_key: 'K3Y',
        events: [amplitude.toPayload(LOGIN, parse(), NOW).event],
        options: { min_id_length: 1 },
      }),
    );
  });

  it('sends a batch as one request, with the devices of visitors', async () => {
    network.respond(ENDPOINT, 200, { ...INGESTED, events_ingested: 4 });
    const signUp = toFull('SignUp');
    await send(amplitude, [LOGINS[0], signUp, LOGINS[1]], parse());
    const ids = [LOGINS[0].id, `${signUp.id}-identify`, signUp.id, LOGINS[1].id];
    expect(network.requests).toMatchObject([{ body: { events: ids.map((insert_id) => ({ insert_id })) } }]);
  });

  it('names the activity of a rejected event, whichever of its two events that is', async () => {
    const [first, last] = LOGINS;
    const visitor = toFull('SignUp');
    for (const [index, rejected] of [
      [0, first],
      [1, visitor],
      [2, visitor],
      [3, last],
    ] as const) {
      const events_with_invalid_fields = { time: [index] };
      network.respond(ENDPOINT, 400, { code: 400, error: 'Invalid', events_with_invalid_fields });
      await expect(send(amplitude, [first, visitor, last], parse())).rejects.toMatchObject({
        rejected: [rejected],
      });
    }
    network.respond(ENDPOINT, 400, { code: 400, error: 'Invalid', silenced_events: [1, 2] });
    await expect(send(amplitude, [first, visitor, last], parse())).rejects.toMatchObject({
      rejected: [visitor],
    });
  });

  it.each([
    ['the US', { AMPLITUDE_REGION: 'us' }, ENDPOINT],
    ['the EU', { AMPLITUDE_REGION: 'eu' }, 'https://api.eu.amplitude.com/2/httpapi'],
    ['a proxy', { AMPLITUDE_HOST: 'https://acme.com/ampli/' }, 'https://acme.com/ampli/2/httpapi'],
    [
      'a proxy, whatever the region',
      { AMPLITUDE_HOST: 'https://ampli.acme.com:8443', AMPLITUDE_REGION: 'eu' },
      'https://ampli.acme.com:8443/2/httpapi',
    ],
  ])('sends to %s', async (_, input, url) => {
    network.respond(url, 200, INGESTED);
    await send(amplitude, [LOGIN], parse(input));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it.each([
    ['a page of HTML', 200, HTML_PAGE],
    ["Mixpanel's JSON without a code", 200, { status: 'OK', num_records_imported: 1 }],
    ["Splunk's JSON", 200, { text: 'Success', code: 0 }],
    ['nothing', 200, ''],
    ['nothing', 204, undefined],
  ])('rejects %s with status %d', async (_, status, body) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(amplitude, [LOGIN], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  it.each([
    [{ events_with_invalid_fields: { time: [1] } }, [1]],
    [{ events_with_missing_fields: { event_type: [2, 0, 2] } }, [0, 2]],
    [{ events_with_invalid_id_lengths: { user_id: [0] }, silenced_events: [1] }, [0, 1]],
    [{ events_with_invalid_fields: { time: [0, 1, 2] } }, [0, 1, 2]],
  ])('names the events of a batch that were rejected: %j', async (details, indexes) => {
    network.respond(ENDPOINT, 400, { code: 400, error: 'Invalid', ...details });
    await expect(send(amplitude, LOGINS, parse())).rejects.toMatchObject({
      name: 'RejectedError',
      status: 400,
      vendorMessage: 'Invalid',
      rejected: indexes.map((index) => LOGINS[index]),
      othersAccepted: false,
    });
  });

  it.each([
    ['no events', { events_with_invalid_fields: {} }],
    ['other events', { events_with_invalid_fields: { time: [3, -1, 0.5] } }],
    ['events by something else than numbers', { events_with_invalid_fields: { time: ['0'] } }],
    ['events without a list', { events_with_invalid_fields: 'all' }],
  ])('rejects a batch as a whole if the response names %s', async (_, details) => {
    network.respond(ENDPOINT, 400, { code: 400, error: 'Invalid', ...details });
    await expect(send(amplitude, LOGINS, parse())).rejects.toMatchObject({
      name: 'RejectedError',
      vendorMessage: 'Invalid',
      rejected: undefined,
    });
  });

  it('reports a throttled user as unavailable, but not as an outage', async () => {
    network.respond(ENDPOINT, 429, { code: 429, error: 'Too many requests', throttled_events: [0] });
    await expect(send(amplitude, [LOGIN], parse())).rejects.toMatchObject({
      name: 'UnavailableError',
      status: 429,
      vendorMessage: 'Too many requests',
      isOutage: false,
      retryAfterMs: 30_000,
    });
  });

  it.each([
    [400, { error: 'Invalid API key: K3Y' }, 'RejectedError'],
    [400, { error: 'Request missing required field', missing_field: 'api_key' }, 'RejectedError'],
    [413, { error: 'Payload too large' }, 'RejectedError'],
    [429, { error: 'Too many requests' }, 'UnavailableError'],
    [503, { error: 'Service Unavailable', throttled_events: [0] }, 'UnavailableError'],
  ])('reports why Amplitude responds with %d %j', async (status, body, name) => {
    network.respond(ENDPOINT, status, { code: status, ...body });
    await expect(send(amplitude, [LOGIN], parse())).rejects.toMatchObject({
      name,
      status,
      vendorMessage: body.error,
    });
  });
});

describe('a delivery to Amplitude', () => {
  /** Amplitude's side: it accepts all events of a request or, if one of them is invalid, none. */
  const rejectRequestsWith = (invalid: Activity): string[] => {
    const accepted: string[] = [];
    network.respondWith(ENDPOINT, ({ body }) => {
      const ids = (body as { events: ReadonlyArray<{ insert_id: string }> }).events.map(
        ({ insert_id }) => insert_id,
      );
      if (ids.includes(invalid.id)) {
        const events_with_invalid_fields = { time: [ids.indexOf(invalid.id)] };
        return { status: 400, body: { code: 400, error: 'Invalid', events_with_invalid_fields } };
      }
      accepted.push(...ids);
      return { status: 200, body: { ...INGESTED, events_ingested: ids.length } };
    });
    return accepted;
  };

  it('sends the rest of a partly rejected batch again with the next login', async () => {
    const [first, invalid, last] = LOGINS;
    const accepted = rejectRequestsWith(invalid);
    const destination = new Destination(amplitude);
    const secrets = parse();
    destination.useConfiguration(secrets);
    for (const login of LOGINS) destination.buffer.add(login);

    expect(await deliver(destination, SIGN_UP, secrets)).toMatchObject({
      flushed: 0,
      flushRejection: { activities: [invalid] },
    });
    expect(accepted).toEqual([SIGN_UP.id]);
    expect(await deliver(destination, LOGIN, secrets)).toMatchObject({ flushed: 2 });
    expect(accepted).toEqual([SIGN_UP.id, LOGIN.id, first.id, last.id]);
    expect(destination.buffer.size).toBe(0);
  });

  it('buffers the login of a throttled user and keeps the circuit closed for others', async () => {
    network.respondWith(ENDPOINT, ({ body }) => {
      const [event] = (body as { events: Array<{ user_id: string }> }).events;
      return event?.user_id === LOGIN.user.id
        ? { status: 429, body: { code: 429, error: 'Too many requests', throttled_events: [0] } }
        : { status: 200, body: INGESTED };
    });
    const destination = new Destination(amplitude);
    const secrets = parse();
    for (const id of ['1', '2', '3', '4']) {
      expect(await deliver(destination, { ...LOGIN, id }, secrets)).toMatchObject({
        attempts: 1,
        buffered: true,
      });
    }
    expect(network.requests).toHaveLength(4);
    expect(await deliver(destination, LOGINS[0], secrets)).toMatchObject({ attempts: 1 });
    expect(network.requests[4]).toMatchObject({ body: { events: [{ insert_id: LOGINS[0].id }] } });
  });
});

describe('amplitude.secrets', () => {
  it('reject a region that Amplitude does not have', () => {
    expect(() => parse({ AMPLITUDE_REGION: 'in' })).toThrow('AMPLITUDE_REGION must be us or eu');
  });
});
