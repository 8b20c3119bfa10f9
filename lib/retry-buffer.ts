import type { Activity } from './activity.ts';

/** How many activities can wait. The oldest are dropped first, Logins before SignUps. */
export const BUFFER_LIMIT = 200;

/**
 * Activities that a destination has not accepted, until it does. Instances share nothing, so what a recycled instance
 * has buffered is lost to the destination.
 */
export class RetryBuffer {
  /** Never in a batch so far, oldest first. */
  #fresh: Activity[] = [];
  /** Halves of batches that were not accepted as a whole: one activity can spoil a batch. */
  #halves: Activity[][] = [];
  readonly #inFlight = new Map<string, Activity>();
  #isClosed = false;
  /** Since they were last reported. */
  readonly counts: { dropped: number; delivered: number };

  /** @param counts those of the buffer before, which goes on to change them. */
  constructor(counts = { dropped: 0, delivered: 0 }) {
    this.counts = counts;
  }

  /** Returns false if the buffer is closed. */
  add(activity: Activity): boolean {
    if (this.#isClosed) return false;
    // What is in flight will be accepted, or come back by `bisect`.
    if (this.#inFlight.has(activity.id)) return true;
    this.remove([activity]);
    this.#fresh.push(activity);
    this.#fresh.sort(byTime);
    this.#dropOverflow();
    return true;
  }

  /** Adds an activity that is in flight: it waits if its request fails. Returns false if the buffer is closed. */
  hold(activity: Activity, request: Promise<unknown>): boolean {
    if (this.#isClosed) return false;
    this.#inFlight.set(activity.id, activity);
    request.then(
      () => {
        if (this.#inFlight.has(activity.id)) this.counts.delivered += 1;
        this.remove([activity]);
      },
      () => {
        // It may have been removed meanwhile, for another login that sends it.
        if (!this.#inFlight.delete(activity.id)) return;
        if (!this.add(activity)) this.counts.dropped += 1;
      },
    );
    return true;
  }

  /** The next activities to send together: those that were in no batch yet, then the halves of batches that failed. */
  takeBatch(limit = Infinity): readonly Activity[] {
    const [half = []] = this.#halves;
    const source = this.#fresh.length > 0 ? this.#fresh : half;
    const batch = source.splice(0, limit);
    this.#halves = this.#halves.filter(({ length }) => length > 0);
    for (const activity of batch) this.#inFlight.set(activity.id, activity);
    return batch;
  }

  /** Returns a batch that was not accepted, in two halves. What was removed meanwhile stays removed. */
  bisect(batch: readonly Activity[]): void {
    const returned = batch.filter(({ id }) => this.#inFlight.delete(id));
    const middle = Math.ceil(returned.length / 2);
    const halves = [returned.slice(0, middle), returned.slice(middle)];
    this.#halves.push(...halves.filter(({ length }) => length > 0));
    if (this.#isClosed) this.close();
    this.#dropOverflow();
  }

  /** Forgets activities that are accepted, rejected, or sent by a login of their own. */
  remove(activities: readonly Activity[]): void {
    const ids = new Set(activities.map(({ id }) => id));
    for (const id of ids) this.#inFlight.delete(id);
    this.#keep(({ id }) => !ids.has(id));
  }

  /** Drops what waits, and from now on what is returned by `bisect`. */
  close(): void {
    this.#isClosed = true;
    this.counts.dropped += this.size;
    this.#keep(() => false);
  }

  /** How many activities wait, without those in flight. */
  get size(): number {
    return this.#waiting().length;
  }

  droppedSinceLastCall(): number {
    const { dropped } = this.counts;
    this.counts.dropped = 0;
    return dropped;
  }

  /** How many were delivered by requests that no login waited for. */
  deliveredSinceLastCall(): number {
    const { delivered } = this.counts;
    this.counts.delivered = 0;
    return delivered;
  }

  #waiting(): Activity[] {
    return [...this.#fresh, ...this.#halves.flat()];
  }

  #keep(predicate: (activity: Activity) => boolean): void {
    this.#fresh = this.#fresh.filter(predicate);
    this.#halves = this.#halves.map((half) => half.filter(predicate)).filter(({ length }) => length > 0);
  }

  #dropOverflow(): void {
    const waiting = this.#waiting();
    const overflow = waiting.length - BUFFER_LIMIT;
    if (overflow <= 0) return;
    const byValue = waiting.sort(
      (a, b) => Number(a.type === 'SignUp') - Number(b.type === 'SignUp') || byTime(a, b),
    );
    const dropped = new Set(byValue.slice(0, overflow));
    this.#keep((activity) => !dropped.has(activity));
    this.counts.dropped += overflow;
  }
}

const byTime = (a: Activity, b: Activity): number => a.time.getTime() - b.time.getTime();
