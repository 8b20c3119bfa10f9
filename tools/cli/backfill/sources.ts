/** Where entries come from: the tenant's log, or a file of rejected entries. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type ManagementClient, ManagementError, ManagementTimeoutError } from 'auth0';
import { getField, TYPES } from './entries.ts';
import type { Retrier } from './retrier.ts';

/** Unchecked entries. One page at a time is all that is in memory. */
export type Pages = AsyncIterable<readonly unknown[]>;

export interface TimeRange {
  readonly since: Date;
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
    yield first;
    from = getLastId(first);
  }
  while (from !== undefined) {
    const page = await list({ from, take: PAGE_ENTRIES });
    yield page;
    if (page.some((entry) => getTime(entry) > until.getTime() + DISORDER_MS)) return;
    from = getLastId(page);
  }
}

/** The entries of a file, one on each line, after one of them. A line that is not JSON is passed on as a string. */
export async function* readFile(file: string, after: string | undefined): Pages {
  let isReached = after === undefined;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    const entry = parseLine(line);
    if (isReached) yield [entry];
    else isReached = getField(entry, 'log_id') === after;
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
