/**
 * What a warm instance remembers of a destination that is down: to leave it alone for a while, and the activities it
 * has not got. Instances share nothing, and what a recycled one forgets is lost to the destination.
 */
import type { Activity } from './activity.ts';

const FAILURES_IN_A_ROW = 3;
const PAUSE_MS = 30_000;
const QUEUE_LIMIT = 200;

interface Kept {
  readonly activity: Activity;
  /** 0, or the part of a batch that was not accepted. */
  part: number;
  /** It has been sent, and nobody knows yet what comes of it. */
  isUnderWay: boolean;
}

/** Leaves a destination alone for a while after failures in a row. */
class Pause {
  #failures = 0;
  #endsAt = 0;

  /**
   * True for the one that is to try. During the pause nobody is, and when it is over the first one alone. By the wall
   * clock, because an instance can be frozen between logins.
   */
  mayTry(): boolean {
    if (this.#failures < FAILURES_IN_A_ROW) return true;
    if (Date.now() < this.#endsAt) return false;
    this.#endsAt = Date.now() + PAUSE_MS;
    return true;
  }

  /** The destination could not be reached, or did not take anything. */
  failed(): void {
    this.#failures += 1;
    this.#endsAt = Date.now() + PAUSE_MS;
  }

  /** The destination has answered. */
  ended(): void {
    this.#failures = 0;
  }
}

export class Outage extends Pause {
  /** Of what is kept: a destination can take single activities and no batch, or break at one of them. */
  readonly ofKept = new Pause();
  #queue: Kept[] = [];
  #parts = 0;
  #dropped = 0;

  /** Keeps activities for later. Where there are too many the oldest go, Logins before SignUps. */
  keep(activities: readonly Activity[]): void {
    const isUnderWay = new Set(this.#queue.flatMap((kept) => (kept.isUnderWay ? kept.activity.id : [])));
    const others = activities.filter(({ id }) => !isUnderWay.has(id));
    this.forget(...others);
    this.#queue.push(...others.map((activity) => ({ activity, part: 0, isUnderWay: false })));
    this.#queue.sort((one, other) => one.activity.time.getTime() - other.activity.time.getTime());
    while (this.#queue.length > QUEUE_LIMIT) {
      const oldestLogin = this.#queue.findIndex(({ activity }) => activity.type === 'Login');
      this.#queue.splice(Math.max(oldestLogin, 0), 1);
      this.#dropped += 1;
    }
  }

  /** What can go in one request: of all that never was in one, or of a part of a batch that was not accepted. */
  take(limit = Infinity): readonly Activity[] {
    const waiting = this.#queue.filter(({ isUnderWay }) => !isUnderWay);
    const part = Math.min(...waiting.map((kept) => kept.part));
    const batch = waiting.filter((kept) => kept.part === part).slice(0, limit);
    if (batch.length === 0 || !this.ofKept.mayTry()) return [];
    for (const kept of batch) kept.isUnderWay = true;
    return batch.map(({ activity }) => activity);
  }

  /**
   * A batch was not accepted: it goes again in two parts, so that one that is to blame is found without holding up the
   * others. What has been forgotten meanwhile stays so.
   */
  keepInParts(batch: readonly Activity[]): void {
    const middle = Math.ceil(batch.length / 2);
    this.#parts += 2;
    batch.forEach(({ id }, index) => {
      const kept = this.#queue.find(({ activity }) => activity.id === id);
      if (kept) Object.assign(kept, { part: this.#parts - Number(index < middle), isUnderWay: false });
    });
  }

  /** Forgets activities that are delivered, refused, or on their way again. */
  forget(...activities: readonly Activity[]): void {
    const ids = new Set(activities.map(({ id }) => id));
    this.#queue = this.#queue.filter(({ activity }) => !ids.has(activity.id));
  }

  /** How many had to go since the last call. */
  countDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}

const outages = new Map<string, Outage>();

/** What this instance remembers of a destination. */
export const outageOf = (sinkName: string): Outage => {
  const known = outages.get(sinkName) ?? new Outage();
  outages.set(sinkName, known);
  return known;
};
