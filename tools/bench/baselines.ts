/** The baselines: alternatives to an Action. Each file of baselines/ creates a function that records one login. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const FOLDER = path.join(import.meta.dirname, 'baselines');

/** The request of an Action, which the baselines send as well. */
export interface CapturedRequest {
  readonly url: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type BaselineOptions = CapturedRequest & { readonly strictSSL?: boolean };

/** Rejects if the login was not recorded. */
export type RecordLogin = () => Promise<void>;

export const toBaselineFile = (name: string): string => path.join(FOLDER, `${name}.cjs`);

export const loadBaseline = (name: string, options: BaselineOptions): RecordLogin =>
  createRequire(import.meta.url)(toBaselineFile(name))(options);

/** The retired libraries have known vulnerabilities, so they are installed only where they are measured. */
export const installBaselines = (): void => {
  if (existsSync(path.join(FOLDER, 'node_modules'))) return;
  console.error('Installing the retired libraries into tools/bench/baselines (npm ci)');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, stdio: ['ignore', 2, 2] });
};
