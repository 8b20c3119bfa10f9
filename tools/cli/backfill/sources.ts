/** Where entries come from: the tenant's log, or a file of what was refused. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type ManagementClient, ManagementError, ManagementTimeoutError } from 'auth0';
import { fieldOf, TYPES } from './entries.ts';
import type { Retrier } from './retrier.ts';

/** Entries as they come, whatever they are; one page at a time is all that is ever in memory. */
export type Pages = AsyncIterable<readonly unknown[]>;

export interface TimeRange {
  readonly since: Date;
  readonly until: Date;
}

const PAGE_ENTRIES = 100;
/** By checkpoint, "date ordering is not guaranteed": https://auth0.com/docs/api/management/v2/logs/get-logs */
const DISORDER_MS = 60_000;
const RETRIES_OF_SDK = 4;

/**
 * The log from the first login or sign-up of the span, or after an entry: search finds no more than 1000 entries, so it
 * finds the first one, and from there on the log is read by checkpoint. Entries of other types and dates are among them.
 *
 * https://auth0.com/docs/deploy-monitor/logs/retrieve-log-events-using-mgmt-api
 */
export async function* readLog(
  client: ManagementClient,
  { since, until }: TimeRange,
  after: string | undefined,
  patience: Retrier,
): Pages {
  // A domain that was misspelt is not worth the wait.
  let isReached = false;
  // The SDK has no parameters for a checkpoint, nor `q`.
  const list = async (queryParams: Record<string, string | number>): Promise<readonly unknown[]> => {
    const options = { queryParams, maxRetries: RETRIES_OF_SDK };
    const request = { page: 0, per_page: 1, sort: 'date:1', include_totals: false };
    const { response } = await patience.with(
      () => client.logs.list(request, options),
      (error) => isReached && isConnectionLost(error),
    );
    isReached = true;
    const answer: unknown = response;
    if (!Array.isArray(answer))
      throw new TypeError('The tenant answered with something other than a list of entries');
    return answer;
  };

  let from = after;
  if (from === undefined) {
    const dates = [new Date(since.getTime() - DISORDER_MS), until].map((date) => date.toISOString());
    const first = await list({ q: `type:(${TYPES.join(' OR ')}) AND date:[${dates.join(' TO ')}]` });
    yield first;
    from = lastIdOf(first);
  }
  while (from !== undefined) {
    const page = await list({ from, take: PAGE_ENTRIES });
    yield page;
    if (page.some((entry) => dateOf(entry) > until.getTime() + DISORDER_MS)) return;
    from = lastIdOf(page);
  }
}

/** Entries of a file, one in a line, after one of them. A line that is not JSON is passed on as the text it is. */
export async function* readFile(file: string, after: string | undefined): Pages {
  let isReached = after === undefined;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    const entry = parse(line);
    if (isReached) yield [entry];
    else isReached = fieldOf(entry, 'log_id') === after;
  }
}

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
};

const lastIdOf = (page: readonly unknown[]): string | undefined => {
  const ids = page.map((entry) => fieldOf(entry, 'log_id'));
  return ids.findLast((id) => id !== undefined);
};

const dateOf = (entry: unknown): number => Date.parse(fieldOf(entry, 'date') ?? '');

/** What has a status has been retried by the SDK already. */
const isConnectionLost = (error: unknown): boolean =>
  error instanceof ManagementTimeoutError ||
  (error instanceof ManagementError && error.statusCode === undefined);
