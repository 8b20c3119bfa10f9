/** Builds dist/<name>.js, the one file that is an Action, for every entry of a0deploy.yaml. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type BuildOptions, build as esbuild } from 'esbuild';
import { getIdentifier } from './catalog.ts';
import { licenseNotices } from './license-notices.ts';
import { ACTION_CODE_LIMIT_BYTES, type ActionEntry, ROOT, readManifest } from './manifest.ts';

const PACKAGE = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

/** Builds Actions, by default those of a0deploy.yaml. Returns the paths of the files. */
export const build = (entries: readonly ActionEntry[] = readManifest().actions): Promise<string[]> =>
  Promise.all(entries.map(async (entry) => writeIfChanged(entry.code, await bundle(entry))));

/** Builds what `require('auth0-login-analytics')` loads; `tsc -p tsconfig.build.json` writes its declarations. Returns the paths. */
export const buildPackage = async (): Promise<string[]> => {
  const code = await toCommonJs({
    entryPoints: ['actions/index.ts'],
    external: Object.keys({ ...PACKAGE.dependencies, ...PACKAGE.peerDependencies }),
    banner: { js: `// ${origin()}` },
  });
  return [
    writeIfChanged('dist/index.js', code),
    // The package is of type `module` for its sources.
    writeIfChanged('dist/package.json', `${JSON.stringify({ type: 'commonjs' })}\n`),
  ];
};

/** The code of an Action. The same commit gives the same bytes. */
export const bundle = async ({ name, dependencies, destinations }: ActionEntry): Promise<string> => {
  // Auth0 ignores what else an Action exports, so it is left out.
  const contents = destinations
    ? await toSetSource(name, destinations)
    : `export { onExecutePostLogin } from './actions/${name}.ts';`;
  const options = {
    stdin: { contents, resolveDir: ROOT },
    external: dependencies.map((dependency) => dependency.name),
    banner: { js: `// ${origin()}: ${name}. Built from TypeScript; change the source, not this file.` },
  };
  const code = await toCommonJs(options);
  // It can be read in Auth0's editor, unless it has too many destinations for that.
  if (Buffer.byteLength(code) <= ACTION_CODE_LIMIT_BYTES) return code;
  return toCommonJs({ ...options, minify: true, lineLimit: 110 });
};

/** The Action for a chosen set, as actions/all.ts is for all destinations. */
const toSetSource = async (name: string, destinations: readonly string[]): Promise<string> => {
  const identifiers = await Promise.all(destinations.map(getIdentifier));
  const imports = identifiers.map(
    (identifier, index) => `import { ${identifier} } from './actions/${destinations[index]}.ts';`,
  );
  return `import { createAction } from './lib/create-action.ts';
${imports.join('\n')}
export const onExecutePostLogin = createAction([${identifiers.join(', ')}], { name: '${name}' });
`;
};

const toCommonJs = async (options: BuildOptions): Promise<string> => {
  const { outputFiles, metafile } = await esbuild({
    ...options,
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // A handler must stay a native async function.
    target: 'node22',
    // Auth0 compiles an Action without a loader of modules, so `import()` becomes `require`.
    supported: { 'dynamic-import': false },
    charset: 'utf8',
    legalComments: 'inline',
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  return `${outputFiles.map(({ text }) => text).join('')}${licenseNotices(metafile)}`;
};

/** An unchanged file stays: another process may be reading it. */
const writeIfChanged = (name: string, content: string): string => {
  const file = path.join(ROOT, name);
  if (!existsSync(file) || readFileSync(file, 'utf8') !== content) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return name;
};

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
