/** What happens in a login. */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { type Activity, toLogin, toSignUp, whySkipped } from './activity.ts';
import { deliver } from './deliver.ts';
import { NotMarkedError } from './errors.ts';
import { log, type Outcome, summarize } from './log.ts';
import { protect } from './privacy.ts';
import { configured, readSecret, readSecrets, type SecretsSchema } from './secrets.ts';
import { isSignUp, markSignedUp } from './signed-up.ts';
import type { Sink } from './sink.ts';

/** What runs in a login: it records at one destination, or at several. */
export interface Action {
  /** The name of its file and log prefix: `splunk`. */
  readonly name: string;
  readonly sinks: readonly Sink[];
}

/** Shown to the user whose login is refused, so it carries no detail. */
const DENIAL = 'This login could not be recorded. Please try again later.';

/** Records a login at a destination, for the Action of its name. */
export const record = <S extends SecretsSchema>(
  sink: Sink<S>,
  event: Event,
  api: PostLoginAPI,
): Promise<void> => recordEverywhere({ name: sink.name, sinks: [sink] }, event, api);

/**
 * Records a login at every destination that is configured, at all of them at once. Never throws, whatever the event,
 * the secrets or the destinations do: an error would refuse the login and show its message to the user.
 * https://auth0.com/docs/customize/actions/action-coding-guidelines
 */
export const recordEverywhere = async (action: Action, event: Event, api: PostLoginAPI): Promise<void> => {
  const { name, sinks } = action;
  const startedAt = performance.now();
  let outcomes: readonly Outcome[];
  try {
    // 1. Is it a login?
    const skipped = whySkipped(event, readSecret(event.secrets, 'RECORD') === 'all');
    if (skipped) return conclude(action, [{ name, skipped: `Skipped: ${skipped}` }], event, api);
    const login = toLogin(event, new Date());

    // 2. to 4. are for each destination. The login waits for the slowest, all have the same deadline.
    const destinations = configured(sinks, event.secrets);
    outcomes = await Promise.all(destinations.map((sink) => recordAt(sink, login, event, startedAt)));

    // 5. Accepted: a SignUp happens only once.
    outcomes = mark(outcomes, event, api);
  } catch (error) {
    outcomes = [{ name, error }];
  }
  // 6. Whatever failed, the login goes on, unless the operator wants it refused.
  conclude(action, outcomes, event, api);
};

/** As the user's SignUp if the destination has not accepted that yet, otherwise as a Login. Never rejects. */
const recordAt = async (sink: Sink, login: Activity, event: Event, startedAt: number): Promise<Outcome> => {
  const { name } = sink;
  let activity: Activity | undefined;
  try {
    // 2. Is the destination configured?
    const secrets = readSecrets(sink.secrets, event.secrets);

    // 3. SignUp or Login?
    activity = protect(login, secrets);
    if (isSignUp(activity, event, name, secrets.SIGNUP_WINDOW_DAYS)) {
      activity = toSignUp(activity, secrets.SIGNUP_WINDOW_DAYS);
    }
    if (sink.records?.(activity, secrets) === false) {
      return { name, skipped: `${activity.type} skipped: the destination is not set up for it` };
    }

    // 4. Deliver it, while the login waits.
    return { name, activity, delivery: await deliver(sink, activity, secrets, startedAt) };
  } catch (error) {
    return { name, activity, error };
  }
};

/** In one write, for all that have accepted the SignUp. */
const mark = (outcomes: readonly Outcome[], event: Event, api: PostLoginAPI): readonly Outcome[] => {
  const signUps = outcomes.filter((outcome) => 'delivery' in outcome && outcome.activity.type === 'SignUp');
  const names = signUps.map(({ name }) => name);
  try {
    if (names.length > 0) markSignedUp(event, api, names);
    return outcomes;
  } catch (error) {
    return outcomes.map((outcome) => (signUps.includes(outcome) ? { ...outcome, error } : outcome));
  }
};

const conclude = ({ name }: Action, outcomes: readonly Outcome[], event: Event, api: PostLoginAPI): void => {
  let parts: readonly string[] = ['Login not recorded: the event or the api object failed'];
  try {
    parts = summarize(name, outcomes, event.secrets);
    const isRecorded = outcomes.every(
      (outcome) => !('error' in outcome) || outcome.error instanceof NotMarkedError,
    );
    if (!isRecorded && readSecret(event.secrets, 'ON_FAILURE') === 'deny') api.access.deny(DENIAL);
  } catch {}
  log(name, parts);
};
