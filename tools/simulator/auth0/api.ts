/**
 * The `api` object of one execution: `access`, `cache`, `transaction` and `user`. Calling anything else throws.
 *
 * https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-api-object
 */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';

type TransactionMetadata = NonNullable<Event['transaction']>['metadata'];

interface Metadata {
  app_metadata: unknown;
  user_metadata: unknown;
}

export interface MetadataChange {
  field: keyof Metadata;
  key: string;
  value: unknown;
}

/** What an execution asked for. */
export interface Effects {
  metadata: MetadataChange[];
  transactionMetadata: TransactionMetadata;
  /** The reason given to `api.access.deny`. */
  denied?: string;
}

export function createApi(event: Event, cache: CacheAPI): { api: PostLoginAPI; effects: Effects } {
  const effects: Effects = { metadata: [], transactionMetadata: { ...event.transaction?.metadata } };

  const setMetadata =
    (field: keyof Metadata) =>
    (key: string, value: unknown): PostLoginAPI => {
      // A custom database can return anything here; Auth0's published test harness has the same check.
      if (!isObject(event.user[field])) throw new Error(`event.user.${field} is not an object`);
      // https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data
      if (/[.$]/.test(key)) throw new Error(`A metadata key must not contain '.' or '$': ${key}`);
      effects.metadata.push({ field, key, value: structuredClone(value) });
      return api;
    };

  const api: PostLoginAPI = reproduced('api', {
    access: reproduced('api.access', {
      deny(reason: string): PostLoginAPI {
        effects.denied = reason;
        return api;
      },
    }),
    cache: reproduced('api.cache', cache),
    transaction: reproduced('api.transaction', {
      setMetadata(key: string, value: string | number | boolean | null): void {
        effects.transactionMetadata = withTransactionMetadata(effects.transactionMetadata, key, value);
        event.transaction ??= { metadata: {} };
        event.transaction.metadata = { ...effects.transactionMetadata };
      },
    }),
    user: reproduced('api.user', {
      setAppMetadata: setMetadata('app_metadata'),
      setUserMetadata: setMetadata('user_metadata'),
    }),
  }) as PostLoginAPI;

  return { api, effects };
}

/** Merges by top-level key: a nested object replaces the whole value, `null` removes the key. */
export function withChanges(
  { app_metadata, user_metadata }: Metadata,
  changes: readonly MetadataChange[],
): Metadata {
  const merged: Metadata = { app_metadata, user_metadata };
  for (const { field, key, value } of changes) {
    const { [key]: _, ...others } = merged[field] as Record<string, unknown>;
    merged[field] = value === null ? others : { ...others, [key]: value };
  }
  return merged;
}

const TRANSACTION_VALUE_LIMIT_BYTES = 8 * 1024;
const TRANSACTION_TOTAL_LIMIT_BYTES = 16 * 1024;

/** https://auth0.com/docs/customize/actions/transaction-metadata */
function withTransactionMetadata(
  metadata: TransactionMetadata,
  key: string,
  value: string | number | boolean | null,
): TransactionMetadata {
  const { [key]: _, ...others } = metadata;
  if (value === null) return others;
  if (!['string', 'number', 'boolean'].includes(typeof value)) {
    throw new Error(`Transaction metadata takes a string, number, boolean or null: ${key}`);
  }
  const changed = { ...others, [key]: value };
  if (Buffer.byteLength(String(value)) > TRANSACTION_VALUE_LIMIT_BYTES) {
    throw new Error(
      `A value of transaction metadata is limited to ${TRANSACTION_VALUE_LIMIT_BYTES} bytes: ${key}`,
    );
  }
  if (Buffer.byteLength(JSON.stringify(changed)) > TRANSACTION_TOTAL_LIMIT_BYTES) {
    throw new Error(
      `Transaction metadata is limited to ${TRANSACTION_TOTAL_LIMIT_BYTES} bytes in all: ${key}`,
    );
  }
  return changed;
}

type CacheAPI = PostLoginAPI['cache'];
type CacheRecord = NonNullable<ReturnType<CacheAPI['get']>>;

// https://auth0.com/docs/customize/actions/limitations
const CACHE_ENTRIES_LIMIT = 20;
const CACHE_KEY_LIMIT_BYTES = 64;
const CACHE_VALUE_LIMIT_BYTES = 4 * 1024;
const CACHE_TOTAL_LIMIT_BYTES = 8 * 1024;
const CACHE_TTL_DEFAULT_MS = 15 * 60 * 1000;

/** Errors are returned, not thrown, with the codes that `@auth0/actions` declares. */
export function createCache(now: () => number): CacheAPI {
  const records = new Map<string, CacheRecord>();

  const evictExpired = (): void => {
    for (const [key, record] of records) {
      if (record.expires_at <= now()) records.delete(key);
    }
  };

  return {
    get(key) {
      evictExpired();
      return records.get(key);
    },

    delete(key) {
      evictExpired();
      return records.delete(key) ? { type: 'success' } : { type: 'error', code: 'CacheKeyDoesNotExist' };
    },

    set(key, value, { expires_at, ttl } = {}) {
      evictExpired();
      if (Buffer.byteLength(key) > CACHE_KEY_LIMIT_BYTES) {
        return { type: 'error', code: 'CacheKeySizeExceeded' };
      }
      if (Buffer.byteLength(value) > CACHE_VALUE_LIMIT_BYTES) {
        return { type: 'error', code: 'CacheValueSizeExceeded' };
      }

      const expiries: number[] = [];
      if (expires_at !== undefined) expiries.push(expires_at);
      if (ttl !== undefined) expiries.push(now() + ttl);
      if (!expiries.every(Number.isFinite)) return { type: 'error', code: 'InvalidExpiry' };
      if (expiries.length === 0) expiries.push(now() + CACHE_TTL_DEFAULT_MS);
      const record = { value, expires_at: Math.floor(Math.min(...expiries)) };
      if (record.expires_at <= now()) return { type: 'error', code: 'ItemAlreadyExpired' };

      const others = [...records].filter(([other]) => other !== key);
      const content = others.reduce((text, [other, { value }]) => text + other + value, key + value);
      if (others.length >= CACHE_ENTRIES_LIMIT || Buffer.byteLength(content) > CACHE_TOTAL_LIMIT_BYTES) {
        return { type: 'error', code: 'CacheSizeExceeded' };
      }
      records.set(key, record);
      return { type: 'success', record };
    },
  };
}

/** `members`, and in place of every absent one a function that throws. */
function reproduced<T extends object>(path: string, members: T): T {
  return new Proxy(members, {
    get(target, key) {
      // `await` and JSON.stringify look for `then` and `toJSON`: those are absent from the real object too.
      if (key in target || typeof key === 'symbol' || key === 'then' || key === 'toJSON') {
        return Reflect.get(target, key);
      }
      return reproduced(`${path}.${key}`, () => {
        throw new Error(`${path}.${key} is not reproduced by the local tenant`);
      });
    },
  });
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
