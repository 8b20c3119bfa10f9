/** `npm run build`: builds every Action, and the package for custom Actions. */
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build, buildPackage } from '../shared/build.ts';
import { ROOT } from '../shared/manifest.ts';

const built = new Set([...(await build()), ...(await buildPackage())]);

// What an earlier build has left would be published.
for (const entry of readdirSync(path.join(ROOT, 'dist'))) {
  const file = `dist/${entry}`;
  if (!built.has(file)) rmSync(path.join(ROOT, file), { recursive: true });
}
