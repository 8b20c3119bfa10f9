/** a0deploy.yaml: what there is to deploy. https://auth0.com/docs/deploy-monitor/deploy-cli-tool */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parse } from 'yaml';

export interface ActionEntry {
  readonly name: string;
  /** Path of the built file, from the root of the package. */
  readonly code: string;
  readonly runtime: string;
  readonly deployed: boolean;
  readonly supported_triggers: ReadonlyArray<{ readonly id: string; readonly version: string }>;
  /** npm packages that Auth0 installs for the Action. */
  readonly dependencies: ReadonlyArray<{ readonly name: string; readonly version: string }>;
  /** Of an Action for a chosen set, which is not in a0deploy.yaml: the names of its destinations. */
  readonly destinations?: readonly string[];
}

/** True in a clone, which runs its source; false in an installed command line, which is compiled. */
export const isClone = import.meta.filename.endsWith('.ts');

/** The root of the package with a0deploy.yaml and dist/: of the clone, or of the installed package. */
export const ROOT = isClone
  ? path.resolve(import.meta.dirname, '../..')
  : path.dirname(createRequire(import.meta.url).resolve('auth0-login-analytics/package.json'));

/** https://auth0.com/docs/customize/actions/limitations */
export const ACTION_CODE_LIMIT_BYTES = 100_000;

interface Manifest {
  readonly actions: readonly ActionEntry[];
}

let manifest: Manifest | undefined;

export const readManifest = (): Manifest => {
  manifest ??= parse(readFileSync(path.join(ROOT, 'a0deploy.yaml'), 'utf8')) as Manifest;
  return manifest;
};
