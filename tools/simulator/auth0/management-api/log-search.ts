/**
 * Reads the tenant log: by checkpoint without a limit, or by search within the first 1000 results.
 *
 * Limitations: of the query syntax only `field:value`, `field:"value"`, `field:(value OR value)`, and `date:[from TO to]`
 * with inclusive or exclusive bounds, joined by AND. Values match exactly, and dates have a time.
 *
 * https://auth0.com/docs/deploy-monitor/logs/retrieve-log-events-using-mgmt-api,
 * https://auth0.com/docs/deploy-monitor/logs/log-search-query-syntax
 */
import type { LogEntry, LogSource } from '../tenant-log.ts';
import { ApiError, notSupported } from './api-error.ts';

const SEARCH_LIMIT_RESULTS = 1_000;
const PAGE_LIMIT_ENTRIES = 100;
export const PAGE_DEFAULT_ENTRIES = 50;

export interface LogQuery {
  from?: string;
  take?: number;
  q?: string;
  search?: string;
  page?: number;
  per_page?: number;
  sort?: string;
  fields?: string;
  include_fields?: boolean;
  include_totals?: boolean;
}

/** As in Auth0, everything but `from` and `take` is ignored. */
export const getLogsAfter = (source: LogSource, from: string, take: number): LogEntry[] => {
  if (take < 1 || take > PAGE_LIMIT_ENTRIES)
    throw invalidQuery(`take must be from 1 to ${PAGE_LIMIT_ENTRIES}`);
  const start = findFirstIndex(source, ({ log_id }) => log_id > from);
  const end = Math.min(start + take, source.count);
  return Array.from({ length: end - start }, (_, index) => source.entry(start + index));
};

export const findLog = (source: LogSource, id: string): LogEntry => {
  const index = findFirstIndex(source, ({ log_id }) => log_id >= id);
  const entry = index < source.count ? source.entry(index) : undefined;
  if (entry?.log_id !== id) throw new ApiError(404, 'Log not found.', 'inexistent_log');
  return entry;
};

export const searchLogs = (source: LogSource, query: LogQuery) => {
  const { page = 0, per_page = PAGE_DEFAULT_ENTRIES, sort = 'date:-1', include_totals = false } = query;
  const start = page * per_page;
  // https://github.com/auth0/node-auth0/issues/1246
  if (start + per_page > SEARCH_LIMIT_RESULTS) {
    throw invalidQuery(`You can only page through the first ${SEARCH_LIMIT_RESULTS} records.`);
  }
  const { since, until, matches } = parse(query.q ?? query.search ?? '');
  const first = findFirstIndex(source, ({ date }) => date >= since);
  const last = findFirstIndex(source, ({ date }) => date > until) - 1;

  const found: LogEntry[] = [];
  for (let offset = 0; first + offset <= last && found.length < SEARCH_LIMIT_RESULTS; offset += 1) {
    const entry = source.entry(isAscending(sort) ? first + offset : last - offset);
    if (matches(entry)) found.push(entry);
  }
  const logs = found.slice(start, start + per_page).map((entry) => pick(entry, query));
  return include_totals ? { start, limit: per_page, length: logs.length, total: found.length, logs } : logs;
};

/** The index of the first of the entries, in order and maybe millions, for which `isReached` is true. */
const findFirstIndex = (source: LogSource, isReached: (entry: LogEntry) => boolean): number => {
  let [low, high] = [0, source.count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isReached(source.entry(middle))) high = middle;
    else low = middle + 1;
  }
  return low;
};

const isAscending = (sort: string): boolean => {
  if (!sort.startsWith('date:')) throw notSupported(`Sorting by ${sort}`);
  return sort === 'date:1';
};

const pick = (entry: LogEntry, { fields, include_fields = true }: LogQuery): object => {
  const names = fields?.split(',');
  if (!names) return entry;
  return Object.fromEntries(
    Object.entries(entry).filter(([name]) => names.includes(name) === include_fields),
  );
};

interface Search {
  /** Inclusive, in the log's format of dates. */
  since: string;
  until: string;
  matches(entry: LogEntry): boolean;
}

const CLAUSE = /^(\w+):(?:\((.+)\)|("[^"]+"|[^\s"()[\]{}]+))$/;
const RANGE = /^date:([[{])(\S+) TO (\S+)([\]}])$/;

const parse = (query: string): Search => {
  const search = { since: '', until: '~' };
  const allowed: Array<[field: string, values: string[]]> = [];
  const clauses = query.split(' AND ').map((text) => text.trim());
  for (const clause of clauses.filter(Boolean)) {
    const [, opening, from = '', to = '', closing] = RANGE.exec(clause) ?? [];
    const [, field, list, value = ''] = CLAUSE.exec(clause) ?? [];
    if (opening) {
      if (from !== '*') search.since = toDate(from, opening === '{' ? 1 : 0);
      if (to !== '*') search.until = toDate(to, closing === '}' ? -1 : 0);
    } else if (field) {
      const values = list?.split(' OR ') ?? [value];
      allowed.push([field, values.map((text) => text.trim().replace(/^"(.*)"$/, '$1'))]);
    } else {
      throw notSupported(`The query ${clause}`);
    }
  }
  return {
    ...search,
    matches: (entry) => allowed.every(([field, values]) => values.includes(String(entry[field]))),
  };
};

const toDate = (text: string, shiftMs: number): string => {
  if (!text.includes('T')) throw notSupported(`The date ${text} without a time`);
  const time = Date.parse(text.replaceAll('"', ''));
  if (Number.isNaN(time)) throw invalidQuery(`Not a date: ${text}`);
  return new Date(time + shiftMs).toISOString();
};

const invalidQuery = (message: string): ApiError => new ApiError(400, message, 'invalid_query_string');
