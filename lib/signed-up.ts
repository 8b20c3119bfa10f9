/**
 * SignUp or Login? And the marks that decide it: `app_metadata.signedUp` holds, for each destination, that it
 * has accepted this user's SignUp, as `{ "splunk": true, "keen": true }`. The only file that names it.
 */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { type Activity, isCreatedWithin } from './activity.ts';
import { NotMarkedError } from './errors.ts';

/**
 * True if the destination has not accepted this user's SignUp yet, and the user is new. One who was here before
 * the Action was installed has no marks either, and is no sign-up.
 */
export const isSignUp = (login: Activity, event: Event, sinkName: string, windowDays: number): boolean =>
  !isMarked(event, sinkName) &&
  ((login.user.loginsCount ?? Infinity) <= 1 || isCreatedWithin(login, windowDays));

/**
 * Records that destinations have accepted this user's SignUp. The marks of other destinations stay.
 * @throws {NotMarkedError} if Auth0 does not take it: `app_metadata` of a custom database can be anything.
 */
export const markSignedUp = (event: Event, api: PostLoginAPI, sinkNames: readonly string[]): void => {
  try {
    const marks = Object.fromEntries(sinkNames.map((name) => [name, true]));
    api.user.setAppMetadata('signedUp', { ...event.user.app_metadata?.signedUp, ...marks });
  } catch (cause) {
    throw new NotMarkedError('app_metadata did not take the mark', { cause });
  }
};

const isMarked = (event: Event, sinkName: string): boolean => {
  const signedUp: unknown = event.user.app_metadata?.signedUp;
  if (typeof signedUp === 'object' && signedUp !== null) return Reflect.get(signedUp, sinkName) === true;
  // Auth0's Rules wrote `true`, for all destinations alike.
  return Boolean(signedUp);
};
