/** What happens in a login. */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import type { InferOutput } from 'valibot';
import { type Activity, toLogin, toSignUp, whySkipped } from './activity.ts';
import { NotMarkedError } from './errors.ts';
import { withinDeadline } from './http.ts';
import { explain, log } from './log.ts';
import { readSecret, readSecrets, type SecretsSchema, type Settings } from './secrets.ts';
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
    activity = toLogin(event, new Date());
    if (isSignUp(activity, event, sink.name, secrets.SIGNUP_WINDOW_DAYS)) {
      activity = toSignUp(activity, secrets.SIGNUP_WINDOW_DAYS);
    }
    if (sink.records?.(activity, secrets) === false) {
      return logIfAll(sink.name, event, `${activity.type} skipped: the destination is not set up for it`);
    }

    // 4. Deliver it, while the login waits.
    const start = performance.now();
    await deliver(sink, activity, secrets);

    // 5. Accepted: a SignUp happens only once.
    if (activity.type === 'SignUp') markSignedUp(event, api, sink.name);
    logIfAll(sink.name, event, `${activity.type} delivered in ${Math.round(performance.now() - start)} ms`);
  } catch (error) {
    // 6. Whatever failed, the login goes on, unless the operator wants it refused.
    fail(sink.name, event, api, activity, error);
  }
};

const deliver = <S extends SecretsSchema>(
  sink: Sink<S>,
  activity: Activity,
  secrets: Settings & InferOutput<S>,
): Promise<void> =>
  withinDeadline(secrets.DELIVERY_TIMEOUT_MS, (http) => sink.send([activity], secrets, http));

const fail = (
  sinkName: string,
  event: Event,
  api: PostLoginAPI,
  activity: Activity | undefined,
  error: unknown,
): void => {
  try {
    log(sinkName, explain(error, activity, event.secrets));
    const isRecorded = error instanceof NotMarkedError;
    if (!isRecorded && readSecret(event.secrets, 'ON_FAILURE') === 'deny') api.access.deny(DENIAL);
  } catch {
    log(sinkName, 'Login not recorded: the event or the api object failed');
  }
};

const logIfAll = (sinkName: string, event: Event, message: string): void => {
  if (readSecret(event.secrets, 'LOG') === 'all') log(sinkName, message);
};
