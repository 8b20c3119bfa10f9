import { UnavailableError } from './errors.ts';

/** Consecutive failures that open the circuit. */
export const FAILURE_THRESHOLD = 3;

/** How long an open circuit stays open before one request probes the destination. */
export const RESET_TIMEOUT_MS = 30_000;

/** A request is overdue once it has taken this long, and twice as long as the last one that had a response. */
export const OVERDUE_MS = 750;

/**
 * Backs off from a destination after consecutive failures, so that its outage costs the next logins nothing. While as many
 * requests are overdue, the destination is stalled: requests go on, but nobody waits for them.
 * https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
 */
export class CircuitBreaker {
  #failures = 0;
  #openedAt = getTimes();
  #responseMs = 0;
  /** Functions that end the wait for a request in flight. */
  readonly #waits = new Set<() => void>();
  readonly #overdue = new Set<() => void>();

  /** False while the circuit is open. When the reset timeout has passed, true for one request: the probe. */
  allowRequest(): boolean {
    if (this.#failures < FAILURE_THRESHOLD) return true;
    if (this.#isWithinResetTimeout()) return false;
    this.#openedAt = getTimes();
    return true;
  }

  /**
   * Records the result of a request.
   * @returns `stalled`, although the request is in flight, as soon as the destination is.
   */
  watch(request: Promise<unknown>): Promise<'ended' | 'stalled'> {
    const startedAt = performance.now();
    let stalledAt: Times | undefined;
    return new Promise((resolve) => {
      const endWait = () => {
        stalledAt ??= getTimes();
        resolve('stalled');
      };
      const onOverdue = () => {
        this.#overdue.add(endWait);
        this.#endWaitsIfStalled();
      };
      const timer = setTimeout(onOverdue, Math.max(OVERDUE_MS, 2 * this.#responseMs));
      const end = (error?: unknown) => {
        clearTimeout(timer);
        this.#waits.delete(endWait);
        this.#overdue.delete(endWait);
        // An instance can be frozen as soon as no login waits: the timeout of the reset begins before that.
        if (isOutage(error)) this.recordFailure(stalledAt);
        else this.recordSuccess(performance.now() - startedAt);
        resolve('ended');
      };
      this.#waits.add(endWait);
      this.#endWaitsIfStalled();
      request.then(() => end(), end);
    });
  }

  /** The destination could not be reached, or cannot accept anything now. */
  recordFailure(at = getTimes()): void {
    this.#failures += 1;
    this.#openedAt = at;
  }

  /** The destination has responded, so what is overdue is no sign of an outage. */
  recordSuccess(responseMs = 0): void {
    this.#failures = 0;
    this.#responseMs = responseMs;
    this.#overdue.clear();
  }

  #endWaitsIfStalled(): void {
    if (this.#overdue.size < FAILURE_THRESHOLD) return;
    for (const endWait of this.#waits) endWait();
  }

  /** A frozen instance stops the monotonic clock, and the wall clock can be set back: either can end the timeout. */
  #isWithinResetTimeout(): boolean {
    const now = getTimes();
    const wallMs = now.wall - this.#openedAt.wall;
    const monotonicMs = now.monotonic - this.#openedAt.monotonic;
    return wallMs >= 0 && wallMs < RESET_TIMEOUT_MS && monotonicMs < RESET_TIMEOUT_MS;
  }
}

/** Whether other requests would fail as well. */
export const isOutage = (error: unknown): boolean => error instanceof UnavailableError && error.isOutage;

type Times = ReturnType<typeof getTimes>;

const getTimes = () => ({ wall: Date.now(), monotonic: performance.now() });
