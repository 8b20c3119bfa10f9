/** Packages as npm publishes them, installed without a registry. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../tools/shared/manifest.ts';

export const runProcess = promisify(execFile);

export interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: ReadonlyArray<{ readonly path: string }>;
}

/** Runs `npm pack`, which builds first. The tarball is written to `folder`. */
export const pack = async (folder: string, ...args: readonly string[]): Promise<Packed> => {
  const command = ['pack', '--json', '--pack-destination', folder, ...args];
  const { stdout } = await runProcess('npm', command, { cwd: ROOT });
  const [packed] = JSON.parse(stdout) as [Packed];
  return packed;
};

/** Unpacks the tarballs in `folder` to the `node_modules` of a new folder, and links their dependencies and others there. */
export const createProject = async (
  folder: string,
  packages: readonly Packed[],
  others: readonly string[] = [],
): Promise<string> => {
  const project = mkdtempSync(path.join(folder, 'project-'));
  for (const { name, filename } of packages) {
    const target = path.join(project, 'node_modules', name);
    mkdirSync(target, { recursive: true });
    await runProcess('tar', ['-xzf', path.join(folder, filename), '-C', target, '--strip-components=1']);
  }
  const names = packages.flatMap(({ name }) => readDependencies(path.join(project, 'node_modules', name)));
  for (const name of new Set([...names, ...others])) link(project, name);
  return project;
};

export const readDependencies = (packageFolder: string): string[] =>
  Object.keys(JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8')).dependencies);

/** Nothing is downloaded: what a package declares is installed in the clone. */
const link = (project: string, name: string): void => {
  const target = path.join(project, 'node_modules', name);
  if (existsSync(target)) return;
  const source = ['tools/cli', '.']
    .map((folder) => path.join(ROOT, folder, 'node_modules', name))
    .find((candidate) => existsSync(candidate));
  if (!source) throw new Error(`${name} is not installed`);
  mkdirSync(path.dirname(target), { recursive: true });
  symlinkSync(source, target);
};
