import type { Activity } from '../../../lib/activity.ts';
import type { Rejection } from './sender.ts';

export interface TallyRow {
  /** UTC. */
  readonly day: string;
  readonly application: string;
  SignUp: number;
  Login: number;
}

/** Counts activities by day, application and type, in place of a Sender. */
export class Tally {
  readonly #rows = new Map<string, TallyRow>();

  async send(batch: readonly Activity[]): Promise<readonly Rejection[]> {
    for (const activity of batch) this.#add(activity);
    return [];
  }

  /** By day, and by application within it. */
  get rows(): readonly TallyRow[] {
    return [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }

  #add({ type, time, application: { name, id } }: Activity): void {
    const day = time.toISOString().slice(0, 10);
    const application = name ?? id ?? '';
    const key = JSON.stringify([day, application]);
    const row = this.#rows.get(key) ?? { day, application, SignUp: 0, Login: 0 };
    row[type] += 1;
    this.#rows.set(key, row);
  }
}
