/** A terminal in which an operator answers questions. */
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

/** A part of a question, and the keys that answer it, one after the other. */
export type Answer = readonly [question: string, ...keys: string[]];

export const ENTER = '\r';
export const CTRL_C = '\x03';

/** Between two keys: the prompt shows the effect of one before it reads the next. */
const KEY_MS = 15;

/** The streams of a command whose questions are answered in this order. */
export class Dialogue {
  readonly stdin = Object.assign(new PassThrough(), { isTTY: true });
  /** Like that of a process, it stays open when a prompt ends its output. */
  readonly stderr = Object.assign(new PassThrough(), { end: () => this.stderr });
  /** Everything that was shown. */
  shown = '';
  readonly #answers: Answer[];
  #unanswered = '';

  constructor(answers: readonly Answer[]) {
    this.#answers = [...answers];
    this.stderr.on('data', (chunk) => {
      this.shown += chunk;
      this.#unanswered += chunk;
      void this.#answer();
    });
  }

  /** The questions that were not asked. */
  get remaining(): readonly string[] {
    return this.#answers.map(([question]) => question);
  }

  async #answer(): Promise<void> {
    const [question, ...keys] = this.#answers[0] ?? [];
    // A long question is wrapped.
    const text = stripVTControlCharacters(this.#unanswered).replace(/\s+/g, ' ');
    if (question === undefined || !text.includes(question)) return;
    this.#answers.shift();
    for (const key of keys) {
      await sleep(KEY_MS);
      // What follows the last key belongs to the next question.
      if (key === keys.at(-1)) this.#unanswered = '';
      this.stdin.write(key);
    }
  }
}
