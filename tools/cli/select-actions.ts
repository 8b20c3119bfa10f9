/** The Actions that a command line names. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readSets, toEntry } from '../shared/action-sets.ts';
import { type Action, loadAction } from '../shared/catalog.ts';
import { type ActionEntry, isClone, ROOT, readManifest } from '../shared/manifest.ts';
import { UsageError } from '../shared/usage-error.ts';
import type { Context } from './context.ts';
import { suggest } from './suggestion.ts';

/** The folder whose sets count. Without one there are the Actions of a0deploy.yaml alone. */
export type Project = Partial<Pick<Context, 'cwd'>>;

/** What there is to deploy: the entries of a0deploy.yaml, and those of the sets. */
export const readEntries = ({ cwd }: Project = {}): readonly ActionEntry[] => [
  ...readManifest().actions,
  ...(cwd === undefined ? [] : readSets(cwd).map(toEntry)),
];

/** The entries with these names; all of them if none is given. */
export const selectActions = (names: readonly string[], project?: Project): readonly ActionEntry[] => {
  const entries = readEntries(project);
  for (const name of names) assertKnown(name, entries);
  return names.length === 0 ? entries : entries.filter(({ name }) => names.includes(name));
};

export const selectAction = (name: string, project?: Project): ActionEntry => {
  const [entry] = selectActions([name], project);
  if (!entry) throw new Error(`There is no Action ${name}`);
  return entry;
};

export const findAction = (name: string, project?: Project): Promise<Action> =>
  loadAction(selectAction(name, project));

const assertKnown = (name: string, entries: readonly ActionEntry[]): void => {
  const known = entries.map((entry) => entry.name);
  if (known.includes(name)) return;
  if (isClone && existsSync(path.join(ROOT, 'actions', `${name}.ts`))) {
    throw new UsageError(`actions/${name}.ts is not in a0deploy.yaml yet: run npm run generate`);
  }
  throw new UsageError(
    `unknown Action ${name}${suggest(name, known) || `, choose from ${known.join(', ')}`}`,
  );
};

export const getActionNames = (project?: Project): readonly string[] =>
  readEntries(project).map(({ name }) => name);
