/** Why an activity did not arrive, and who must act. The message is safe to log: no secret, no personal data. */

/** The Action's secrets are missing or malformed. The operator must act. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** What an error of a destination carries beside its message. */
interface Answer {
  /** HTTP status, where there was an answer. */
  status?: number;
  /** The destination's own words: untrusted, may echo what it was sent. */
  vendorText?: string;
}

abstract class DeliveryError extends Error {
  readonly status: number | undefined;
  readonly vendorText: string;

  constructor(message: string, { status, vendorText = '' }: Answer = {}) {
    super(message);
    this.status = status;
    this.vendorText = vendorText;
  }
}

/** The destination refused the activity, and will refuse it again: credential, address or payload. The operator must act. */
export class RejectedError extends DeliveryError {
  override readonly name = 'RejectedError';
}

/** The destination could not be reached or could not take the activity now. The vendor must act; a later attempt can succeed. */
export class UnavailableError extends DeliveryError {
  override readonly name = 'UnavailableError';
}
