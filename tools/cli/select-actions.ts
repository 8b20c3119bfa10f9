/** The Actions that a command line names. */
import { type Action, loadActions } from '../shared/catalog.ts';
import { type ActionEntry, readManifest } from '../shared/manifest.ts';
import { UsageError } from '../shared/usage-error.ts';
import { suggest } from './suggestion.ts';

/** The entries of a0deploy.yaml with these names; all of them if none is given. */
export const selectActions = (names: readonly string[]): readonly ActionEntry[] => {
  const { actions } = readManifest();
  for (const name of names) assertKnown(name);
  return names.length === 0 ? actions : actions.filter(({ name }) => names.includes(name));
};

export const findAction = async (name: string): Promise<Action> => {
  assertKnown(name);
  const action = (await loadActions()).find((candidate) => candidate.name === name);
  if (!action) throw new Error(`There is no actions/${name}.ts`);
  return action;
};

const assertKnown = (name: string): void => {
  const known = getActionNames();
  if (known.includes(name)) return;
  throw new UsageError(
    `unknown Action ${name}${suggest(name, known) || `, choose from ${known.join(', ')}`}`,
  );
};

export const getActionNames = (): readonly string[] => readManifest().actions.map(({ name }) => name);
