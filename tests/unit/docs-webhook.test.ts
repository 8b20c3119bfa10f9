/** The keys that the commands in docs/destinations/webhook.md create. */
import { execFileSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signingKey } from '../../actions/shared/standard-webhooks.ts';
import { getCodeBlocks, getInlineCode, readDocument } from '../support/markdown.ts';

const page = readDocument('docs/destinations/webhook.md');

const run = (command: string | undefined): string =>
  execFileSync('sh', ['-c', command ?? ''], { encoding: 'utf8' }).trim();

const sign = (key: string, content: string): string => {
  const parsed = signingKey.parse(key);
  if ('problem' in parsed) throw new RangeError(parsed.problem);
  return parsed.value(content);
};

describe('the commands that create keys', () => {
  it('create a secret to share with the receiver', () => {
    const secret = run(getInlineCode(page).find((code) => code.startsWith('node -p')));
    expect(sign(secret, 'content')).toMatch(/^v1,/);
  });

  it('create a private key, and the public key that verifies its signatures', () => {
    const [privateKey = '', publicKey = ''] = run(
      getCodeBlocks(page, 'sh').find((code) => code.startsWith('node -p')),
    ).split('\n');
    const x = Buffer.from(publicKey.replace(/^whpk_/, ''), 'base64').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const [scheme, signature = ''] = sign(privateKey, 'content').split(',');
    expect(publicKey).toMatch(/^whpk_/);
    expect(scheme).toBe('v1a');
    expect(verify(null, Buffer.from('content'), key, Buffer.from(signature, 'base64'))).toBe(true);
  });
});
