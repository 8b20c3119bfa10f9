/** What the outcomes so far say of each destination: failures, what is buffered, flushed or lost, and whether the circuit is open. */
import { FAILURE_THRESHOLD, RESET_TIMEOUT_MS } from '../../lib/circuit-breaker.ts';
import type { Outcome } from '../../lib/outcome.ts';

export interface DeliveryStatus {
  /** Activities that were not delivered when their login waited for it, by the code of the failure. */
  readonly failures: Readonly<Record<string, number>>;
  /** Whether the latest attempt failed. */
  readonly isFailing: boolean;
  /** Activities that wait to be sent again. */
  readonly buffered: number;
  /** Buffered activities that were delivered after a later one. */
  readonly flushed: number;
  /** Activities that are lost. */
  readonly dropped: number;
  /** When the next login probes the destination, in milliseconds since 1970; undefined while the circuit is closed. */
  readonly circuitOpenUntil: number | undefined;
}

/** One destination of one Action: each Action has a circuit breaker and a retry buffer of its own. */
class Delivery {
  readonly failures = new Map<string, number>();
  isFailing = false;
  flushed = 0;
  dropped = 0;
  /** Ids, oldest first. */
  readonly #buffered = new Set<string>();
  #consecutiveFailures = 0;
  #lastFailureAt = 0;

  record(outcome: Outcome, at: number): void {
    if (outcome.status !== 'delivered' && outcome.status !== 'failed') return;
    const id = outcome.activity?.id ?? '';
    this.dropped += outcome.dropped;
    if (outcome.status === 'delivered') {
      this.#consecutiveFailures = 0;
      this.isFailing = false;
      this.#buffered.delete(id);
      const rejected = outcome.flushRejected?.count ?? 0;
      this.dropped += rejected;
      this.flushed += outcome.flushed;
      this.#remove(outcome.flushed + rejected);
    } else {
      this.failures.set(outcome.code, (this.failures.get(outcome.code) ?? 0) + 1);
      this.isFailing = true;
      if (outcome.code !== 'CIRCUIT_OPEN') this.#recordAttempt(outcome.reason, at);
      if (outcome.buffered) this.#buffered.add(id);
      else this.#buffered.delete(id);
    }
    this.#remove(outcome.dropped);
  }

  get buffered(): number {
    return this.#buffered.size;
  }

  get circuitOpenUntil(): number | undefined {
    return this.#consecutiveFailures >= FAILURE_THRESHOLD
      ? this.#lastFailureAt + RESET_TIMEOUT_MS
      : undefined;
  }

  #recordAttempt(reason: string, at: number): void {
    this.#consecutiveFailures = reason === 'unavailable' ? this.#consecutiveFailures + 1 : 0;
    this.#lastFailureAt = at;
  }

  #remove(count: number): void {
    for (const id of [...this.#buffered].slice(0, count)) this.#buffered.delete(id);
  }
}

export class DeliveryStatuses {
  readonly #deliveries = new Map<string, Map<string, Delivery>>();

  /** @param at when the Action ended, in milliseconds since 1970. */
  record(outcome: Outcome, at: number): void {
    const ofDestination = this.#deliveries.get(outcome.destination) ?? new Map<string, Delivery>();
    const delivery = ofDestination.get(outcome.action) ?? new Delivery();
    this.#deliveries.set(outcome.destination, ofDestination.set(outcome.action, delivery));
    delivery.record(outcome, at);
  }

  get(destination: string): DeliveryStatus {
    const deliveries = [...(this.#deliveries.get(destination)?.values() ?? [])];
    const failures: Record<string, number> = {};
    for (const [code, count] of deliveries.flatMap((delivery) => [...delivery.failures])) {
      failures[code] = (failures[code] ?? 0) + count;
    }
    const sum = (key: 'buffered' | 'flushed' | 'dropped') =>
      deliveries.reduce((total, delivery) => total + delivery[key], 0);
    const openUntil = deliveries.flatMap(({ circuitOpenUntil }) => circuitOpenUntil ?? []);
    return {
      failures,
      isFailing: deliveries.some(({ isFailing }) => isFailing),
      buffered: sum('buffered'),
      flushed: sum('flushed'),
      dropped: sum('dropped'),
      circuitOpenUntil: openUntil.length > 0 ? Math.max(...openUntil) : undefined,
    };
  }
}
