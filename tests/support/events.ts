/** Typed builders over one realistic event, and the activities they make. */
import type { Event } from '@auth0/actions/post-login/v3';
import { type Activity, toLogin, toSignUp } from '../../lib/activity.ts';
import { applyChoices } from '../../lib/choices.ts';
import { toRecorded } from '../../lib/privacy.ts';
import { parseSecrets } from '../../lib/settings.ts';
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

/** What an application passes along of the visitor. */
const VISITOR_QUERY = {
  'ext-anonymous_id': '0d9e4c1b-visitor',
  'ext-session_id': '1769860500000',
  'ext-referrer': 'https://news.example.com/shops',
  'ext-utm_source': 'newsletter',
  'ext-utm_campaign': 'winter-sale',
  'ext-gclid': 'Cj0KCQ',
};

/** With everything that there is to know about a login. */
const withEverything = (event: Event): Event => ({
  ...event,
  user: { ...event.user, last_login: '2026-01-30T09:00:00.000Z', app_metadata: { plan: 'gold', seats: 3 } },
  session: { id: 'session-1' } as NonNullable<Event['session']>,
  request: {
    ...event.request,
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    query: { ...event.request.query, ...VISITOR_QUERY },
  },
});

/** What is recorded of a login with everything, as the settings have it. By default nothing is omitted. */
export const toFull = (
  type: Activity['type'],
  secrets: Readonly<Record<string, string>> = {},
  profile: Partial<Event['user']> = {},
): Activity => {
  const { user, ...event } = withEverything(type === 'SignUp' ? signUp({}, NOW.getTime()) : login());
  const settings = parseSecrets(
    { secrets: {} },
    {
      PROPERTIES: 'plan=user.app_metadata.plan',
      USER_PROPERTIES: 'seats=user.app_metadata.seats',
      OMIT_FIELDS: 'none',
      ...secrets,
    },
  );
  const full = { ...event, user: { ...user, ...profile } };
  return toRecorded(
    applyChoices(toLogin(full, NOW), full, settings, {}, () => {}),
    type,
    settings,
  );
};

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

export const getIds = (activities: readonly Activity[]): string[] => activities.map(({ id }) => id);
