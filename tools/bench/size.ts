/** How large the built Actions are. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ACTION_CODE_LIMIT_BYTES } from '../local/runtime.ts';
import { ROOT, readManifest } from '../manifest.ts';
import { figure, type Section } from './figures.ts';

const AIM = { of: 'max', atMost: ACTION_CODE_LIMIT_BYTES } as const;

export const section: Section = {
  title: 'Size of the built Actions',
  needs: {},
  async run() {
    return readManifest().actions.map(({ name, code }) =>
      figure(name, 'bytes', [readFileSync(path.join(ROOT, code)).length], AIM),
    );
  },
};
