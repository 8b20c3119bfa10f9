/**
 * SignUp or Login? And the flags that decide it: `app_metadata.signedUp` holds for each destination that it has
 * accepted this user's SignUp, as `{ "splunk": true, "keen": true }`. The only file that names it.
 */
import { type Activity, getNonInteractiveReason, isCreatedWithin } from './activity.ts';
import { MetadataWriteError } from './errors.ts';
import type { LoginApi, LoginEvent } from './login-event.ts';
import type { Settings } from './settings.ts';

type SignUpSettings = Pick<Settings, 'EVENTS' | 'SIGNUP_WINDOW_DAYS'>;

/**
 * True if the destination has not accepted this user's SignUp yet, and the user is new: created within the window, or,
 * where nobody knows when, at the first login. A user created before is never counted as a sign-up.
 */
export const isSignUp = (
  login: Activity,
  event: LoginEvent,
  sinkName: string,
  settings: SignUpSettings,
): boolean => {
  if (!recordsSignUps(settings) || hasSignedUp(event, sinkName) || getNonInteractiveReason(event))
    return false;
  return isCreatedWithin(login, settings.SIGNUP_WINDOW_DAYS) ?? (login.user.loginsCount ?? Infinity) <= 1;
};

/** Where no SignUps are recorded, a user's first login is a Login like any other. */
export const recordsSignUps = ({ EVENTS, SIGNUP_WINDOW_DAYS }: SignUpSettings): boolean =>
  EVENTS.includes('SignUp') && SIGNUP_WINDOW_DAYS > 0;

/**
 * Records that destinations have accepted this user's SignUp. The flags of other destinations stay.
 * @throws {MetadataWriteError} if Auth0 does not accept it: `app_metadata` of a custom database can be anything.
 */
export const setSignedUp = (event: LoginEvent, api: LoginApi, sinkNames: readonly string[]): void => {
  try {
    const flags = Object.fromEntries(sinkNames.map((name) => [name, true]));
    const before = getSignedUp(event);
    api.user.setAppMetadata('signedUp', {
      ...(isObject(before) && !Array.isArray(before) && before),
      ...flags,
    });
  } catch (cause) {
    throw new MetadataWriteError('setAppMetadata failed', { cause });
  }
};

const hasSignedUp = (event: LoginEvent, sinkName: string): boolean => {
  const signedUp = getSignedUp(event);
  if (isObject(signedUp))
    return Object.hasOwn(signedUp, sinkName) && Reflect.get(signedUp, sinkName) === true;
  // Auth0's Rules wrote `true`, for all destinations alike. Imports can preset any truthy value.
  return Boolean(signedUp);
};

const getSignedUp = ({ user }: LoginEvent): unknown =>
  isObject(user.app_metadata) && Object.hasOwn(user.app_metadata, 'signedUp')
    ? Reflect.get(user.app_metadata, 'signedUp')
    : undefined;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
