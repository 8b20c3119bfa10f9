/** What an Action made of a login, told from the one line it logs with LOG=all. */
export type Outcome = 'delivered' | 'skipped' | 'not configured' | 'failed';

const OUTCOMES: ReadonlyArray<readonly [RegExp, Outcome]> = [
  [/^\[[\w-]+\] (SignUp|Login) delivered/, 'delivered'],
  [/^\[[\w-]+\] (Skipped:|(SignUp|Login) skipped:)/, 'skipped'],
  [/^\[[\w-]+\] Not configured/, 'not configured'],
];

export const outcomeOf = (logs: string): Outcome =>
  OUTCOMES.find(([pattern]) => pattern.test(logs))?.[1] ?? 'failed';
