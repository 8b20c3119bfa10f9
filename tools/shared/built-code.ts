/** The built code of Actions: dist/<name>.js. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { getIdentifier } from './catalog.ts';
import { type ActionEntry, isClone, ROOT, readManifest } from './manifest.ts';

/** In a clone it is built from the source; an installed package has it. */
export const ensureBuilt = async (
  entries: readonly ActionEntry[] = readManifest().actions,
): Promise<void> => {
  if (!isClone) return;
  const { build } = await import('./build.ts');
  await build(entries);
};

export const readBuiltCode = async (entry: ActionEntry): Promise<string> => {
  const { destinations, code } = entry;
  if (destinations && !isClone) return toPackageCode(entry.name, destinations);
  return readFile(path.join(ROOT, code), 'utf8');
};

/** An Action that requires the package: an installed command line has no source to build a set from. */
const toPackageCode = async (name: string, destinations: readonly string[]): Promise<string> => {
  const { name: packageName, version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
  const identifiers = (await Promise.all(destinations.map(getIdentifier))).join(', ');
  return `// ${packageName} ${version}: ${name}.
const { createAction, ${identifiers} } = require('${packageName}');
const record = createAction([${identifiers}], { console, name: '${name}' });
exports.onExecutePostLogin = async (event, api) => record(event, api);
`;
};

/** An Action's code without its first line, which names the commit: most commits do not change an Action. */
export const withoutOrigin = (code = ''): string => code.replace(/^\/\/.*\n/, '').trim();

/** Whether an Action was built from this project: its first line says so. */
export const isManaged = (code = ''): boolean => code.startsWith('// auth0-login-analytics ');
