/**
 * The `api` object of one execution, by the documentation and by Auth0's published test harness.
 *
 * Limitations: only `access`, `cache`, `transaction` and `user` have an effect. Every other group accepts calls and ignores
 * them, as in the harness; so the user is never redirected, and no token is changed.
 *
 * Stricter than the harness: metadata keys, metadata values that cannot be cloned, and the limits of transaction metadata.
 *
 * https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-api-object
 */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { isObject } from '../json.ts';
import { type Cache, createCache } from './cache.ts';
import { createNoOpApi } from './no-op-api.ts';

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

interface Context {
  readonly event: Event;
  readonly effects: Effects;
  readonly getApi: () => PostLoginAPI;
}

export const createApi = (
  event: Event,
  cache: Cache = createCache(Date.now),
): { api: PostLoginAPI; effects: Effects } => {
  const effects: Effects = { metadata: [], transactionMetadata: { ...event.transaction?.metadata } };
  const getApi = (): PostLoginAPI => api;
  const context: Context = { event, effects, getApi };
  const api = {
    ...createNoOpApi(getApi),
    access: new AccessApi(context),
    cache,
    transaction: new TransactionApi(context),
    user: new UserApi(context),
  } as unknown as PostLoginAPI;
  return { api, effects };
};

// The fields are private, as in the harness: a method that is taken out of its object throws.
class AccessApi {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  deny(reason: string): PostLoginAPI {
    this.#context.effects.denied = reason;
    return this.#context.getApi();
  }
}

class UserApi {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  setAppMetadata(key: string, value: unknown): PostLoginAPI {
    return this.#setMetadata('app_metadata', key, value);
  }

  setUserMetadata(key: string, value: unknown): PostLoginAPI {
    return this.#setMetadata('user_metadata', key, value);
  }

  #setMetadata(field: keyof Metadata, key: string, value: unknown): PostLoginAPI {
    const { event, effects, getApi } = this.#context;
    // A custom database can return anything.
    if (!isObject(event.user[field])) throw new Error(UNEXPECTED_FORMAT[field]);
    // https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data
    if (/[.$]/.test(key)) throw new Error(`A metadata key must not contain '.' or '$': ${key}`);
    effects.metadata.push({ field, key, value: structuredClone(value) });
    return getApi();
  }
}

const UNEXPECTED_FORMAT: Record<keyof Metadata, string> = {
  app_metadata: 'Unexpected app_metadata format. Must be a valid JSON object',
  user_metadata: 'Unexpected user_metadata format. Must be a valid JSON object.',
};

class TransactionApi {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  setMetadata(key: string, value: TransactionValue | null): void {
    const { event, effects } = this.#context;
    effects.transactionMetadata = withTransactionMetadata(effects.transactionMetadata, key, value);
    event.transaction ??= { metadata: {} };
    event.transaction.metadata = { ...effects.transactionMetadata };
  }

  addTargetScope(): never {
    throw notImplemented();
  }

  removeTargetScope(): never {
    throw notImplemented();
  }

  setTargetScopes(): never {
    throw notImplemented();
  }

  clearTargetScopes(): never {
    throw notImplemented();
  }
}

const notImplemented = (): Error => new Error('Method not implemented.');

type TransactionValue = string | number | boolean;

const TRANSACTION_VALUE_LIMIT_BYTES = 8 * 1024;
const TRANSACTION_TOTAL_LIMIT_BYTES = 16 * 1024;

/** https://auth0.com/docs/customize/actions/transaction-metadata */
const withTransactionMetadata = (
  metadata: TransactionMetadata,
  key: string,
  value: TransactionValue | null,
): TransactionMetadata => {
  const { [key]: _, ...others } = metadata;
  if (value === null) return others;
  if (!['string', 'number', 'boolean'].includes(typeof value)) {
    throw new Error(`Transaction metadata must be a string, number, boolean or null: ${key}`);
  }
  const changed = { ...others, [key]: value };
  if (Buffer.byteLength(String(value)) > TRANSACTION_VALUE_LIMIT_BYTES) {
    throw new Error(
      `A value of transaction metadata is limited to ${TRANSACTION_VALUE_LIMIT_BYTES} bytes: ${key}`,
    );
  }
  if (Buffer.byteLength(JSON.stringify(changed)) > TRANSACTION_TOTAL_LIMIT_BYTES) {
    throw new Error(
      `Transaction metadata is limited to ${TRANSACTION_TOTAL_LIMIT_BYTES} bytes in total: ${key}`,
    );
  }
  return changed;
};

/** Merges by top-level key: a nested object replaces the whole value, `null` removes the key. */
export const applyChanges = (
  { app_metadata, user_metadata }: Metadata,
  changes: readonly MetadataChange[],
): Metadata => {
  const merged: Metadata = { app_metadata, user_metadata };
  for (const { field, key, value } of changes) {
    const { [key]: _, ...others } = merged[field] as Record<string, unknown>;
    merged[field] = value === null ? others : { ...others, [key]: value };
  }
  return merged;
};
