/** What an Action made of a login, told from the one line it logs with LOG=all. */
export type Outcome = 'delivered' | 'skipped' | 'not configured' | 'failed';

/** Of an Action with several destinations the worst counts. Their parts of the line can be cut, so the first letters do. */
const OUTCOMES: ReadonlyArray<readonly [RegExp, Outcome]> = [
  [/[\]:] (SignUp|Login) not d/, 'failed'],
  [/[\]:] Not conf/, 'not configured'],
  [/[\]:] (SignUp|Login) del/, 'delivered'],
  [/[\]:] (Skipped:|(SignUp|Login) skip)/, 'skipped'],
];

export const getOutcome = (logs: string): Outcome =>
  OUTCOMES.find(([pattern]) => pattern.test(logs))?.[1] ?? 'failed';
