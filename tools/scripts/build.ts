/** `npm run build`: builds every Action, and the package for custom Actions with its declarations. */
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_SET_NAME, readSets, SETS_FILE, toEntry, toSet, writeSet } from '../shared/action-sets.ts';
import { build, buildPackage } from '../shared/build.ts';
import { loadSet } from '../shared/catalog.ts';
import { ROOT, readManifest } from '../shared/manifest.ts';
import { runScript } from '../shared/script.ts';
import { UsageError } from '../shared/usage-error.ts';

const HELP = `Usage: npm run build [-- --with splunk,segment-http [--name ${DEFAULT_SET_NAME}]]

Builds dist/<name>.js for every Action of a0deploy.yaml and of ${SETS_FILE}, and the package.

  --with <destinations>  one Action for these, which is kept in ${SETS_FILE}
  --name <action>        what to call it; ${DEFAULT_SET_NAME} by default
  --help                 this text`;

await runScript(HELP, { with: { type: 'string' }, name: { type: 'string' } }, async ({ values }) => {
  if (values.name !== undefined && values.with === undefined) throw new UsageError('--name needs --with');
  if (values.with !== undefined) {
    const set = toSet(values.name ?? DEFAULT_SET_NAME, values.with);
    await loadSet(set);
    writeSet(ROOT, set);
  }
  const sets = readSets(ROOT);
  for (const set of sets) await loadSet(set);
  const entries = [...readManifest().actions, ...sets.map(toEntry)];
  const built = [...(await build(entries)), ...(await buildPackage())];

  // What an earlier build has left would be published.
  for (const entry of readdirSync(path.join(ROOT, 'dist'))) {
    const file = `dist/${entry}`;
    if (!built.some((name) => name === file || name.startsWith(`${file}/`)))
      rmSync(path.join(ROOT, file), { recursive: true });
  }
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' });
  return 0;
});
