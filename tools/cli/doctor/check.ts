/** One line of the diagnosis. */
export interface Check {
  /** Of which destination; without one of the Action. */
  readonly destination?: string;
  /** What was looked at. */
  readonly what: string;
  /** A note keeps no login from being recorded, and is worth knowing. */
  readonly result: 'ok' | 'note' | 'FAIL';
  /** A sentence that says what to do, if there is anything. It holds no secret and no personal data. */
  readonly text: string;
}

export const ok = (what: string, text: string): Check => ({ what, result: 'ok', text });
export const note = (what: string, text: string): Check => ({ what, result: 'note', text });
export const fail = (what: string, text: string): Check => ({ what, result: 'FAIL', text });
