/** Typed builders over one realistic event. */
import type { Event } from '@auth0/actions/post-login/v3';
import { exampleEvent } from '../tools/local/example-event.ts';

const LONG_AGO = '2019-05-04T10:20:30.000Z';

/** A user of many years logs in. */
export const login = (changes: Partial<Event> = {}): Event => ({ ...exampleEvent(LONG_AGO), ...changes });

/** A user created a minute ago logs in for the first time. */
export const signUp = (changes: Partial<Event> = {}): Event => ({
  ...exampleEvent(new Date(Date.now() - 60_000).toISOString()),
  stats: { logins_count: 1 },
  ...changes,
});
