/** What our users would use instead: each file of baselines/ makes a function that records one login. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const FOLDER = path.join(import.meta.dirname, 'baselines');

/** A request that an Action made, for others to repeat. */
export interface Post {
  readonly url: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Rejects if the login was not recorded. */
export type Send = () => Promise<void>;

export const fileOf = (baseline: string): string => path.join(FOLDER, `${baseline}.cjs`);

export const loadOpponent = (baseline: string, options: Post & { strictSSL?: boolean }): Send =>
  createRequire(import.meta.url)(fileOf(baseline))(options);

/** The retired libraries have known vulnerabilities, so nobody gets them but by measuring against them. */
export const installOpponents = (): void => {
  if (existsSync(path.join(FOLDER, 'node_modules'))) return;
  console.error('Installing the retired libraries to compare with, into tools/bench/baselines (npm ci)');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, stdio: ['ignore', 2, 2] });
};
