import type { Activity } from '../../../lib/activity.ts';

export interface TallyRow {
  /** UTC. */
  readonly day: string;
  readonly application: string;
  SignUp: number;
  Login: number;
}

/** Counts activities by day, application and type. */
export class Tally {
  readonly #rows = new Map<string, TallyRow>();

  add({ type, time, application: { name, id } }: Activity): void {
    const day = time.toISOString().slice(0, 10);
    const application = name ?? id ?? '';
    const key = JSON.stringify([day, application]);
    const row = this.#rows.get(key) ?? { day, application, SignUp: 0, Login: 0 };
    row[type] += 1;
    this.#rows.set(key, row);
  }

  /** By day, and by application within it. */
  get rows(): readonly TallyRow[] {
    return [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }
}
