import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '../../../lib/errors.ts';

const ATTEMPTS = 9;
const BACKOFF_MS = 1_000;
const BACKOFF_LIMIT_MS = 60_000;
/** Whoever asks for more is to be asked again by a person. */
const RETRY_AFTER_LIMIT_MS = 5 * 60_000;

/** Repeats what failed for a while: some minutes in all, since nobody waits for it. */
export class Retrier {
  readonly #signal: AbortSignal;
  readonly #backoffMs: number;
  readonly #onWait: (error: unknown, ms: number) => void;

  /** @param signal ends the waiting: what failed last is thrown. */
  constructor(
    signal: AbortSignal,
    {
      backoffMs = BACKOFF_MS,
      onWait = () => {},
    }: { backoffMs?: number; onWait?: (error: unknown, ms: number) => void } = {},
  ) {
    this.#signal = signal;
    this.#backoffMs = backoffMs;
    this.#onWait = onWait;
  }

  async with<T>(work: () => PromiseLike<T>, isTemporary: (error: unknown) => boolean): Promise<T> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await work();
      } catch (error) {
        if (attempts >= ATTEMPTS || !isTemporary(error)) throw error;
        const pauseMs = this.#pauseAfter(error, attempts);
        if (pauseMs > RETRY_AFTER_LIMIT_MS) throw error;
        this.#onWait(error, pauseMs);
        await this.pause(pauseMs);
        if (this.#signal.aborted) throw error;
      }
    }
  }

  /** Waits, unless the signal says that there is no more time. */
  async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal }).catch(() => {});
  }

  #pauseAfter(error: unknown, attempts: number): number {
    if (error instanceof UnavailableError && error.retryAfterMs !== undefined) return error.retryAfterMs;
    return Math.min(BACKOFF_LIMIT_MS, this.#backoffMs * 2 ** (attempts - 1)) * (0.5 + Math.random() / 2);
  }
}
