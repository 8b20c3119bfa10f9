/** A mistake of the operator's, at the command line or in the playground. The message says how to correct it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
