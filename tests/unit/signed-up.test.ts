import type { Event } from '@auth0/actions/post-login/v3';
import { describe, expect, it } from 'vitest';
import { toLogin } from '../../lib/activity.ts';
import { MetadataWriteError } from '../../lib/errors.ts';
import { isSignUp, setSignedUp } from '../../lib/signed-up.ts';
import { createApi } from '../../tools/simulator/auth0/post-login-api.ts';
import { login } from '../support/events.ts';

const NOW = new Date('2026-01-31T12:00:00.000Z');
const CREATED = {
  'a minute ago': '2026-01-31T11:59:00.000Z',
  'last month': '2025-12-31T12:00:00.000Z',
  'in 2019': '2019-05-04T10:20:30.000Z',
  'in an hour': '2026-01-31T13:00:00.000Z',
  'in two days': '2026-02-02T12:00:00.000Z',
  'at an unknown time': undefined,
};

interface Circumstances {
  readonly app_metadata?: unknown;
  readonly loginsCount?: number | undefined;
  readonly createdAt?: string | undefined;
  readonly protocol?: string;
}

const createEvent = ({ app_metadata, loginsCount, createdAt, protocol }: Circumstances): Event =>
  login({
    stats: { logins_count: loginsCount } as Event['stats'],
    user: { ...login().user, app_metadata, created_at: createdAt } as Event['user'],
    ...(protocol !== undefined && {
      transaction: { metadata: {}, protocol } as NonNullable<Event['transaction']>,
    }),
  });

const isSignUpAtSplunk = (
  circumstances: Circumstances,
  SIGNUP_WINDOW_DAYS = 7,
  EVENTS: ReadonlyArray<'SignUp' | 'Login'> = ['SignUp', 'Login'],
): boolean => {
  const event = createEvent(circumstances);
  return isSignUp(toLogin(event, NOW), event, 'splunk', { EVENTS, SIGNUP_WINDOW_DAYS });
};

describe('isSignUp, for a new user', () => {
  const NEW_USER = { loginsCount: 1, createdAt: CREATED['a minute ago'] };

  it.each([
    ['no flags', {}],
    ['empty flags', { signedUp: {} }],
    ['flags of other destinations', { signedUp: { keen: true, segment: true } }],
    ['a flag that is false', { signedUp: { splunk: false } }],
    ['a flag that is not true', { signedUp: { splunk: 'true' } }],
    ['an inherited flag', { signedUp: Object.create({ splunk: true }) }],
    ['inherited flags', Object.create({ signedUp: { splunk: true } })],
    ['the flag false of a Rule', { signedUp: false }],
    ['the flag 0', { signedUp: 0 }],
    ['an empty string for flags', { signedUp: '' }],
    ['the flag null', { signedUp: null }],
    ['a list for flags', { signedUp: ['splunk'] }],
    ['an empty list for flags', { signedUp: [] }],
    ['no app_metadata', undefined],
    ['app_metadata null', null],
    ['app_metadata that is a string', 'signedUp'],
  ])('is true with %s', (_, app_metadata) => {
    expect(isSignUpAtSplunk({ ...NEW_USER, app_metadata })).toBe(true);
  });

  it.each([
    ['the flag of this destination', { splunk: true }],
    ['the flags of this destination and others', { keen: true, splunk: true }],
    ['flags without a prototype', Object.assign(Object.create(null), { splunk: true })],
    ['the flag true of a Rule', true],
    ['a string for flags', 'false'],
    ['a number for flags', 1],
  ])('is false with %s', (_, signedUp) => {
    expect(isSignUpAtSplunk({ ...NEW_USER, app_metadata: { signedUp } })).toBe(false);
  });

  it.each(['oauth2-refresh-token', 'oauth2-token-exchange', 'oauth2-resource-owner-jwt-bearer'])(
    'is false for %s, in which nobody logs in',
    (protocol) => {
      expect(isSignUpAtSplunk({ ...NEW_USER, protocol })).toBe(false);
    },
  );
});

describe('isSignUp, without flags', () => {
  it.each([
    [['SignUp'] as const, true],
    [['Login'] as const, false],
  ])('with EVENTS=%s is %s for a new user', (events, expected) => {
    expect(isSignUpAtSplunk({ loginsCount: 1, createdAt: CREATED['a minute ago'] }, 7, events)).toBe(
      expected,
    );
  });

  it.each<
    [created: keyof typeof CREATED, loginsCount: number | undefined, windowDays: number, expected: boolean]
  >([
    ['a minute ago', 0, 7, true],
    ['a minute ago', 1, 7, true],
    ['a minute ago', 2, 7, true],
    ['a minute ago', undefined, 7, true],
    ['last month', 1, 7, false],
    ['last month', 1, 31, true],
    ['last month', 9, 31, true],
    ['in 2019', 0, 7, false],
    ['in 2019', 1, 365, false],
    ['in an hour', 1, 7, true],
    ['in two days', 1, 7, false],
    ['in two days', 500, 365, false],
    ['at an unknown time', 0, 7, true],
    ['at an unknown time', 1, 7, true],
    ['at an unknown time', 2, 7, false],
    ['at an unknown time', undefined, 7, false],
    ['a minute ago', 1, 0, false],
    ['at an unknown time', 1, 0, false],
  ])(
    'counts a profile created %s, with %s logins, in a window of %d days: %s',
    (created, loginsCount, windowDays, expected) => {
      expect(isSignUpAtSplunk({ loginsCount, createdAt: CREATED[created] }, windowDays)).toBe(expected);
    },
  );
});

describe('setSignedUp', () => {
  const setAtSplunk = (app_metadata: unknown, names = ['splunk']): unknown => {
    const event = createEvent({ app_metadata });
    const { api, effects } = createApi(event);
    setSignedUp(event, api, names);
    return Object.fromEntries(effects.metadata.map(({ key, value }) => [key, value]));
  };

  it.each([
    ['sets the first flag', undefined, { splunk: true }],
    ['sets a flag in empty flags', {}, { splunk: true }],
    [
      'leaves the flags of other destinations',
      { keen: true, segment: true },
      { keen: true, segment: true, splunk: true },
    ],
    ['replaces a flag that is false', { splunk: false }, { splunk: true }],
    ['replaces the flag false of a Rule', false, { splunk: true }],
    ['replaces null', null, { splunk: true }],
    ['replaces a list', ['keen'], { splunk: true }],
  ])('%s', (_, signedUp, expected) => {
    expect(setAtSplunk({ signedUp, plan: 'free' })).toEqual({ signedUp: expected });
  });

  it('sets the flags of several destinations in one write', () => {
    expect(setAtSplunk({ signedUp: { otlp: true } }, ['splunk', 'keen'])).toEqual({
      signedUp: { otlp: true, splunk: true, keen: true },
    });
  });

  it('makes the next login a Login', () => {
    const app_metadata = setAtSplunk({ signedUp: { keen: true } });
    expect(isSignUpAtSplunk({ loginsCount: 1, createdAt: CREATED['a minute ago'], app_metadata })).toBe(
      false,
    );
  });

  it("leaves the event's app_metadata as it is", async () => {
    const app_metadata = Object.freeze({ signedUp: Object.freeze({ keen: true }) });
    expect(setAtSplunk(app_metadata)).toEqual({ signedUp: { keen: true, splunk: true } });
    expect(app_metadata).toEqual({ signedUp: { keen: true } });
  });

  it.each([null, undefined, 'string', 7, ['list']])(
    'throws if Auth0 does not accept it: app_metadata %j',
    (app_metadata) => {
      expect(() => setAtSplunk(app_metadata)).toThrow(MetadataWriteError);
      expect(() => setAtSplunk(app_metadata)).toThrow(expect.objectContaining({ cause: expect.any(Error) }));
    },
  );
});
