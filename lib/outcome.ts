/**
 * What came of a login at a destination, as data. Everything else is derived from it: the log line, and what monitoring
 * and tests read on the channel.
 */
import { channel } from 'node:diagnostics_channel';
import type { Activity } from './activity.ts';
import type { Delivery, Undelivered } from './deliver.ts';
import { ConfigError, DeliveryError, getErrorName, RejectedError, UnavailableError } from './errors.ts';
import type { Problems } from './secrets.ts';

/** No field but `activity` holds personal data, and none a secret. */
export type Outcome = DeliveredOutcome | FailedOutcome | SkippedOutcome | MisconfiguredOutcome;

interface OutcomeBase {
  /** Name of the Action: `all`. */
  readonly action: string;
  /** Name of the sink: `splunk`. That of the Action where no sink was reached. */
  readonly destination: string;
  /** What was recorded, as it was sent: without omitted fields, and with hashes. Absent where it did not get that far. */
  readonly activity?: Activity | undefined;
  /** A function of `createAction`'s options that threw: `properties() threw TypeError`. */
  readonly propertiesError?: string | undefined;
}

export interface DeliveredOutcome extends OutcomeBase {
  readonly status: 'delivered';
  readonly activity: Activity;
  /** Requests, retries included. */
  readonly attempts: number;
  /** Milliseconds. */
  readonly elapsedMs: number;
  /** How many buffered activities were delivered after it, or since the delivery before. */
  readonly flushed: number;
  /** Milliseconds. */
  readonly flushMs: number;
  /** How many older activities were dropped from the retry buffer, because the secrets have changed. */
  readonly dropped: number;
  /** Buffered activities that were rejected and dropped. */
  readonly flushRejected?: { readonly count: number; readonly message: string };
  /** Why the user's profile was not set, where that takes a request of its own. */
  readonly profileError?: string;
  /** True if Auth0 did not accept the `signedUp` flag: the SignUp is sent again, with the same id. */
  readonly metadataWriteFailed?: true;
}

export interface FailedOutcome extends OutcomeBase {
  readonly status: 'failed';
  /** `rejected` needs the operator, `unavailable` time, `internal` a bug report. */
  readonly reason: 'rejected' | 'unavailable' | 'internal';
  /** Short and stable: an HTTP status, `TIMEOUT`, `STALLED`, `CIRCUIT_OPEN`, a code of Node's such as `ECONNREFUSED`, or the name of an error. */
  readonly code: string;
  /** In the vendor's words where it has some, with private values masked. */
  readonly message: string;
  /** Who must act, where waiting is not enough. */
  readonly hint?: string | undefined;
  /** Where an error that nobody expected was thrown, without its message. */
  readonly stack?: string | undefined;
  readonly attempts: number;
  /** Milliseconds. */
  readonly elapsedMs: number;
  /** Whether the activity waits in the retry buffer. */
  readonly buffered: boolean;
  /** How many older activities were dropped from the retry buffer. */
  readonly dropped: number;
}

export interface SkippedOutcome extends OutcomeBase {
  readonly status: 'skipped';
  readonly reason: string;
}

export interface MisconfiguredOutcome extends OutcomeBase {
  readonly status: 'misconfigured';
  /** Empty if no destination has any secrets. */
  readonly problems: Problems;
}

/** Name of the diagnostics channel. https://nodejs.org/docs/latest-v22.x/api/diagnostics_channel.html */
export const OUTCOME_CHANNEL = 'auth0-login-analytics:outcome';

const outcomes = channel(OUTCOME_CHANNEL);

/** Costs nothing if nobody subscribes. A subscriber that throws does not fail the login: Node reports it. */
export const publish = (outcome: Outcome): void => outcomes.publish(outcome);

/** Masks private values in a vendor's message. */
export type Redact = (message: string) => string;

export const toDeliveryOutcome = (
  base: OutcomeBase & { readonly activity: Activity },
  delivery: Delivery,
  redact: Redact,
): Outcome => {
  if ('error' in delivery) return { ...base, ...toFailure(delivery, redact) };
  const { flushRejection, profileError, ...figures } = delivery;
  return {
    ...base,
    status: 'delivered',
    ...figures,
    ...(profileError !== undefined && { profileError: describe(profileError, redact).message }),
    ...(flushRejection && {
      flushRejected: {
        count: flushRejection.activities.length,
        message: describe(flushRejection.error, redact).message,
      },
    }),
  };
};

/** The outcome of an error before the delivery. */
export const toErrorOutcome = (base: OutcomeBase, error: unknown): Outcome => {
  try {
    if (error instanceof ConfigError)
      return { ...base, status: 'misconfigured', problems: Object.fromEntries(error.problems) };
    const figures = { attempts: 0, elapsedMs: 0, buffered: false, dropped: 0 };
    return { ...base, ...toFailure({ error, ...figures }, (message) => message) };
  } catch {
    // What was thrown throws itself when it is looked at.
    return toErrorOutcome(base, new Error());
  }
};

const toFailure = ({ error, ...figures }: Undelivered, redact: Redact) => ({
  status: 'failed' as const,
  ...describe(error, redact),
  ...figures,
});

const describe = (
  error: unknown,
  redact: Redact,
): Pick<FailedOutcome, 'reason' | 'code' | 'message' | 'hint' | 'stack'> => {
  if (!(error instanceof DeliveryError)) {
    // The message of a foreign error can hold anything.
    const name = getErrorName(error);
    return { reason: 'internal', code: name, message: `unexpected ${name}`, stack: getStack(error) };
  }
  const said = error.vendorMessage && redact(error.vendorMessage);
  return {
    reason: error instanceof RejectedError ? 'rejected' : 'unavailable',
    code: String(error.status ?? (error instanceof UnavailableError ? error.code : undefined) ?? error.name),
    message: said ? withStatus(said, error.status) : error.message,
    hint: error.hint,
  };
};

const getStack = (error: unknown): string | undefined => {
  const stack: unknown = (error as { stack?: unknown } | null | undefined)?.stack;
  return typeof stack === 'string' ? stack.match(/^ +at .*:\d+:\d+\)?$/gm)?.join('\n') : undefined;
};

/** Some messages begin with the status themselves: `404 Not Found`. */
const withStatus = (message: string, status: number | undefined): string =>
  status === undefined || message.startsWith(`${status}`) ? message : `${status} ${message}`;
