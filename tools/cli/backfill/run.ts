/** From the tenant's log to a destination, batch by batch. */
import type { Activity } from '../../../lib/activity.ts';
import { protect } from '../../../lib/privacy.ts';
import type { Settings } from '../../../lib/secrets.ts';
import type { Sink } from '../../../lib/sink.ts';
import type { Position } from './checkpoint.ts';
import { checkEntry, FirstLogins, fieldOf, TYPES, toActivity } from './entries.ts';
import type { Refusal } from './sender.ts';
import type { Pages, TimeRange } from './sources.ts';

export interface Backfill {
  readonly sink: Sink;
  /** Checked. */
  readonly secrets: Settings & Record<string, unknown>;
  /** As the Action sees it: `event.tenant.id`. */
  readonly tenant: string;
  /** Entries after `position`. */
  readonly pages: Pages;
  /** Only entries of this time; all of them without it. */
  readonly span?: TimeRange;
  readonly position: Position;
  /** client_ids of applications to leave out. */
  readonly without?: readonly string[];
  /** True counts the login that ends a sign-up on its own. */
  readonly keepsFirstLogins?: boolean;
  readonly batchSize: number;
  /** Takes activities as the privacy secrets have them. */
  send(batch: readonly Activity[]): Promise<readonly Refusal[]>;
  /** Takes care of the entries that were refused, before they count as done with. */
  onRefused?(refused: ReadonlyArray<{ entry: unknown; reason: string }>): void;
  onOdd?(logId: string | undefined, field: string): void;
  /** After each batch, and each page without one: from here on it can go on later. */
  onPosition?(position: Position): void;
  /** Ends it after the batch under way. */
  readonly signal?: AbortSignal;
}

/** Resolves with how far it came, and whether that is the end: it is, unless there was a signal. */
export const backfill = async (options: Backfill): Promise<{ position: Position; isComplete: boolean }> => {
  const { sink, secrets, tenant, pages, span, without = [], keepsFirstLogins = false, signal } = options;
  const firstLogins = new FirstLogins(options.position.awaited);
  const position = structuredClone(options.position);
  const batch = new Map<Activity, unknown>();

  const whySkipped = (activity: Activity): string | undefined => {
    // Asked of every login, since it is the first one only once.
    const isFirst = !keepsFirstLogins && firstLogins.includes(activity);
    if (activity.application.id !== undefined && without.includes(activity.application.id)) {
      return 'application left out';
    }
    if (isFirst) return 'login that ends a sign-up';
    return (sink.records?.(activity, secrets) ?? true) ? undefined : `not recorded by ${sink.name}`;
  };

  const take = (raw: unknown): void => {
    const type = fieldOf(raw, 'type');
    if (type !== undefined && !TYPES.some((ours) => ours === type)) return;
    if (span && isBeyond(span, dateOf(raw))) return;
    const checked = checkEntry(raw);
    position.read += 1;
    if ('odd' in checked) {
      options.onOdd?.(fieldOf(raw, 'log_id'), checked.odd);
      count(position.skipped, 'odd entry');
      return;
    }
    const activity = toActivity(checked.entry, tenant);
    const reason = whySkipped(activity);
    if (reason === undefined) batch.set(protect(activity, secrets), raw);
    else count(position.skipped, reason);
  };

  const flush = async (): Promise<void> => {
    if (batch.size > 0) {
      const refused = await options.send([...batch.keys()]);
      if (refused.length > 0) {
        options.onRefused?.(refused.map(({ activity, reason }) => ({ entry: batch.get(activity), reason })));
      }
      for (const { activity } of refused) batch.delete(activity);
      position.refused += refused.length;
      for (const { type } of batch.keys()) position.sent[type] += 1;
      batch.clear();
    }
    position.awaited = firstLogins.awaited;
    options.onPosition?.(structuredClone(position));
  };

  let isComplete = true;
  reading: for await (const page of pages) {
    for (const raw of page) {
      take(raw);
      position.after = fieldOf(raw, 'log_id') ?? position.after;
      position.date = dateOf(raw)?.toISOString() ?? position.date;
      if (batch.size >= options.batchSize) await flush();
      if (signal?.aborted) {
        isComplete = false;
        break reading;
      }
    }
    if (batch.size === 0) await flush();
  }
  await flush();
  return { position, isComplete };
};

const dateOf = (raw: unknown): Date | undefined => {
  const date = new Date(fieldOf(raw, 'date') ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
};

const isBeyond = ({ since, until }: TimeRange, date: Date | undefined): boolean =>
  date !== undefined && (date < since || date > until);

const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};
