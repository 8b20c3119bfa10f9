/** Builds dist/<name>.js, the one file that is an Action, for every entry of a0deploy.yaml. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build as esbuild } from 'esbuild';
import { type ActionEntry, ROOT, readManifest } from './manifest.ts';

const PACKAGE = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

/** Builds every Action. */
export const build = async (): Promise<void> => {
  await Promise.all(
    readManifest().actions.map(async (action) => {
      const file = path.join(ROOT, action.code);
      const code = await bundle(action);
      // An unchanged file stays: somebody may be reading it.
      if (existsSync(file) && readFileSync(file, 'utf8') === code) return;
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, code);
    }),
  );
};

/** The code of an Action. The same commit gives the same bytes. */
export const bundle = async ({ name, dependencies }: ActionEntry): Promise<string> => {
  const { outputFiles } = await esbuild({
    absWorkingDir: ROOT,
    // Auth0 ignores what else an Action exports, so it is left out.
    stdin: { contents: `export { onExecutePostLogin } from './actions/${name}.ts';`, resolveDir: ROOT },
    bundle: true,
    external: dependencies.map((dependency) => dependency.name),
    platform: 'node',
    // An Action is CommonJS, and its handler must stay a native async function.
    format: 'cjs',
    target: 'node22',
    charset: 'utf8',
    legalComments: 'inline',
    banner: { js: `// ${origin()}: ${name}. Built from TypeScript; change the source, not this file.` },
    write: false,
    logLevel: 'warning',
  });
  return outputFiles.map(({ text }) => text.replace(STRAY_COMMENT, '')).join('');
};

/** Of a handler that is not in the bundle: esbuild keeps a comment that is to be preserved, whatever becomes of the rest. */
const STRAY_COMMENT = /^\/\*\*\n(?: \*.*\n)+? \*\/\n(?!var onExecutePostLogin )/gm;

/** An Action's code without its first line, which names the commit: most commits do not change an Action. */
export const contentOf = (code = ''): string => code.replace(/^\/\/.*\n/, '').trim();

/** Whether an Action was built from this package: its first line says so. */
export const isOurs = (code = ''): boolean => code.startsWith(`// ${PACKAGE.name} `);

/** Package, version and commit. No commit where there is no git: in an unpacked release, say. */
export const origin = (): string => {
  const { name, version } = PACKAGE;
  try {
    const options = { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' } as const;
    return `${name} ${version} (${execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], options).trim()})`;
  } catch {
    return `${name} ${version}`;
  }
};
