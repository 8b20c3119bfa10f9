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
  #openedAt = 0;

  /** False while the circuit is open. When the reset timeout has passed, true for one request: the probe. */
  allowRequest(): boolean {
    if (this.#failures < FAILURE_THRESHOLD) return true;
    if (this.#isWithinResetTimeout()) return false;
    this.#openedAt = Date.now();
    return true;
  }

  /** The destination could not be reached, or cannot accept anything now. */
  recordFailure(): void {
    this.#failures += 1;
    this.#openedAt = Date.now();
  }

  /** The destination has responded. */
  recordSuccess(): void {
    this.#failures = 0;
  }

  /** By the wall clock, because a frozen instance stops the monotonic one. A clock that was set back opens nothing. */
  #isWithinResetTimeout(): boolean {
    const elapsedMs = Date.now() - this.#openedAt;
    return elapsedMs >= 0 && elapsedMs < RESET_TIMEOUT_MS;
  }
}
