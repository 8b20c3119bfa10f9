/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import { createHmac } from 'node:crypto';
import { format } from '../../lib/formats.ts';

const KEY_PREFIX = 'whsec_';
const NOT_A_KEY = `must be ${KEY_PREFIX} and 24 to 64 bytes in base64`;
/** Its value is the bytes of the key. */
export const signingKey = format(
  NOT_A_KEY,
  (input) => {
    const base64 = input.slice(KEY_PREFIX.length);
    const key = Buffer.from(base64, 'base64');
    const isKey = input.startsWith(KEY_PREFIX) && key.toString('base64') === base64;
    return isKey && key.length >= 24 && key.length <= 64 ? key : undefined;
  },
  { sensitive: true },
);

/** The headers that sign a body. The id is the same on every attempt; the timestamp, in seconds, is the attempt's. */
export const sign = (id: string, body: string, keys: ReadonlyArray<Buffer | undefined>) => {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signatures = keys.flatMap((key) =>
    key ? `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}` : [],
  );
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
};
