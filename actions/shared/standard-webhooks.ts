/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import { createHmac, createPrivateKey, sign as signBytes } from 'node:crypto';
import { format } from '../../lib/formats.ts';

/** Signs what is sent; returns the scheme and the signature: `v1,…`. */
export type Signer = (content: string) => string;

/** An Ed25519 key in PKCS #8 without its seed. https://www.rfc-editor.org/rfc/rfc8410 */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const toSymmetric =
  (key: Buffer): Signer =>
  (content) =>
    `v1,${createHmac('sha256', key).update(content).digest('base64')}`;

const toAsymmetric = (key: Buffer): Signer => {
  const der = Buffer.concat([PKCS8_PREFIX, key.subarray(0, 32)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return (content) => `v1a,${signBytes(null, Buffer.from(content), privateKey).toString('base64')}`;
};

/** `whsec_` for a shared key, `whsk_` for a private Ed25519 key: a seed, alone or with its public key behind it. */
export const signingKey = format(
  'must be whsec_ and 24 to 64 bytes in base64, or whsk_ and 32 or 64',
  (input): Signer | undefined => {
    const [, prefix, base64 = ''] = /^(whsec|whsk)_(.+)$/.exec(input) ?? [];
    const key = Buffer.from(base64, 'base64');
    if (key.toString('base64') !== base64) return undefined;
    if (prefix === 'whsk') return key.length === 32 || key.length === 64 ? toAsymmetric(key) : undefined;
    return prefix && key.length >= 24 && key.length <= 64 ? toSymmetric(key) : undefined;
  },
  { sensitive: true },
);

/** The headers that sign a body. The id is the same on every attempt; the timestamp, in seconds, is the attempt's. */
export const sign = (id: string, body: string, signers: ReadonlyArray<Signer | undefined>) => {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signatures = signers.flatMap((signer) => signer?.(`${id}.${timestamp}.${body}`) ?? []);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
};
