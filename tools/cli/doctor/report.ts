import { paint } from '../../shared/table.ts';
import type { Context } from '../context.ts';
import type { Check } from './check.ts';

const STYLES = { pass: ['green', '✓'], warn: ['yellow', '–'], fail: ['red', '✗'] } as const;
const SUBJECT_CHARS = 11;

/** Prints each check as soon as it is done, unless all of them are to be one document. */
export class Report {
  readonly diagnoses: Array<{ readonly action: string; readonly checks: Check[] }> = [];
  readonly #context: Context;
  readonly #isSilent: boolean;
  #heading: string | undefined;

  constructor(context: Context, isSilent = false) {
    this.#context = context;
    this.#isSilent = isSilent;
  }

  get hasFailure(): boolean {
    return this.diagnoses.some(({ checks }) => checks.some(({ level }) => level === 'fail'));
  }

  start(action: string): void {
    this.diagnoses.push({ action, checks: [] });
    this.#heading = undefined;
  }

  add(check: Check): void {
    const { action, checks } = this.diagnoses.at(-1) ?? { action: '', checks: [] };
    const { destination: heading = action } = check;
    if (heading !== this.#heading) this.#print(paint('bold', heading));
    this.#heading = heading;
    checks.push(check);
    this.#print(this.#toLine(check));
  }

  #toLine({ subject, level, text }: Check): string {
    const [style, symbol] = STYLES[level];
    const label = this.#context.io.stdout.isTTY ? symbol : level;
    return `${paint(style, label)}  ${subject.padEnd(SUBJECT_CHARS)}  ${text}`;
  }

  #print(line: string): void {
    if (!this.#isSilent) this.#context.print(line);
  }
}
