/** The built code of Actions: dist/<name>.js. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ActionEntry, isClone, ROOT } from './manifest.ts';

/** In a clone it is built from the source; an installed package has it. */
export const ensureBuilt = async (): Promise<void> => {
  if (!isClone) return;
  const { build } = await import('./build.ts');
  await build();
};

export const readBuiltCode = ({ code }: ActionEntry): Promise<string> =>
  readFile(path.join(ROOT, code), 'utf8');

/** An Action's code without its first line, which names the commit: most commits do not change an Action. */
export const withoutOrigin = (code = ''): string => code.replace(/^\/\/.*\n/, '').trim();

/** Whether an Action was built from this project: its first line says so. */
export const isManaged = (code = ''): boolean => code.startsWith('// auth0-login-analytics ');
