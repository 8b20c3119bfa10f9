/** How large the built Actions are. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, readManifest } from '../shared/manifest.ts';
import { ACTION_CODE_LIMIT_BYTES } from '../simulator/auth0/runtime.ts';
import { metric, type Suite } from './metrics.ts';

const AIM = { of: 'max', atMost: ACTION_CODE_LIMIT_BYTES } as const;

export const section: Suite = {
  title: 'Size of the built Actions',
  needs: {},
  async run() {
    return readManifest().actions.map(({ name, code }) =>
      metric(name, 'bytes', [readFileSync(path.join(ROOT, code)).length], AIM),
    );
  },
};
