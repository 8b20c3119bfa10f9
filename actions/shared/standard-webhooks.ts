/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import { createHmac } from 'node:crypto';
import * as v from 'valibot';
import { credentialSchema, format } from '../../lib/formats.ts';

const KEY_PREFIX = 'whsec_';
const NOT_A_KEY = `must be ${KEY_PREFIX} and 24 to 64 bytes in base64`;
/** Its value is the key in base64. */
export const signingKey = format(
  v.pipe(
    credentialSchema,
    v.startsWith(KEY_PREFIX, NOT_A_KEY),
    v.transform((value) => value.slice(KEY_PREFIX.length)),
    v.base64(NOT_A_KEY),
    v.check((value) => {
      const bytes = Buffer.byteLength(value, 'base64');
      return bytes >= 24 && bytes <= 64;
    }, NOT_A_KEY),
  ),
  { sensitive: true },
);

/** The headers that sign a body. The id is the same on every attempt; the timestamp, in seconds, is the attempt's. */
export const sign = (id: string, body: string, keys: ReadonlyArray<string | undefined>) => {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = (key: string) =>
    createHmac('sha256', Buffer.from(key, 'base64')).update(`${id}.${timestamp}.${body}`).digest('base64');
  const signatures = keys.flatMap((key) => (key ? `v1,${signature(key)}` : []));
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
};
