/** How all but strict imports send records to Mixpanel, and how it responds to them. */
import type { Context } from 'hono';
import { asString, isObject, type JsonObject } from '../json.ts';
import { getMediaType } from './media-type.ts';
import type { VendorEnv } from './vendor-mock.ts';

/** A record or a list of them: as JSON, or in the `data` of a form or query as JSON or base64. Undefined if it is neither. */
export const readRecords = async (c: Context): Promise<unknown[] | undefined> => {
  const isJson = getMediaType(c) === 'application/json';
  const data = isJson ? await c.req.text() : (c.req.query('data') ?? (await c.req.parseBody()).data);
  const text = asString(data);
  try {
    const records: unknown = JSON.parse(
      /^\s*[[{]/.test(text) ? text : Buffer.from(text, 'base64').toString(),
    );
    if (Array.isArray(records)) return records;
    return isObject(records) && !isJson ? [records] : undefined;
  } catch {
    return undefined;
  }
};

/** Responds 1 if any record is valid, otherwise 0. With `verbose=1` it responds in JSON, with the first problem. */
export const acceptValid = (
  c: Context<VendorEnv>,
  records: readonly unknown[] | undefined,
  findProblem: (record: JsonObject) => string | undefined,
  accept: (c: Context<VendorEnv>, record: JsonObject) => void,
): Response => {
  const problems = records?.map((record) => (isObject(record) ? findProblem(record) : 'not an object'));
  for (const [index, record] of records?.entries() ?? []) {
    if (problems?.[index] === undefined) accept(c, record as JsonObject);
  }
  const isAccepted = problems?.includes(undefined) ?? false;
  const error = isAccepted ? null : (problems?.[0] ?? 'data, missing or empty');
  const status = isAccepted ? 1 : 0;
  return c.req.query('verbose') === '1' ? c.json({ status, error }) : c.text(String(status));
};

export const findMissing = (record: JsonObject, fields: readonly string[]): string | undefined => {
  const missing = fields.find((field) => record[field] === undefined || record[field] === '');
  return missing && `${missing}, missing or empty`;
};
