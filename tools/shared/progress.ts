const WIDTH = 30;

/** A bar on the last line of a terminal, with rate and time left; nothing where there is no terminal. */
export class Progress {
  readonly #total: number;
  readonly #unit: string;
  readonly #startedAt = performance.now();

  constructor(total: number, unit: string) {
    this.#total = total;
    this.#unit = unit;
  }

  update(done: number): void {
    if (!process.stderr.isTTY) return;
    const share = Math.min(1, done / this.#total);
    const perSecond = (done / (performance.now() - this.#startedAt)) * 1000;
    const bar = '#'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '.');
    const left = Math.ceil((this.#total - done) / perSecond);
    process.stderr.write(
      `\r${bar} ${done}/${this.#total} ${this.#unit}, ${Math.round(perSecond)}/s, ${left} s left \x1b[K`,
    );
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}
