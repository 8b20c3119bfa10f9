interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const WIDTH_CHARS = 30;
const CLEAR_LINE = '\r\x1b[K';

/** A bar on the last line of a terminal, with the rate and the time left; nothing where there is no terminal. */
export class Progress {
  readonly #total: number;
  readonly #unit: string;
  readonly #terminal: Terminal;
  readonly #startedAt = performance.now();

  constructor(total: number, unit: string, terminal: Terminal = process.stderr) {
    this.#total = total;
    this.#unit = unit;
    this.#terminal = terminal;
  }

  update(done: number): void {
    if (!this.#terminal.isTTY) return;
    const share = Math.min(1, done / this.#total);
    const perSecond = (done / (performance.now() - this.#startedAt)) * 1000;
    const bar = '#'.repeat(Math.round(share * WIDTH_CHARS)).padEnd(WIDTH_CHARS, '.');
    const left = Math.ceil((this.#total - done) / perSecond);
    this.#terminal.write(
      `\r${bar} ${done}/${this.#total} ${this.#unit}, ${Math.round(perSecond)}/s, ${left} s left \x1b[K`,
    );
  }

  end(): void {
    if (this.#terminal.isTTY) this.#terminal.write(CLEAR_LINE);
  }
}

/** Shows on the last line of a terminal for how many seconds the work has been running. */
export const showElapsed = async (label: string, work: Promise<void>, terminal: Terminal): Promise<void> => {
  if (!terminal.isTTY) return work;
  const startedAt = performance.now();
  const show = () =>
    terminal.write(`\r${label} ${Math.round((performance.now() - startedAt) / 1000)} s\x1b[K`);
  show();
  const timer = setInterval(show, 1000);
  try {
    await work;
  } finally {
    clearInterval(timer);
    terminal.write(CLEAR_LINE);
  }
};
