import type { Event } from '@auth0/actions/post-login/v3';
import { describe, expect, it } from 'vitest';
import {
  type Activity,
  commonProperties,
  dedupeTime,
  FIXED_PROPERTIES,
  getSkipReason,
  ipForLookup,
  isCreatedWithin,
  loginId,
  piiValues,
  signUpId,
  toLogin,
  toSendable,
  toSignUp,
} from '../../lib/activity.ts';
import { LOGIN, login, signUp } from '../support/events.ts';

const NOW = new Date('2026-01-31T12:00:00.000Z');
const MINUTE_MS = 60 * 1000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A profile can hold anything, whatever the types say. */
const withUser = (changes: object, stats?: object): Event =>
  login({
    user: { ...login().user, ...changes },
    ...(stats && { stats: stats as Event['stats'] }),
  });

const before = (ms: number): Date => new Date(NOW.getTime() - ms);

describe('toLogin', () => {
  it("reads Auth0's event in our own terms", () => {
    expect(toLogin(login(), NOW)).toMatchInlineSnapshot(`
      {
        "application": {
          "id": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "name": "All Applications",
        },
        "authentication": {
          "methods": [
            "mfa",
            "passkey",
          ],
          "mfa": true,
        },
        "connection": {
          "name": "Username-Password-Authentication",
          "strategy": "auth0",
        },
        "id": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858",
        "organization": {
          "displayName": "My Organization",
          "id": "org_juG7cAQ0CymOcVpV",
          "name": "my-organization",
        },
        "properties": {},
        "protocol": "oidc-basic-profile",
        "request": {
          "asn": "AS13335",
          "city": "Bellevue",
          "continent": "NA",
          "country": "US",
          "countryName": "United States of America",
          "hostname": "example.auth0.com",
          "ip": "13.33.86.47",
          "language": "en",
          "latitude": 47.61793,
          "longitude": -122.19584,
          "region": "Washington",
          "regionCode": "WA",
          "timeZone": "America/Los_Angeles",
          "userAgent": "curl/7.64.1",
        },
        "session": {
          "id": undefined,
        },
        "tenant": "example",
        "time": 2026-01-31T12:00:00.000Z,
        "type": "Login",
        "user": {
          "auth0Id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "createdAt": 2019-05-04T10:20:30.000Z,
          "email": "j+smith@example.com",
          "emailVerified": true,
          "familyName": "Smith",
          "givenName": "John",
          "id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "lastLogin": undefined,
          "loginsCount": 62,
          "name": "j+smith@example.com",
          "phone": "18882352699",
          "picture": "http://www.gravatar.com/avatar/?d=identicon",
          "properties": {},
          "username": "jsmith",
        },
        "visitor": {
          "campaign": {},
        },
      }
    `);
  });

  it('reads an event that holds nothing but a user', () => {
    const event = { user: { user_id: 'auth0|1' } };
    expect(JSON.parse(JSON.stringify(toLogin(event, NOW)))).toEqual({
      id: expect.any(String),
      type: 'Login',
      time: NOW.toISOString(),
      tenant: '',
      user: { id: 'auth0|1', auth0Id: 'auth0|1', properties: {} },
      application: {},
      connection: {},
      organization: {},
      authentication: {},
      request: {},
      session: {},
      visitor: { campaign: {} },
      properties: {},
    });
  });

  it.each([undefined, null, '', 7, {}])('throws if the user id is no string: %j', (user_id) => {
    expect(() => toLogin(withUser({ user_id }), NOW)).toThrow(TypeError);
  });

  it.each([null, '', 7, true, {}, []])('leaves out a name that is no string: %j', (name) => {
    expect(toLogin(withUser({ name }), NOW).user.name).toBeUndefined();
  });

  it.each([null, 'true', 1, {}])('leaves out a flag that is no boolean: %j', (email_verified) => {
    expect(toLogin(withUser({ email_verified }), NOW).user.emailVerified).toBeUndefined();
  });

  it.each([null, '1', 1.5, Number.NaN, Infinity, 2 ** 53])(
    'leaves out a count that is no whole number: %s',
    (logins_count) => {
      expect(toLogin(withUser({}, { logins_count }), NOW).user.loginsCount).toBeUndefined();
    },
  );

  it('reads a count of zero', () => {
    expect(toLogin(withUser({}, { logins_count: 0 }), NOW).user.loginsCount).toBe(0);
  });

  it.each([null, '47.6', Number.NaN, Infinity])('leaves out a latitude that is no number: %s', (latitude) => {
    const request = { ...login().request, geoip: { latitude } } as unknown as Event['request'];
    expect(toLogin(login({ request }), NOW).request.latitude).toBeUndefined();
  });

  it.each(['2025-12-24T18:00:00.000Z', '2025-12-24T19:00:00+01:00', new Date('2025-12-24T18:00:00.000Z')])(
    'reads a date that is a string or a Date: %s',
    (date) => {
      const { user } = toLogin(withUser({ created_at: date, last_login: date }), NOW);
      const expected = new Date('2025-12-24T18:00:00.000Z');
      expect(user).toMatchObject({ createdAt: expected, lastLogin: expected });
    },
  );

  it.each(['', 'yesterday', new Date(Number.NaN), 1_766_599_200_000, null, {}])(
    'leaves out a date that is none: %s',
    (date) => {
      const { user } = toLogin(withUser({ created_at: date, last_login: date }), NOW);
      expect([user.createdAt, user.lastLogin]).toEqual([undefined, undefined]);
    },
  );

  it.each([
    [undefined, {}],
    ['pwd', {}],
    [[], { methods: [], mfa: false }],
    [[{ name: 'pwd' }], { methods: ['pwd'], mfa: false }],
    [[{ name: 'pwd' }, { name: 'mfa' }], { methods: ['pwd', 'mfa'], mfa: true }],
    [[null, 'pwd', { name: 7 }, { name: 'pwd' }], { methods: ['pwd'], mfa: false }],
  ])('reads the methods of authentication: %j', (methods, expected) => {
    const authentication = { methods } as unknown as NonNullable<Event['authentication']>;
    expect(toLogin(login({ authentication }), NOW).authentication).toEqual(expected);
  });
});

describe('toSendable', () => {
  const sendName = (name: string): string | undefined =>
    toSendable({ ...LOGIN, user: { ...LOGIN.user, name } }).user.name;

  it.each([
    ['leaves a string of 512 characters whole', 'x'.repeat(512), 'x'.repeat(512)],
    ['cuts a longer string', 'x'.repeat(513), 'x'.repeat(512)],
    ['leaves an emoji whole that ends at the cut', `${'x'.repeat(510)}😀x`, `${'x'.repeat(510)}😀`],
    ['replaces half an emoji at the cut', `${'x'.repeat(511)}😀`, `${'x'.repeat(511)}\ufffd`],
    ['replaces lone surrogates', 'a\ud83db', 'a\ufffdb'],
  ])('%s', (_, given, expected) => {
    expect(sendName(given)).toBe(expected);
  });

  it('cuts strings in lists and properties, and leaves everything else as it is', () => {
    const long = 'x'.repeat(513);
    const activity: Activity = {
      ...LOGIN,
      authentication: { methods: [long], mfa: true },
      properties: { list: ['a', long], long, since: NOW, seats: 7, trial: false },
    };
    const cut = 'x'.repeat(512);
    expect(toSendable(activity)).toEqual({
      ...activity,
      authentication: { methods: [cut], mfa: true },
      properties: { list: ['a', cut], long: cut, since: NOW, seats: 7, trial: false },
    });
  });
});

describe('getSkipReason', () => {
  const withProtocol = (protocol: unknown, prompt?: string): Event =>
    login({
      transaction: { metadata: {}, protocol } as NonNullable<Event['transaction']>,
      request: { ...login().request, query: prompt === undefined ? {} : { prompt } },
    });
  const INTERACTIVE = [
    'oidc-basic-profile',
    'oidc-implicit-profile',
    'oidc-hybrid-profile',
    'oidc-ciba',
    'oidc-ciba-web-link',
    'oauth2-device-code',
    'oauth2-resource-owner',
    'oauth2-password',
    'oauth2-webauthn',
    'samlp',
    'wsfed',
    'wstrust-usernamemixed',
    'a protocol of the future',
    undefined,
  ];

  it.each(INTERACTIVE)('records a login by %s', (protocol) => {
    expect(getSkipReason(withProtocol(protocol), false)).toBeUndefined();
  });

  it.each([
    ['oauth2-refresh-token', 'refresh-token exchange'],
    ['oauth2-token-exchange', 'token exchange'],
    ['oauth2-access-token', 'delegation'],
    ['oauth2-resource-owner-jwt-bearer', 'JWT bearer grant'],
  ])('skips %s unless everything is recorded', (protocol, reason) => {
    expect(getSkipReason(withProtocol(protocol), false)).toBe(reason);
    expect(getSkipReason(withProtocol(protocol), true)).toBeUndefined();
  });

  it.each(['oidc-basic-profile', 'oidc-implicit-profile', 'oidc-hybrid-profile', undefined])(
    'skips silent authentication by %s unless everything is recorded',
    (protocol) => {
      expect(getSkipReason(withProtocol(protocol, 'none'), false)).toBe('silent authentication');
      expect(getSkipReason(withProtocol(protocol, 'none'), true)).toBeUndefined();
    },
  );

  it.each(['samlp', 'wsfed', 'oauth2-password', 'oauth2-resource-owner', 'oauth2-device-code', 'oidc-ciba'])(
    'records a login by %s, which knows no silent authentication, whatever the query says',
    (protocol) => {
      expect(getSkipReason(withProtocol(protocol, 'none'), false)).toBeUndefined();
    },
  );

  it.each(['login', 'consent', ''])('records a login with the prompt %j', (prompt) => {
    expect(getSkipReason(withProtocol('oidc-basic-profile', prompt), false)).toBeUndefined();
  });

  it("records the example event of Auth0's dashboard, whose transaction has the prompt none", () => {
    expect(login().transaction?.prompt).toEqual(['none']);
    expect(getSkipReason(login(), false)).toBeUndefined();
  });

  it.each([false, true])('skips an application that opted out (everything is recorded: %s)', (everything) => {
    const client = { ...login().client, metadata: { analytics: 'off' } };
    expect(getSkipReason(login({ client }), everything)).toBe('the application has analytics: off');
  });

  it('records an application whose metadata has any other value', () => {
    const client = { ...login().client, metadata: { analytics: 'on' } };
    expect(getSkipReason(login({ client }), false)).toBeUndefined();
  });

  it('records an event that holds nothing but a user', () => {
    expect(getSkipReason({ user: { user_id: 'auth0|1' } }, false)).toBeUndefined();
  });
});

describe('ids', () => {
  const UUID_V4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
  const UUID_V5 = /^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
  const getSignUpId = (user_id: string): string => toSignUp(toLogin(withUser({ user_id }), NOW)).id;

  // Destinations deduplicate by them: another value would count everybody again.
  it('never change from one release to the next', () => {
    expect(signUpId('example', 'auth0|5f7c8ec7c33c6c004bbafe82')).toBe(
      '8a37527b-37ef-5a7a-bdc4-d2ff9ea92806',
    );
    expect(loginId('example', 'nZniEmn3ejOpcV46_ac1CxJCuO_gAuwR')).toBe(
      'b4b9fd66-8190-5e79-bd94-c6e97a9c6858',
    );
  });

  it('are the same for every SignUp of a user', () => {
    const first = toSignUp(toLogin(login(), NOW));
    const second = toSignUp(toLogin(login({ transaction: { id: 'another', metadata: {} } }), before(DAY_MS)));
    expect(second.id).toBe(first.id);
    expect(first.id).toMatch(UUID_V5);
  });

  it('are the same for every attempt in the transaction of a Login', () => {
    const [first, second] = [toLogin(login(), NOW), toLogin(login(), before(MINUTE_MS))];
    expect(second.id).toBe(first.id);
    expect(first.id).toMatch(UUID_V5);
  });

  it('differ by tenant, user, transaction and type, wherever one part ends', () => {
    const ids = [
      signUpId('a', 'b'),
      signUpId('a', 'c'),
      signUpId('c', 'b'),
      signUpId('ab', ''),
      signUpId('', 'ab'),
      loginId('a', 'b'),
      loginId('a', 'c'),
      loginId('c', 'b'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('are random for a Login without a transaction id', () => {
    const event = login({ transaction: { metadata: {} } });
    const [first, second] = [toLogin(event, NOW).id, toLogin(event, NOW).id];
    expect(first).toMatch(UUID_V4);
    expect(second).not.toBe(first);
  });

  it.each([
    ['agree in their first 512 characters', `${'x'.repeat(600)}a`, `${'x'.repeat(600)}b`],
    ['differ in a lone surrogate only', 'auth0|\ud83d', 'auth0|\ud83e'],
    ['differ in case only', 'auth0|a', 'auth0|A'],
  ])('differ for user ids that %s', (_, one, other) => {
    expect(getSignUpId(one)).not.toBe(getSignUpId(other));
  });
});

describe('toSignUp', () => {
  const getTime = (created_at: unknown, logins_count?: number): Date =>
    toSignUp(toLogin(withUser({ created_at }, { logins_count }), NOW)).time;

  it('changes type, id and time of the login, and nothing else', () => {
    const activity = toLogin(login(), NOW);
    const { id, type, time, ...rest } = toSignUp(activity);
    expect(type).toBe('SignUp');
    expect(activity).toMatchObject(rest);
  });

  it.each([MINUTE_MS, HOUR_MS, -1000])(
    'dates the first login of a profile created %d ms ago at its creation',
    (ms) => {
      expect(getTime(before(ms), 1)).toEqual(before(ms));
      expect(getTime(before(ms))).toEqual(before(ms));
    },
  );

  it.each([HOUR_MS + 1, DAY_MS, -HOUR_MS - 1])(
    'dates the first login of a profile created %d ms ago now: an invitation or an import',
    (ms) => {
      expect(getTime(before(ms), 1)).toEqual(NOW);
      expect(getTime(before(ms))).toEqual(NOW);
    },
  );

  it.each([HOUR_MS + 1, 6 * DAY_MS])(
    'dates a repeated attempt at the creation of the profile, %d ms ago',
    (ms) => {
      expect(getTime(before(ms), 2)).toEqual(before(ms));
    },
  );

  it('dates a SignUp now if nobody knows when the profile was created', () => {
    expect(getTime(undefined, 1)).toEqual(NOW);
    expect(getTime(undefined, 2)).toEqual(NOW);
  });
});

describe('dedupeTime', () => {
  it('is the same on every attempt of a SignUp', () => {
    const createdAt = before(3 * DAY_MS);
    const attempts = [
      toLogin(withUser({ created_at: createdAt }, { logins_count: 1 }), NOW),
      toLogin(withUser({ created_at: createdAt }, { logins_count: 2 }), before(-DAY_MS)),
      toLogin(withUser({ created_at: createdAt }, { logins_count: 9 }), before(-30 * DAY_MS)),
    ];
    expect(attempts.map((attempt) => dedupeTime(toSignUp(attempt)))).toEqual(Array(3).fill(createdAt));
  });

  it('is the time of a Login', () => {
    expect(dedupeTime(toLogin(signUp(), NOW))).toEqual(NOW);
  });

  it('is the time of a SignUp if nobody knows when the profile was created', () => {
    expect(dedupeTime(toSignUp(toLogin(withUser({ created_at: undefined }), NOW)))).toEqual(NOW);
  });
});

describe('isCreatedWithin', () => {
  it.each([
    [6.999, 7, true],
    [7, 7, true],
    [7.001, 7, false],
    [365, 365, true],
    [-0.999, 7, true],
    [-1, 7, true],
    [-1.001, 7, false],
    [-1.001, 365, false],
  ])('tells of a profile created %d days ago, in a window of %d days: %s', (days, windowDays, expected) => {
    const activity = toLogin(withUser({ created_at: before(days * DAY_MS) }), NOW);
    expect(isCreatedWithin(activity, windowDays)).toBe(expected);
  });

  it('is undefined for a profile without a date', () => {
    expect(isCreatedWithin(toLogin(withUser({ created_at: undefined }), NOW), 365)).toBeUndefined();
  });
});

describe('commonProperties', () => {
  it('lets no property of the operator override a fixed one', () => {
    const activity = { ...LOGIN, properties: { plan: 'gold', email: 'another@example.com' } };
    expect(commonProperties(activity)).toMatchObject({ plan: 'gold', email: LOGIN.user.email });
  });

  it("has Auth0's id of the user only where the operator chose another", () => {
    expect(commonProperties(LOGIN).auth0Id).toBeUndefined();
    const chosen = { ...LOGIN, user: { ...LOGIN.user, id: 'customer-7' } };
    expect(commonProperties(chosen).auth0Id).toBe(LOGIN.user.auth0Id);
  });

  it('has no name that the operator could use for a property', () => {
    const names = Object.keys(commonProperties({ ...LOGIN, properties: {} }));
    expect(names.filter((name) => !FIXED_PROPERTIES.includes(name))).toEqual([]);
  });
});

describe('ipForLookup', () => {
  const lookUp = (ip: string | undefined) => ipForLookup({ ...LOGIN, request: { ip } });

  it.each(['203.0.113.7', '2001:db8::7'])('is the IP address: %s', (ip) => {
    expect(lookUp(ip)).toBe(ip);
  });

  it.each([undefined, '', 'a'.repeat(64), '203.0.113', 'unknown'])('is absent for %j', (ip) => {
    expect(lookUp(ip)).toBeUndefined();
  });
});

describe('piiValues', () => {
  it('are all values that identify a person', () => {
    const user = {
      user_id: 'google-oauth2|103547991597142817347',
      name: 'Ada Lovelace',
      given_name: 'Ada',
      family_name: 'Lovelace',
      username: 'countess',
      email: 'ada@example.com',
      phone_number: '+442071234567',
      picture: 'https://example.com/ada.png',
    };
    const activity: Activity = {
      ...toLogin(login({ user: user as unknown as Event['user'] }), NOW),
      properties: { plan: 'gold', seats: 7, roles: ['admin', 'editor'] },
    };
    const values = piiValues({
      ...activity,
      user: { ...activity.user, id: 'crm|4711', properties: { company: 'Analytical Engines' } },
      visitor: { campaign: {}, anonymousId: 'visitor-1' },
    });
    expect(values.toSorted()).toEqual(
      [
        '103547991597142817347',
        '4711',
        'Ada Lovelace',
        'Ada',
        'Lovelace',
        'countess',
        'ada@example.com',
        '+442071234567',
        'https://example.com/ada.png',
        '13.33.86.47',
        'curl/7.64.1',
        'gold',
        'admin',
        'editor',
        'Analytical Engines',
        'visitor-1',
      ].toSorted(),
    );
  });

  it('leave out what is absent', () => {
    expect(piiValues(toLogin({ user: { user_id: 'auth0|1' } }, NOW))).toEqual(['1', '1']);
  });
});
