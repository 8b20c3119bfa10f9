/** A response of a vendor, what it means, and what the operator can do about it. */
export interface VendorResponse {
  readonly status: number;
  /** The vendor's own number of the error. */
  readonly code?: number;
  /** How the vendor's message begins, where the status alone is ambiguous. Case is ignored, the longest match wins. */
  readonly text?: string;
  /** Absent where the vendor's message says it. */
  readonly meaning?: string;
  /** Absent where there is nothing to do. */
  readonly remedy?: string;
}
