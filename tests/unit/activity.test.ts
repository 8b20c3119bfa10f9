import type { Event } from '@auth0/actions/post-login/v3';
import { describe, expect, it } from 'vitest';
import { isCreatedWithin, loginId, signUpId, toLogin, toSignUp, whySkipped } from '../../lib/activity.ts';
import { login } from '../support/events.ts';

const NOW = new Date('2026-01-31T12:00:00.000Z');
const DAY_MS = 24 * 60 * 60 * 1000;

/** A profile can hold anything, whatever the types say. */
const withUser = (changes: object): Event => login({ user: { ...login().user, ...changes } });

const daysAgo = (days: number): string => new Date(NOW.getTime() - days * DAY_MS).toISOString();

describe('a Login', () => {
  it('has what the event tells, in our own terms', () => {
    expect(toLogin(login(), NOW)).toMatchInlineSnapshot(`
      {
        "application": {
          "id": "gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
          "name": "All Applications",
        },
        "connection": {
          "name": "Username-Password-Authentication",
          "strategy": "auth0",
        },
        "id": "b4b9fd66-8190-5e79-bd94-c6e97a9c6858",
        "organization": {
          "id": "org_juG7cAQ0CymOcVpV",
          "name": "my-organization",
        },
        "protocol": "oidc-basic-profile",
        "request": {
          "city": "Bellevue",
          "country": "US",
          "ip": "13.33.86.47",
          "userAgent": "curl/7.64.1",
        },
        "tenant": "example",
        "time": 2026-01-31T12:00:00.000Z,
        "type": "Login",
        "user": {
          "createdAt": 2019-05-04T10:20:30.000Z,
          "email": "j+smith@example.com",
          "id": "auth0|5f7c8ec7c33c6c004bbafe82",
          "lastLogin": undefined,
          "loginsCount": 62,
          "name": "j+smith@example.com",
        },
      }
    `);
  });

  it('has nothing but a user if the event has nothing else', () => {
    const event = { user: { user_id: 'auth0|1' } } as Event;
    expect(JSON.parse(JSON.stringify(toLogin(event, NOW)))).toEqual({
      id: expect.any(String),
      type: 'Login',
      time: NOW.toISOString(),
      tenant: '',
      user: { id: 'auth0|1' },
      application: {},
      connection: {},
      organization: {},
      request: {},
    });
  });

  it.each([undefined, null, '', 7, {}])('needs a user id that is a text: %j', (user_id) => {
    expect(() => toLogin(withUser({ user_id }), NOW)).toThrow(TypeError);
  });

  it.each([null, '', 7, true, {}])('is without a name that is no text: %j', (name) => {
    expect(toLogin(withUser({ name }), NOW).user.name).toBeUndefined();
  });

  it.each([null, '1', 1.5, Number.NaN, Infinity, 2 ** 53])(
    'is without a count that is no whole number: %s',
    (count) => {
      const stats = { logins_count: count } as Event['stats'];
      expect(toLogin(login({ stats }), NOW).user.loginsCount).toBeUndefined();
    },
  );

  it('counts from zero', () => {
    expect(toLogin(login({ stats: { logins_count: 0 } }), NOW).user.loginsCount).toBe(0);
  });

  it.each(['2025-12-24T18:00:00.000Z', '2025-12-24T19:00:00+01:00', new Date('2025-12-24T18:00:00.000Z')])(
    'takes dates as text and as Date: %s',
    (date) => {
      const { user } = toLogin(withUser({ created_at: date, last_login: date }), NOW);
      const expected = new Date('2025-12-24T18:00:00.000Z');
      expect(user).toMatchObject({ createdAt: expected, lastLogin: expected });
    },
  );

  it.each(['', 'yesterday', new Date(Number.NaN), 1_766_599_200_000, null, {}])(
    'is without a date that is none: %s',
    (date) => {
      const { user } = toLogin(withUser({ created_at: date, last_login: date }), NOW);
      expect([user.createdAt, user.lastLogin]).toEqual([undefined, undefined]);
    },
  );
});

describe('a long text', () => {
  const nameOf = (name: string): string | undefined => toLogin(withUser({ name }), NOW).user.name;

  it.each([
    ['stays whole up to 512 characters', 'x'.repeat(512), 'x'.repeat(512)],
    ['is cut after 512 characters', 'x'.repeat(513), 'x'.repeat(512)],
    ['keeps an emoji that ends at the cut', `${'x'.repeat(510)}😀x`, `${'x'.repeat(510)}😀`],
    ['stays well-formed where the cut halves an emoji', `${'x'.repeat(511)}😀`, `${'x'.repeat(511)}\ufffd`],
    ['is made well-formed wherever it is not', 'a\ud83db', 'a\ufffdb'],
  ])('%s', (_, given, expected) => {
    expect(nameOf(given)).toBe(expected);
  });
});

describe('what is recorded', () => {
  const withProtocol = (protocol: unknown): Event =>
    login({ transaction: { metadata: {}, protocol } as NonNullable<Event['transaction']> });
  const withPrompt = (prompt: string): Event => login({ request: { ...login().request, query: { prompt } } });
  const optedOut = login({ client: { ...login().client, metadata: { analytics: 'off' } } });

  it.each([
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
  ])('is a login by %s', (protocol) => {
    expect(whySkipped(withProtocol(protocol), false)).toBeUndefined();
  });

  it.each([
    ['oauth2-refresh-token', 'refresh-token exchange'],
    ['oauth2-token-exchange', 'token exchange'],
    ['oauth2-access-token', 'delegation'],
    ['oauth2-resource-owner-jwt-bearer', 'JWT bearer grant'],
  ])('is no execution of %s, unless everything is', (protocol, reason) => {
    expect(whySkipped(withProtocol(protocol), false)).toBe(reason);
    expect(whySkipped(withProtocol(protocol), true)).toBeUndefined();
  });

  it('is no silent authentication, unless everything is', () => {
    expect(whySkipped(withPrompt('none'), false)).toBe('silent authentication');
    expect(whySkipped(withPrompt('none'), true)).toBeUndefined();
  });

  it("is the example event of Auth0's dashboard, whose transaction has the prompt `none`", () => {
    expect(login().transaction?.prompt).toEqual(['none']);
    expect(whySkipped(login(), false)).toBeUndefined();
  });

  it.each([false, true])(
    'is never a login to an application that opted out (everything: %s)',
    (everything) => {
      expect(whySkipped(optedOut, everything)).toBe('the application has analytics: off');
    },
  );

  it('is a login to an application with any other value', () => {
    const client = { ...login().client, metadata: { analytics: 'on' } };
    expect(whySkipped(login({ client }), false)).toBeUndefined();
  });

  it('is an event that tells only its user', () => {
    expect(whySkipped({ user: { user_id: 'auth0|1' } } as Event, false)).toBeUndefined();
  });
});

describe('the id', () => {
  const UUID_V4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
  const UUID_V5 = /^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

  // Destinations deduplicate by them: another value would count everybody again.
  it('never changes from one release to the next', () => {
    expect(signUpId('example', 'auth0|5f7c8ec7c33c6c004bbafe82')).toBe(
      '8a37527b-37ef-5a7a-bdc4-d2ff9ea92806',
    );
    expect(loginId('example', 'nZniEmn3ejOpcV46_ac1CxJCuO_gAuwR')).toBe(
      'b4b9fd66-8190-5e79-bd94-c6e97a9c6858',
    );
  });

  it('of a SignUp is the same for every login of the user', () => {
    const first = toSignUp(toLogin(login(), NOW), 7);
    const second = toSignUp(toLogin(login({ transaction: { id: 'another', metadata: {} } }), new Date()), 0);
    expect(second.id).toBe(first.id);
    expect(first.id).toMatch(UUID_V5);
  });

  it('of a Login is the same for every attempt in the transaction', () => {
    const [first, second] = [toLogin(login(), NOW), toLogin(login(), new Date())];
    expect(second.id).toBe(first.id);
    expect(first.id).toMatch(UUID_V5);
  });

  it('differs by tenant, user, transaction and type, however the names are cut', () => {
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

  it('of a Login without a transaction id is random', () => {
    const event = login({ transaction: { metadata: {} } });
    const [first, second] = [toLogin(event, NOW).id, toLogin(event, NOW).id];
    expect(first).toMatch(UUID_V4);
    expect(second).not.toBe(first);
  });
});

describe('a SignUp', () => {
  const signUpTime = (created_at: unknown, windowDays = 7): Date =>
    toSignUp(toLogin(withUser({ created_at }), NOW), windowDays).time;

  it('is the login with a type, an id and a time of its own', () => {
    const activity = toLogin(login(), NOW);
    const { id, type, time, ...rest } = toSignUp(activity, 7);
    expect(type).toBe('SignUp');
    expect(activity).toMatchObject(rest);
  });

  it.each([0.001, 1, 7])('happened when the profile was created, %d days ago', (days) => {
    expect(signUpTime(daysAgo(days))).toEqual(new Date(daysAgo(days)));
  });

  it.each([
    ['was created before the window', daysAgo(7.001)],
    ['was created now', daysAgo(0)],
    ['was created in the future', daysAgo(-1)],
    ['has no date', undefined],
  ])('happens now if the profile %s', (_, createdAt) => {
    expect(signUpTime(createdAt)).toEqual(NOW);
  });

  it('happens now without a window', () => {
    expect(signUpTime(daysAgo(0.001), 0)).toEqual(NOW);
  });
});

describe('the window', () => {
  it.each([
    [6.999, 7, true],
    [7, 7, true],
    [7.001, 7, false],
    [-1, 7, true],
    [0, 0, true],
    [0.001, 0, false],
  ])('tells of a profile created %d days ago, in a window of %d: %s', (days, windowDays, expected) => {
    const activity = toLogin(withUser({ created_at: daysAgo(days) }), NOW);
    expect(isCreatedWithin(activity, windowDays)).toBe(expected);
  });

  it('has no place for a profile without a date', () => {
    expect(isCreatedWithin(toLogin(withUser({ created_at: undefined }), NOW), 365)).toBe(false);
  });
});
