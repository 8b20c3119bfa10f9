/**
 * `api.cache`, which the Actions of a trigger share. Its errors are returned, not thrown.
 *
 * As in Auth0's published test harness, an expired entry stays and counts until it is replaced or deleted. Stricter than
 * the harness: the documented limits of the entries and of their total size.
 *
 * https://auth0.com/docs/customize/actions/limitations
 */
import type { PostLoginAPI } from '@auth0/actions/post-login/v3';

export type Cache = PostLoginAPI['cache'];
type CacheRecord = NonNullable<ReturnType<Cache['get']>>;
type CacheError = Extract<ReturnType<Cache['set']>, { type: 'error' }>;

const LIMIT_ENTRIES = 20;
const KEY_LIMIT_BYTES = 64;
const VALUE_LIMIT_BYTES = 4 * 1024;
const TOTAL_LIMIT_BYTES = 8 * 1024;
const DEFAULT_TTL_MS = 15 * 60 * 1000;

export const createCache = (now: () => number): Cache => {
  const records = new Map<string, CacheRecord>();

  return {
    get(key) {
      const record = records.get(key);
      return record && record.expires_at >= now() ? record : undefined;
    },

    delete(key) {
      return records.delete(key) ? { type: 'success' } : fail('CacheKeyDoesNotExist');
    },

    set(key, value, options) {
      const bytes = Buffer.byteLength(key) + Buffer.byteLength(value);
      if (Buffer.byteLength(key) > KEY_LIMIT_BYTES) return fail('CacheKeySizeExceeded');
      if (Buffer.byteLength(value) > VALUE_LIMIT_BYTES) return fail('CacheValueSizeExceeded');
      if (getTotalBytes(records) + bytes > TOTAL_LIMIT_BYTES) return fail('CacheSizeExceeded');
      if (!records.has(key) && records.size >= LIMIT_ENTRIES) return fail('CacheSizeExceeded');

      const expires_at = getExpiry(now(), options ?? {});
      if (!Number.isSafeInteger(expires_at)) return fail('InvalidExpiry');
      if (expires_at < now()) return fail('ItemAlreadyExpired');
      const record = { value, expires_at };
      records.set(key, record);
      return { type: 'success', record };
    },
  };
};

const fail = (code: CacheError['code']): CacheError => ({ type: 'error', code });

/** The record that an entry replaces counts as well, as in the harness. */
const getTotalBytes = (records: ReadonlyMap<string, CacheRecord>): number =>
  Array.from(records).reduce(
    (total, [key, { value }]) => total + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );

/** Milliseconds since the epoch: the earlier of the two options. NaN if one of them is not a number. */
const getExpiry = (now: number, { expires_at, ttl }: { expires_at?: number; ttl?: number }): number => {
  if (expires_at === null || ttl === null) return Number.NaN;
  if (expires_at === undefined && ttl === undefined) return now + DEFAULT_TTL_MS;
  return Math.floor(Math.min(expires_at ?? Infinity, now + (ttl ?? Infinity)));
};
