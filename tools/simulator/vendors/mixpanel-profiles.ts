/** Updates of the profiles of Mixpanel's users and groups. */
import type { Context } from 'hono';
import { isObject, type JsonObject } from '../json.ts';
import { findMissing } from './mixpanel-records.ts';
import type { VendorEnv } from './vendor-mock.ts';
import { setProperties } from './vendor-store.ts';

const OPERATIONS = ['$set', '$set_once', '$add', '$append', '$union', '$remove', '$unset', '$delete'];

export const findUpdateProblem =
  (ids: readonly string[]) =>
  (update: JsonObject): string | undefined => {
    const present = OPERATIONS.filter((operation) => operation in update);
    const isOperand = (name: string) =>
      name === '$delete' || (name === '$unset' ? Array.isArray : isObject)(update[name]);
    const invalid = present.length === 0 ? '$set' : present.find((name) => !isOperand(name));
    return findMissing(update, ['$token', ...ids]) ?? (invalid && `${invalid}, missing or empty`);
  };

export const updateProfile = (c: Context<VendorEnv>, update: JsonObject): void => {
  const { profiles } = c.env.store;
  const id = String(update.$distinct_id);
  setProperties(profiles, id, update.$set, update.$set_once);
  // By default Mixpanel takes the address that the request comes from.
  const byRequest = c.req.query('ip') === '0' ? '0' : c.env.remoteAddress;
  const { $ip = byRequest } = update;
  if (String($ip) !== '0') setProperties(profiles, id, { $ip });
};

export const updateGroup = (c: Context<VendorEnv>, update: JsonObject): void => {
  setProperties(
    c.env.store.groups,
    `${update.$group_key}:${update.$group_id}`,
    update.$set,
    update.$set_once,
  );
};
