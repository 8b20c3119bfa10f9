import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readBuiltCode } from '../shared/built-code.ts';
import { type ActionEntry, ROOT, readManifest } from '../shared/manifest.ts';
import { type ActionSource, type LoadedAction, loadAction } from './auth0/runtime.ts';

/** A fresh instance of an Action as it is deployed: dist/<name>.js with the dependencies that a0deploy.yaml declares. */
export const loadBuilt = (name: string): LoadedAction => {
  const entry = readManifest().actions.find((action) => action.name === name);
  if (!entry) throw new Error(`a0deploy.yaml has no Action "${name}"`);
  return loadAction(toSource(entry, readFileSync(path.join(ROOT, entry.code), 'utf8')));
};

/** What an entry would deploy, of an Action for a chosen set as well. */
export const readSource = async (entry: ActionEntry): Promise<ActionSource> =>
  toSource(entry, await readBuiltCode(entry));

const toSource = ({ name, dependencies }: ActionEntry, code: string): ActionSource => ({
  name,
  code,
  dependencies: dependencies.map((dependency) => dependency.name),
});
