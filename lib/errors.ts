/** What can keep a login from being recorded, and who must act. No message holds a secret or personal data. */

/** The Action's secrets are missing or malformed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** For where the message is too long. */
  readonly secretNames: readonly string[];

  /** @param problems name of a secret → what is wrong with it, without its value. */
  constructor(problems: ReadonlyMap<string, string>) {
    super(Array.from(problems, ([name, problem]) => `${name} ${problem}`).join('; '));
    this.secretNames = [...problems.keys()];
  }
}

/** What a destination answered. */
interface Answer {
  /** HTTP status. */
  readonly status?: number;
  /** Its own words: untrusted, and they may repeat what it was sent. */
  readonly vendorText?: string;
}

/** A destination has not accepted an activity. */
export abstract class DeliveryError extends Error {
  readonly status: number | undefined;
  readonly vendorText: string;
  abstract readonly advice: string;

  constructor(message: string, { status, vendorText = '' }: Answer = {}) {
    super(message);
    this.status = status;
    this.vendorText = vendorText;
  }
}

/** The destination refused the activity and would refuse it again. */
export class RejectedError extends DeliveryError {
  override readonly name = 'RejectedError';

  get advice(): string {
    if (this.status === 401 || this.status === 403) return "check the credentials in the Action's secrets";
    if (this.status === 404 || (this.status ?? 400) < 400) return "check the address in the Action's secrets";
    return "check the Action's secrets";
  }
}

/** The destination could not be reached, or cannot take the activity now: a later attempt can succeed. */
export class UnavailableError extends DeliveryError {
  override readonly name = 'UnavailableError';
  readonly advice = 'the destination must recover';
}

/** The destination has the SignUp, but Auth0 did not take the mark: the next login sends it again, with the same id. */
export class NotMarkedError extends Error {
  override readonly name = 'NotMarkedError';
}
