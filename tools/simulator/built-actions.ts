import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, readManifest } from '../shared/manifest.ts';
import { type LoadedAction, loadAction } from './auth0/runtime.ts';

/** A fresh instance of an Action as it is deployed: dist/<name>.js with the dependencies that a0deploy.yaml declares. */
export const loadBuilt = (name: string): LoadedAction => {
  const entry = readManifest().actions.find((action) => action.name === name);
  if (!entry) throw new Error(`a0deploy.yaml has no Action "${name}"`);
  return loadAction({
    name,
    code: readFileSync(path.join(ROOT, entry.code), 'utf8'),
    dependencies: entry.dependencies.map((dependency) => dependency.name),
  });
};
