/** One line of the diagnosis. */
export interface Check {
  /** Name of the destination; absent if it is about the Action. */
  readonly destination?: string;
  /** What was checked: `connection`. */
  readonly subject: string;
  /** A warning keeps no login from being recorded. */
  readonly level: 'pass' | 'warn' | 'fail';
  /** A sentence that says what to do, if there is anything. It holds no secret and no personal data. */
  readonly text: string;
}

export const pass = (subject: string, text: string): Check => ({ subject, level: 'pass', text });
export const warn = (subject: string, text: string): Check => ({ subject, level: 'warn', text });
export const fail = (subject: string, text: string): Check => ({ subject, level: 'fail', text });
