import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '../../../lib/errors.ts';

const ATTEMPTS = 9;
const BACKOFF_MS = 1_000;
const BACKOFF_LIMIT_MS = 60_000;
/** For a longer `Retry-After`, the operator runs the command again. */
const RETRY_AFTER_LIMIT_MS = 5 * 60_000;

interface RetrierOptions {
  /** Doubled after each attempt. */
  readonly backoffMs?: number;
  readonly onRetry?: (error: unknown, delayMs: number) => void;
}

/** Retries for some minutes, since no login waits for it. */
export class Retrier {
  readonly #signal: AbortSignal;
  readonly #backoffMs: number;
  readonly #onRetry: (error: unknown, delayMs: number) => void;

  /** @param signal ends the waiting: the last error is thrown. */
  constructor(signal: AbortSignal, { backoffMs = BACKOFF_MS, onRetry = () => {} }: RetrierOptions = {}) {
    this.#signal = signal;
    this.#backoffMs = backoffMs;
    this.#onRetry = onRetry;
  }

  async run<T>(work: () => PromiseLike<T>, isRetryable: (error: unknown) => boolean): Promise<T> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await work();
      } catch (error) {
        if (attempts >= ATTEMPTS || !isRetryable(error)) throw error;
        const delayMs = this.#delayMs(error, attempts);
        if (delayMs > RETRY_AFTER_LIMIT_MS) throw error;
        this.#onRetry(error, delayMs);
        await this.wait(delayMs);
        if (this.#signal.aborted) throw error;
      }
    }
  }

  /** Returns early when the signal is aborted. */
  async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal }).catch(() => {});
  }

  #delayMs(error: unknown, attempts: number): number {
    if (error instanceof UnavailableError && error.retryAfterMs !== undefined) return error.retryAfterMs;
    return Math.min(BACKOFF_LIMIT_MS, this.#backoffMs * 2 ** (attempts - 1)) * (0.5 + Math.random() / 2);
  }
}
