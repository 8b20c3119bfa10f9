/** Builds dist/<name>.js, the one file that is an Action, for every entry of a0deploy.yaml. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build as esbuild } from 'esbuild';
import { type ActionEntry, ROOT, readManifest } from './manifest.ts';

/** Builds every Action. The same commit gives the same bytes. */
export const build = async (): Promise<void> => {
  const banner = makeBanner();
  await Promise.all(readManifest().actions.map((action) => buildAction(action, banner)));
};

const buildAction = async ({ name, code, dependencies }: ActionEntry, banner: string): Promise<void> => {
  await esbuild({
    absWorkingDir: ROOT,
    // Auth0 ignores what else an Action exports, so it is left out.
    stdin: { contents: `export { onExecutePostLogin } from './actions/${name}.ts';`, resolveDir: ROOT },
    outfile: code,
    bundle: true,
    external: dependencies.map((dependency) => dependency.name),
    platform: 'node',
    // An Action is CommonJS, and its handler must stay a native async function.
    format: 'cjs',
    target: 'node22',
    charset: 'utf8',
    legalComments: 'inline',
    banner: { js: banner.replace('NAME', name) },
    logLevel: 'warning',
  });
};

const makeBanner = (): string => {
  const { name, version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  return `// ${name} ${version}${commit()}: NAME. Built from TypeScript; edit the source, not this file.`;
};

/** Empty where there is no git, in an unpacked release for one. */
const commit = (): string => {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
    return ` (${git('rev-parse', '--short=12', 'HEAD')})`;
  } catch {
    return '';
  }
};

if (process.argv[1] === import.meta.filename) await build();
