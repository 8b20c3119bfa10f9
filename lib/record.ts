/** What happens in a login. */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { type Activity, toLogin, toSignUp, whySkipped } from './activity.ts';
import { deliver } from './deliver.ts';
import { NotMarkedError } from './errors.ts';
import { explain, log, report } from './log.ts';
import { protect } from './privacy.ts';
import { readSecret, readSecrets, type SecretsSchema } from './secrets.ts';
import { isSignUp, markSignedUp } from './signed-up.ts';
import type { Sink } from './sink.ts';

/** Shown to the user whose login is refused, so it carries no detail. */
const DENIAL = 'This login could not be recorded. Please try again later.';

/**
 * Records a login at a destination: as the user's SignUp if the destination has not accepted that yet, otherwise
 * as a Login. Never throws, whatever the event, the secrets or the destination do: an error would refuse the login
 * and show its message to the user. https://auth0.com/docs/customize/actions/action-coding-guidelines
 */
export const record = async <S extends SecretsSchema>(
  sink: Sink<S>,
  event: Event,
  api: PostLoginAPI,
): Promise<void> => {
  let activity: Activity | undefined;
  try {
    // 1. Is it a login?
    const skipped = whySkipped(event, readSecret(event.secrets, 'RECORD') === 'all');
    if (skipped) return logIfAll(sink.name, event, `Skipped: ${skipped}`);

    // 2. Is the Action configured?
    const secrets = readSecrets(sink.secrets, event.secrets);

    // 3. SignUp or Login?
    activity = protect(toLogin(event, new Date()), secrets);
    if (isSignUp(activity, event, sink.name, secrets.SIGNUP_WINDOW_DAYS)) {
      activity = toSignUp(activity, secrets.SIGNUP_WINDOW_DAYS);
    }
    if (sink.records?.(activity, secrets) === false) {
      return logIfAll(sink.name, event, `${activity.type} skipped: the destination is not set up for it`);
    }

    // 4. Deliver it, while the login waits.
    const delivery = await deliver(sink, activity, secrets);

    // 5. Accepted: a SignUp happens only once.
    if (activity.type === 'SignUp') markSignedUp(event, api, sink.name);
    const line = report(activity, delivery, event.secrets);
    if (delivery.refusal) log(sink.name, line);
    else logIfAll(sink.name, event, line);
  } catch (error) {
    // 6. Whatever failed, the login goes on, unless the operator wants it refused.
    fail(sink.name, event, api, activity, error);
  }
};

const fail = (
  sinkName: string,
  event: Event,
  api: PostLoginAPI,
  activity: Activity | undefined,
  error: unknown,
): void => {
  let line = 'Login not recorded: the event or the api object failed';
  try {
    line = explain(error, activity, event.secrets);
    const isRecorded = error instanceof NotMarkedError;
    if (!isRecorded && readSecret(event.secrets, 'ON_FAILURE') === 'deny') api.access.deny(DENIAL);
  } catch {}
  log(sinkName, line);
};

const logIfAll = (sinkName: string, event: Event, message: string): void => {
  if (readSecret(event.secrets, 'LOG') === 'all') log(sinkName, message);
};
