/** What can keep a login from being recorded, and who must act. No message holds a secret or personal data. */
import type { Activity } from './activity.ts';

/** The Action's secrets are missing or malformed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** Name of a secret, or of destinations without any → what is wrong with it, never a value. */
  readonly problems: ReadonlyMap<string, string>;

  constructor(problems: ReadonlyMap<string, string>) {
    super(Array.from(problems, ([name, problem]) => `${name} ${problem}`).join('; '));
    this.problems = problems;
  }
}

/** What a destination answered. */
interface Answer {
  /** HTTP status. */
  readonly status?: number;
  /** Its own words: untrusted, and they may repeat what it was sent. */
  readonly vendorText?: string;
  /** All it said, parsed if it is JSON: untrusted, and for its sink alone. */
  readonly body?: unknown;
}

/** A destination has not accepted an activity. */
export abstract class DeliveryError extends Error {
  readonly status: number | undefined;
  readonly vendorText: string;
  readonly body: unknown;
  /** Who must act, where waiting is not enough. */
  abstract readonly advice: string | undefined;
  /** What was tried, and what becomes of the activity: for the log line. */
  fate = '';

  constructor(message: string, { status, vendorText = '', body }: Answer = {}) {
    super(message);
    this.status = status;
    this.vendorText = vendorText;
    this.body = body;
  }
}

interface Refusal extends Answer {
  /** Of a batch: what was refused, where the destination tells. It has accepted the others. */
  readonly refused?: readonly Activity[];
}

/** The destination refused the activity and would refuse it again. */
export class RejectedError extends DeliveryError {
  override readonly name = 'RejectedError';
  readonly refused: readonly Activity[] | undefined;

  constructor(message: string, { refused, ...answer }: Refusal = {}) {
    super(message, answer);
    this.refused = refused;
  }

  get advice(): string | undefined {
    // One user was too much at once, and nothing in the secrets changes that.
    if (this.status === 429) return undefined;
    if (this.status === 401 || this.status === 403) return "check the credentials in the Action's secrets";
    if (this.status === 404 || (this.status ?? 400) < 400) return "check the address in the Action's secrets";
    return "check the Action's secrets";
  }
}

interface Unavailability extends Answer {
  /** How long the destination asks to be left alone. */
  readonly retryAfterMs?: number | undefined;
  /** Given where another attempt right away would fail alike, and somebody must act. */
  readonly advice?: string | undefined;
}

/** The destination could not be reached, or cannot take the activity now: a later attempt can succeed. */
export class UnavailableError extends DeliveryError {
  override readonly name = 'UnavailableError';
  readonly retryAfterMs: number | undefined;
  readonly advice: string | undefined;

  constructor(message: string, { retryAfterMs, advice, ...answer }: Unavailability = {}) {
    super(message, answer);
    this.retryAfterMs = retryAfterMs;
    this.advice = advice;
  }
}

/** The destination has the SignUp, but Auth0 did not take the mark: the next login sends it again, with the same id. */
export class NotMarkedError extends Error {
  override readonly name = 'NotMarkedError';
}
