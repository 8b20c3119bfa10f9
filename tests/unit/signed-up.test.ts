import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { describe, expect, it } from 'vitest';
import { toLogin } from '../../lib/activity.ts';
import { NotMarkedError } from '../../lib/errors.ts';
import { isSignUp, markSignedUp } from '../../lib/signed-up.ts';
import { execute } from '../support/api.ts';
import { login } from '../support/events.ts';

const NOW = new Date('2026-01-31T12:00:00.000Z');
const CREATED = {
  'a minute ago': '2026-01-31T11:59:00.000Z',
  'last month': '2025-12-31T12:00:00.000Z',
  'at an unknown time': undefined,
};

interface Circumstances {
  app_metadata?: unknown;
  loginsCount?: number | undefined;
  createdAt?: string | undefined;
}

const eventOf = ({ app_metadata, loginsCount, createdAt }: Circumstances): Event =>
  login({
    stats: { logins_count: loginsCount } as Event['stats'],
    user: { ...login().user, app_metadata, created_at: createdAt } as Event['user'],
  });

const isSignUpAtSplunk = (circumstances: Circumstances, windowDays = 7): boolean => {
  const event = eventOf(circumstances);
  return isSignUp(toLogin(event, NOW), event, 'splunk', windowDays);
};

describe('a new user', () => {
  const newUser = { loginsCount: 1, createdAt: CREATED['a minute ago'] };

  it.each([
    ['no marks', {}],
    ['empty marks', { signedUp: {} }],
    ['marks of other destinations', { signedUp: { keen: true, segment: true } }],
    ['a mark that is false', { signedUp: { splunk: false } }],
    ['a mark that is not true', { signedUp: { splunk: 'true' } }],
    ['the mark `false` of a Rule', { signedUp: false }],
    ['the mark 0', { signedUp: 0 }],
    ['the mark null', { signedUp: null }],
    ['a list for marks', { signedUp: ['splunk'] }],
    ['no app_metadata', undefined],
    ['app_metadata null', null],
    ['app_metadata that is a text', 'signedUp'],
  ])('signs up with %s', (_, app_metadata) => {
    expect(isSignUpAtSplunk({ ...newUser, app_metadata })).toBe(true);
  });

  it.each([
    ['the mark of this destination', { splunk: true }],
    ['the marks of this destination and others', { keen: true, splunk: true }],
    ['the mark `true` of a Rule', true],
    ['a text for a mark', 'yes'],
    ['a number for a mark', 1],
  ])('logs in with %s', (_, signedUp) => {
    expect(isSignUpAtSplunk({ ...newUser, app_metadata: { signedUp } })).toBe(false);
  });
});

describe('a user without marks', () => {
  it.each<[number | undefined, keyof typeof CREATED, number, boolean]>([
    [0, 'last month', 7, true],
    [1, 'last month', 7, true],
    [2, 'last month', 7, false],
    [undefined, 'last month', 7, false],
    [0, 'a minute ago', 7, true],
    [1, 'a minute ago', 7, true],
    [2, 'a minute ago', 7, true],
    [undefined, 'a minute ago', 7, true],
    [0, 'a minute ago', 0, true],
    [1, 'a minute ago', 0, true],
    [2, 'a minute ago', 0, false],
    [undefined, 'a minute ago', 0, false],
    [1, 'at an unknown time', 7, true],
    [2, 'at an unknown time', 7, false],
    [undefined, 'at an unknown time', 7, false],
  ])(
    'with %s logins, created %s, signs up in a window of %s days: %s',
    (loginsCount, created, days, expected) => {
      expect(isSignUpAtSplunk({ loginsCount, createdAt: CREATED[created] }, days)).toBe(expected);
    },
  );
});

describe('the mark', () => {
  const markAtSplunk = async (app_metadata: unknown): Promise<unknown> => {
    const handler = async (event: Event, api: PostLoginAPI) => markSignedUp(event, api, ['splunk']);
    const { metadata } = await execute(handler, eventOf({ app_metadata }));
    return Object.fromEntries(metadata.map(({ key, value }) => [key, value]));
  };

  it.each([
    ['is the first', {}, { splunk: true }],
    [
      'joins those of other destinations',
      { keen: true, segment: true },
      { keen: true, segment: true, splunk: true },
    ],
    ['replaces a mark that is false', { splunk: false }, { splunk: true }],
    ['replaces the mark `false` of a Rule', false, { splunk: true }],
    ['replaces null', null, { splunk: true }],
  ])('%s', async (_, signedUp, expected) => {
    expect(await markAtSplunk({ signedUp, plan: 'free' })).toEqual({ signedUp: expected });
  });

  it('makes the next login a Login', async () => {
    const app_metadata = await markAtSplunk({ signedUp: { keen: true } });
    expect(isSignUpAtSplunk({ loginsCount: 1, createdAt: CREATED['a minute ago'], app_metadata })).toBe(
      false,
    );
  });

  it("leaves the event's app_metadata as it is", async () => {
    const app_metadata = Object.freeze({ signedUp: Object.freeze({ keen: true }) });
    expect(await markAtSplunk(app_metadata)).toEqual({ signedUp: { keen: true, splunk: true } });
    expect(app_metadata).toEqual({ signedUp: { keen: true } });
  });

  it.each([null, undefined, 'text', 7, ['list']])(
    'is missing if app_metadata is not an object: %j',
    async (app_metadata) => {
      const failure = markAtSplunk(app_metadata);
      await expect(failure).rejects.toBeInstanceOf(NotMarkedError);
      await expect(failure).rejects.toMatchObject({
        cause: new Error('event.user.app_metadata is not an object'),
      });
    },
  );
});
