/** a0deploy.yaml: what there is to deploy. https://auth0.com/docs/deploy-monitor/deploy-cli-tool */
import { readFileSync } from 'node:fs';
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
}

/** The root of the package. */
export const ROOT = path.resolve(import.meta.dirname, '../..');

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
