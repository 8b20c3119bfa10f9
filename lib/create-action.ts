/** The story of one login: from Auth0's event to the outcome at each destination. */
import { type Activity, getSkipReason, piiValues, toLogin } from './activity.ts';
import { applyChoices, type PropertyFunctions } from './choices.ts';
import { readConfig } from './config.ts';
import { Destination, deliver } from './deliver.ts';
import { getExclusion } from './exclusions.ts';
import { toLogLine } from './log.ts';
import type { LoginApi, LoginEvent } from './login-event.ts';
import { type Outcome, publish, toDeliveryOutcome, toErrorOutcome } from './outcome.ts';
import { toRecorded } from './privacy.ts';
import { redact } from './redact.ts';
import { getSensitiveValues, readSecret, selectConfigured } from './secrets.ts';
import { parseSecrets, settings } from './settings.ts';
import { isSignUp, setSignedUp } from './signed-up.ts';
import type { Sink } from './sink.ts';

/** In code what the settings are in secrets: `deliveryTimeoutMs` for `DELIVERY_TIMEOUT_MS`. A secret overrides an option. */
export interface ActionOptions extends PropertyFunctions {
  /** The Action's own console. Auth0 injects it into the Action's file only: what a package prints with its own is lost. */
  readonly console?: { log(line: string): void };
  /** The prefix of the log line. By default the name of the sink, or `analytics` for several. */
  readonly name?: string;
  /** Values of secrets that are not set in the dashboard: `{ SPLUNK_INDEX: 'auth0' }`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Both by default. */
  readonly events?: ReadonlyArray<'SignUp' | 'Login'>;
  /** `connection=Test,domain=acme.com` */
  readonly exclude?: string;
  /** Path of the user's id in the application: `user.app_metadata.external_id`. */
  readonly userId?: string;
  /** Path of the visitor's id before the login. By default `request.query.ext-anonymous_id`. */
  readonly anonymousId?: string;
  /** `organization` by default. */
  readonly groups?: 'organization' | 'off';
  /** `interactive` by default. */
  readonly record?: 'interactive' | 'all';
  /** 7 by default; 0 records no SignUps. */
  readonly signupWindowDays?: number;
  /** `['phone', 'picture', 'coordinates']` by default. */
  readonly omitFields?: readonly string[];
  readonly hashFields?: readonly string[];
  readonly hashKey?: string;
  /** 3000 by default. */
  readonly deliveryTimeoutMs?: number;
  /** `continue` by default. */
  readonly onFailure?: 'continue' | 'deny';
  /** `failures` by default. */
  readonly log?: 'failures' | 'all';
  /** PEM. */
  readonly tlsCaCert?: string;
}

/** Auth0 calls it for every login. */
export type Handler = (event: LoginEvent, api: LoginApi) => Promise<void>;

/** Shown to the user whose login is denied, so it holds no detail. */
const DENY_REASON = 'This login could not be recorded. Please try again later.';

interface Action {
  readonly name: string;
  readonly destinations: readonly Destination[];
  readonly defaults: Readonly<Record<string, string>>;
  readonly functions: PropertyFunctions;
  log(line: string): void;
}

/**
 * Creates the handler that records logins at one destination or at several. It never throws, whatever the event, the
 * secrets or the destinations do: an error would fail the login and show its message to the user.
 * https://auth0.com/docs/customize/actions/action-coding-guidelines
 */
export const createAction = (sinks: Sink | readonly Sink[], options: ActionOptions = {}): Handler => {
  const destinations = [sinks].flat().map((sink) => new Destination(sink));
  const [only, ...others] = destinations;
  const action: Action = {
    name: options.name ?? (only && others.length === 0 ? only.sink.name : 'analytics'),
    destinations,
    defaults: { ...toSecrets(options), ...options.secrets },
    functions: options,
    log: (line) => (options.console ?? console).log(line),
  };
  // Auth0 accepts a native async function only.
  return async (event, api) => record(action, event, api);
};

const record = async (action: Action, event: LoginEvent, api: LoginApi): Promise<void> => {
  const startedAt = performance.now();
  let secrets: object = action.defaults;
  let outcomes: readonly Outcome[];
  try {
    secrets = { ...action.defaults, ...omitBlank(event.secrets) };
    secrets = { ...action.defaults, ...omitBlank(readConfig(event.secrets)) };
    outcomes = await recordAll(action, event, secrets, startedAt);

    // 5. Remember: a SignUp happens only once.
    outcomes = rememberSignUps(outcomes, event, api);
  } catch (error) {
    outcomes = [toErrorOutcome({ action: action.name, destination: action.name }, error)];
  }
  // 6. Whatever failed, the login goes on, unless the operator wants it denied.
  finish(action, outcomes, secrets, api);
};

/** A blank secret is none, so it overrides no option. */
const omitBlank = (secrets: object | null | undefined): object =>
  Object.fromEntries(
    Object.entries(secrets ?? {}).filter(([name]) => readSecret(secrets, name) !== undefined),
  );

/** At every configured destination concurrently: the login waits for the slowest, and all have the same deadline. */
const recordAll = async (
  action: Action,
  event: LoginEvent,
  secrets: object,
  startedAt: number,
): Promise<readonly Outcome[]> => {
  const base = { action: action.name, destination: action.name };

  // 1. Is it a login?
  const reason = getSkipReason(event, readSecret(secrets, 'RECORD')?.toLowerCase() === 'all');
  if (reason) return [{ ...base, status: 'skipped', reason }];
  const login = toLogin(event, new Date());

  // 2. to 4. are for each destination.
  const selected = selectConfigured(action.destinations, ({ sink }) => sink.secrets, secrets);
  if (selected.length === 0) return [{ ...base, status: 'misconfigured', problems: {} }];
  return Promise.all(
    selected.map((destination) => recordTo(destination, action, login, event, secrets, startedAt)),
  );
};

/** As the user's SignUp if the destination has not accepted that yet, otherwise as a Login. Never rejects. */
const recordTo = async (
  destination: Destination,
  action: Action,
  login: Activity,
  event: LoginEvent,
  input: object,
  startedAt: number,
): Promise<Outcome> => {
  const { sink } = destination;
  const base: { activity?: Activity; propertiesError?: string } & Pick<Outcome, 'action' | 'destination'> = {
    action: action.name,
    destination: sink.name,
  };
  const skip = (reason: string): Outcome => ({ ...base, status: 'skipped', reason });
  try {
    // 2. Is the destination configured, and is the login for it?
    const secrets = parseSecrets(sink, input);
    const exclusion = getExclusion(login, event, secrets.EXCLUDE);
    if (exclusion) return skip(exclusion);

    // 3. SignUp or Login?
    const type = isSignUp(login, event, sink.name, secrets) ? 'SignUp' : 'Login';
    const chosen = applyChoices(login, event, secrets, action.functions, (error) => {
      base.propertiesError ??= error;
    });
    const activity = toRecorded(chosen, type, secrets);
    base.activity = activity;
    if (!secrets.EVENTS.includes(type)) return skip(`EVENTS does not include ${type}`);
    const reason = sink.getSkipReason?.(activity, secrets);
    if (reason) return skip(reason);

    // 4. Deliver it, while the login waits.
    const delivery = await deliver(destination, activity, secrets, startedAt);
    const toPrivateValues = () => [
      ...getSensitiveValues({ ...settings, ...sink.secrets }, input),
      ...[login, chosen, ...getFlushRejected(delivery)].flatMap(piiValues),
    ];
    return toDeliveryOutcome({ ...base, activity }, delivery, (message) =>
      redact(message, toPrivateValues()),
    );
  } catch (error) {
    return toErrorOutcome(base, error);
  }
};

const getFlushRejected = (delivery: Awaited<ReturnType<typeof deliver>>): readonly Activity[] =>
  'flushRejection' in delivery ? (delivery.flushRejection?.activities ?? []) : [];

/** In one write, for all that have accepted the SignUp. */
const rememberSignUps = (
  outcomes: readonly Outcome[],
  event: LoginEvent,
  api: LoginApi,
): readonly Outcome[] => {
  const isAccepted = (outcome: Outcome) =>
    outcome.status === 'delivered' && outcome.activity.type === 'SignUp';
  const names = outcomes.filter(isAccepted).map(({ destination }) => destination);
  try {
    if (names.length > 0) setSignedUp(event, api, names);
    return outcomes;
  } catch {
    return outcomes.map((outcome) =>
      isAccepted(outcome) ? { ...outcome, metadataWriteFailed: true } : outcome,
    ) as readonly Outcome[];
  }
};

const finish = (action: Action, outcomes: readonly Outcome[], secrets: object, api: LoginApi): void => {
  const isRecorded = outcomes.every(({ status }) => status === 'delivered' || status === 'skipped');
  const isStrict = readSecret(secrets, 'ON_FAILURE')?.toLowerCase() === 'deny';
  if (!isRecorded && isStrict) attempt(() => api.access.deny(DENY_REASON));
  attempt(() => {
    for (const outcome of outcomes) publish(outcome);
    const line = toLogLine(action.name, outcomes, readSecret(secrets, 'LOG')?.toLowerCase() === 'all');
    if (line !== undefined) action.log(line);
  });
};

/** A console or api object that fails does not fail the login. */
const attempt = (work: () => unknown): void => {
  try {
    work();
  } catch {}
};

/** The options that are settings, as the strings that their secrets would be. */
const toSecrets = (options: ActionOptions): Record<string, string> =>
  Object.fromEntries(
    Object.keys(settings).flatMap((name) => {
      const option = name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const value: unknown = Reflect.get(options, option);
      if (value === undefined || typeof value === 'function') return [];
      return [[name, Array.isArray(value) ? value.join(',') || 'none' : String(value)]];
    }),
  );
