/** The size of the built Actions. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ACTION_CODE_LIMIT_BYTES, ROOT, readManifest } from '../../shared/manifest.ts';
import { metric } from '../metrics.ts';
import type { Suite } from '../suite.ts';

const THRESHOLD = { of: 'max', max: ACTION_CODE_LIMIT_BYTES } as const;

export const suite: Suite = {
  title: 'Size of the built Actions',
  needs: {},
  async run() {
    return readManifest().actions.map(({ name, code }) =>
      metric(name, 'bytes', [readFileSync(path.join(ROOT, code)).length], THRESHOLD),
    );
  },
};
