/** What can keep a login from being recorded, and who must act. No message holds a secret or personal data. */
import type { Activity } from './activity.ts';

/** The Action's secrets are missing or malformed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** Name of a secret → what is wrong with it, never its value. */
  readonly problems: ReadonlyMap<string, string>;

  constructor(problems: ReadonlyMap<string, string>) {
    super(Array.from(problems, ([name, problem]) => `${name} ${problem}`).join('; '));
    this.problems = problems;
  }
}

/** What a destination responded. */
interface ResponseDetails {
  /** HTTP status. */
  readonly status?: number | undefined;
  /** The vendor's own explanation. Untrusted: it may repeat what it was sent. */
  readonly vendorMessage?: string | undefined;
  /** The whole body, parsed if it is JSON. Untrusted, and for the sink alone. */
  readonly body?: unknown;
  /** Who must act, where waiting is not enough. */
  readonly hint?: string | undefined;
}

/** A destination has not accepted an activity. */
export abstract class DeliveryError extends Error {
  readonly status: number | undefined;
  readonly vendorMessage: string;
  readonly body: unknown;
  readonly hint: string | undefined;

  constructor(message: string, { status, vendorMessage = '', body, hint }: ResponseDetails = {}) {
    super(message);
    this.status = status;
    this.vendorMessage = vendorMessage;
    this.body = body;
    this.hint = hint;
  }
}

interface RejectionDetails extends ResponseDetails {
  /** The part of a batch that was rejected, where the destination names it. */
  readonly rejected?: readonly Activity[] | undefined;
  /** Whether the destination has accepted the rest of the batch. True by default; false where it accepts all or nothing. */
  readonly othersAccepted?: boolean;
}

/** The destination rejected the activity, and would reject it again. */
export class RejectedError extends DeliveryError {
  override readonly name = 'RejectedError';
  readonly rejected: readonly Activity[] | undefined;
  readonly othersAccepted: boolean;

  constructor(message: string, { rejected, othersAccepted = true, ...response }: RejectionDetails = {}) {
    super(message, { ...response, hint: response.hint ?? getHint(response.status) });
    this.rejected = rejected;
    this.othersAccepted = othersAccepted;
  }
}

const getHint = (status = 400): string | undefined => {
  // A rate limit of one user: nothing in the secrets changes it.
  if (status === 429) return undefined;
  if (status === 401 || status === 403) return "check the credentials in the Action's secrets";
  if (status === 404 || status === 405 || status < 400) return "check the URL in the Action's secrets";
  if (status === 410) return 'the receiver has unsubscribed: unbind the Action, or change its URL';
  return "check the Action's secrets";
};

interface UnavailabilityDetails extends ResponseDetails {
  /** How long the destination asks to wait before the next request. */
  readonly retryAfterMs?: number | undefined;
  /** Short and stable, for logs and monitoring: `TIMEOUT`, `STALLED`, `CIRCUIT_OPEN`, or Node's code of a connection error. */
  readonly code?: string | undefined;
  /** Whether other activities would fail as well. True by default; false for the rate limit of one user, for example. */
  readonly isOutage?: boolean;
}

/** The destination could not be reached, or cannot accept the activity now: a later attempt can succeed. */
export class UnavailableError extends DeliveryError {
  override readonly name = 'UnavailableError';
  readonly retryAfterMs: number | undefined;
  readonly code: string | undefined;
  readonly isOutage: boolean;

  constructor(
    message: string,
    { retryAfterMs, code, isOutage = true, ...response }: UnavailabilityDetails = {},
  ) {
    super(message, response);
    this.retryAfterMs = retryAfterMs;
    this.code = code;
    this.isOutage = isOutage;
  }
}

/** The destination has accepted the SignUp, but Auth0 did not accept the `signedUp` flag. */
export class MetadataWriteError extends Error {
  override readonly name = 'MetadataWriteError';
}

/**
 * The rejection of some activities of a batch, by the indexes that a response names; undefined if it names none.
 * @param activities each of them, as often as there are entries for it in the request.
 */
export const rejectAt = (
  activities: readonly Activity[],
  indexes: Iterable<unknown>,
  details: RejectionDetails & { readonly message: string },
): RejectedError | undefined => {
  const named = new Set(indexes);
  const rejected = [...new Set(activities.filter((_, index) => named.has(index)))];
  return rejected.length > 0 ? new RejectedError(details.message, { ...details, rejected }) : undefined;
};

/** Errors of another realm, as Auth0's runtime has them, are no instances of this one's `Error`. */
export const getErrorName = (error: unknown): string => {
  try {
    const name: unknown =
      typeof error === 'object' && error !== null ? Reflect.get(error, 'name') : undefined;
    if (typeof name === 'string' && /^\w{1,40}$/.test(name)) return name;
  } catch {
    // What was thrown throws itself when it is looked at.
  }
  return typeof error;
};
