/** Compiles the command line into tools/cli/dist, for its package. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { build, type Metafile, type Plugin } from 'esbuild';
import { getAssets } from '../playground/assets.ts';
import { ROOT } from '../shared/manifest.ts';

const CLI = path.join(ROOT, 'tools/cli');
const DIST = path.join(CLI, 'dist');

/** Modules that only a clone loads: they build what an installed package has. */
const CLONE_ONLY = /\/(shared\/build|playground\/build-client)\.ts$/;

const withoutCloneOnly: Plugin = {
  name: 'without-clone-only',
  setup({ onLoad }) {
    onLoad({ filter: CLONE_ONLY }, () => ({ contents: '' }));
  },
};

/** `main.js`, and a file for each command that it loads. */
const compile = async (): Promise<Metafile> => {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['tools/cli/main.ts'],
    outdir: DIST,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    charset: 'utf8',
    plugins: [withoutCloneOnly],
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
};

/** What the command line needs without importing it: the Actions, what they `require`, and a peer dependency. */
const NOT_IMPORTED = ['@segment/analytics-node', 'auth0-deploy-cli', 'auth0-login-analytics', 'commander'];

/** What a clone has, an installed package has only if it is declared. */
const assertDeclared = ({ outputs }: Metafile): void => {
  const { dependencies } = JSON.parse(readFileSync(path.join(CLI, 'package.json'), 'utf8'));
  const imported = Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .filter((entry) => entry.external && !isBuiltin(entry.path))
    .map((entry) => /^(@[^/]+\/)?[^/]+/.exec(entry.path)?.[0] ?? '');
  const needed = [...new Set([...imported, ...NOT_IMPORTED])].toSorted();
  const declared = Object.keys(dependencies).toSorted();
  if (!isDeepStrictEqual(declared, needed)) {
    throw new Error(`tools/cli/package.json declares ${declared}, needed are ${needed}`);
  }
};

const writeClient = async (): Promise<void> => {
  mkdirSync(path.join(DIST, 'client'));
  for (const { file, content } of await getAssets()) writeFileSync(path.join(DIST, 'client', file), content);
};

rmSync(DIST, { recursive: true, force: true });
assertDeclared(await compile());
await writeClient();
// `setup` shows of each page where to look for events.
cpSync(path.join(ROOT, 'docs/destinations'), path.join(DIST, 'destinations'), { recursive: true });
