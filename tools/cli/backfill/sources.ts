/** Where entries come from: the tenant's log, or a file of rejected entries. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type ManagementClient, ManagementError, ManagementTimeoutError } from 'auth0';
import { UsageError } from '../../shared/usage-error.ts';
import { toFileError } from '../file-error.ts';
import { getField, TYPES } from './entries.ts';
import type { Retrier } from './retrier.ts';

export interface RawEntry {
  /** Unchecked. */
  readonly raw: unknown;
  /** Where its source resumes after it; undefined if it cannot. */
  readonly cursor: string | undefined;
}

/** One page at a time is all that is in memory. */
export type Pages = AsyncIterable<readonly RawEntry[]>;

export interface TimeRange {
  readonly since: Date;
  /** Exclusive, so that ranges that touch have no entry in common. */
  readonly until: Date;
}

const PAGE_ENTRIES = 100;
/** By checkpoint, "date ordering is not guaranteed": https://auth0.com/docs/api/management/v2/logs/get-logs */
const DISORDER_MS = 60_000;
const SDK_RETRIES = 4;

/**
 * The log from the first login or sign-up of the time range, or after an entry. A search finds at most 1000 entries, so
 * it finds the first one, and from there the log is read by checkpoint, entries of other types and dates included.
 *
 * https://auth0.com/docs/deploy-monitor/logs/retrieve-log-events-using-mgmt-api
 */
export async function* readLog(
  client: ManagementClient,
  { since, until }: TimeRange,
  after: string | undefined,
  retrier: Retrier,
): Pages {
  // A misspelt domain is not worth the wait.
  let wasReached = false;
  // The SDK has no parameters for a checkpoint, nor for `q`.
  const list = async (queryParams: Record<string, string | number>): Promise<readonly unknown[]> => {
    const options = { queryParams, maxRetries: SDK_RETRIES };
    const request = { page: 0, per_page: 1, sort: 'date:1', include_totals: false };
    const { response } = await retrier.run(
      () => client.logs.list(request, options),
      (error) => wasReached && isConnectionLost(error),
    );
    wasReached = true;
    const entries: unknown = response;
    if (!Array.isArray(entries)) throw new TypeError('The tenant did not respond with a list of entries');
    return entries;
  };

  let from = after;
  if (from === undefined) {
    const dates = [new Date(since.getTime() - DISORDER_MS), until].map((date) => date.toISOString());
    const first = await list({ q: `type:(${TYPES.join(' OR ')}) AND date:[${dates.join(' TO ')}]` });
    yield first.map(toLogEntry);
    from = getLastId(first);
  }
  while (from !== undefined) {
    const page = await list({ from, take: PAGE_ENTRIES });
    yield page.map(toLogEntry);
    if (page.some((entry) => getTime(entry) > until.getTime() + DISORDER_MS)) return;
    const next = getLastId(page);
    // The same page would follow for ever.
    if (next === from) return;
    from = next;
  }
}

const toLogEntry = (raw: unknown): RawEntry => ({ raw, cursor: getField(raw, 'log_id') });

/**
 * The entries of a file, one on each line, after one of them. A line that is not JSON is passed on as a string. A cursor
 * is a digest of all lines up to the entry: it tells entries with the same id apart, and finds changes before them.
 * @throws {UsageError} if the file was changed before the cursor.
 */
export async function* readFile(file: string, after: string | undefined): Pages {
  const digest = createHash('sha256');
  let isReached = after === undefined;
  try {
    const handle = await open(file);
    for await (const line of handle.readLines()) {
      if (line.trim() === '') continue;
      const cursor = digest.update(`${line}\n`).copy().digest('hex');
      if (isReached) yield [{ raw: parseLine(line), cursor }];
      else isReached = cursor === after;
    }
  } catch (error) {
    throw toFileError(file, error);
  }
  if (!isReached) {
    throw new UsageError(
      `${file} was changed since its backfill was interrupted, so it is unknown which entries were sent. Restore it, or delete the checkpoint to send all of its entries, which counts some twice where a destination does not deduplicate`,
    );
  }
}

const parseLine = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
};

const getLastId = (page: readonly unknown[]): string | undefined => {
  const ids = page.map((entry) => getField(entry, 'log_id'));
  return ids.findLast((id) => id !== undefined);
};

const getTime = (entry: unknown): number => Date.parse(getField(entry, 'date') ?? '');

/** The SDK has already retried what has a status. */
const isConnectionLost = (error: unknown): boolean =>
  error instanceof ManagementTimeoutError ||
  (error instanceof ManagementError && error.statusCode === undefined);
