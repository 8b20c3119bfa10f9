/** Consecutive failures that open the circuit. */
export const FAILURE_THRESHOLD = 3;

/** How long an open circuit stays open before one request probes the destination. */
export const RESET_TIMEOUT_MS = 30_000;

/**
 * Backs off from a destination after consecutive failures, so that its outage costs the next logins nothing.
 * https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
 */
export class CircuitBreaker {
  #failures = 0;
  #openedAt = getTimes();

  /** False while the circuit is open. When the reset timeout has passed, true for one request: the probe. */
  allowRequest(): boolean {
    if (this.#failures < FAILURE_THRESHOLD) return true;
    if (this.#isWithinResetTimeout()) return false;
    this.#openedAt = getTimes();
    return true;
  }

  /** The destination could not be reached, or cannot accept anything now. */
  recordFailure(): void {
    this.#failures += 1;
    this.#openedAt = getTimes();
  }

  /** The destination has responded. */
  recordSuccess(): void {
    this.#failures = 0;
  }

  /** A frozen instance stops the monotonic clock, and the wall clock can be set back: either can end the timeout. */
  #isWithinResetTimeout(): boolean {
    const now = getTimes();
    const wallMs = now.wall - this.#openedAt.wall;
    const monotonicMs = now.monotonic - this.#openedAt.monotonic;
    return wallMs >= 0 && wallMs < RESET_TIMEOUT_MS && monotonicMs < RESET_TIMEOUT_MS;
  }
}

const getTimes = () => ({ wall: Date.now(), monotonic: performance.now() });
