/** Typed builders over one realistic event, and the activities they make. */
import type { Event } from '@auth0/actions/post-login/v3';
import { type Activity, toLogin, toSignUp } from '../../lib/activity.ts';
import { exampleEvent } from '../../tools/simulator/auth0/example-event.ts';
import { NOW } from './clock.ts';

const LONG_AGO = '2019-05-04T10:20:30.000Z';

/** A user of many years logs in. */
export const login = (changes: Partial<Event> = {}): Event => ({ ...exampleEvent(LONG_AGO), ...changes });

/** A user created a minute ago logs in for the first time. */
export const signUp = (changes: Partial<Event> = {}, now = Date.now()): Event => ({
  ...exampleEvent(new Date(now - 60_000).toISOString()),
  stats: { logins_count: 1 },
  ...changes,
});

export const LOGIN: Activity = toLogin(login(), NOW);
export const SIGN_UP: Activity = toSignUp(toLogin(signUp({}, NOW.getTime()), NOW));

/** Logins of different users, a second apart. */
export const someLogins = (count: number, firstUser = 0): Activity[] =>
  Array.from({ length: count }, (_, index) => {
    const user = firstUser + index;
    const event = login({
      transaction: { id: `transaction ${user}` } as NonNullable<Event['transaction']>,
      user: { ...login().user, user_id: `auth0|user-${user}` },
    });
    return toLogin(event, new Date(NOW.getTime() + user * 1000));
  });

/** The SignUps of the same users. */
export const someSignUps = (count: number, firstUser = 0): Activity[] =>
  someLogins(count, firstUser).map(toSignUp);

export const idsOf = (activities: readonly Activity[]): string[] => activities.map(({ id }) => id);
