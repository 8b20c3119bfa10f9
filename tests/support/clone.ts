/** A copy of the clone, in which a test may write source files. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../tools/shared/manifest.ts';
import { type CommandResult, startCommand } from './command.ts';

/** What is installed, as opposed to what is in the repository. */
const INSTALLED = ['node_modules', 'tools/cli/node_modules'];

/** Only of what git knows: a developer may keep secrets next to it. Returns its path. */
export const copyClone = async (): Promise<string> => {
  const copy = mkdtempSync(path.join(tmpdir(), 'clone-'));
  const git = await promisify(execFile)('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    cwd: ROOT,
  });
  for (const file of git.stdout.split('\0').filter((name) => existsSync(path.join(ROOT, name)))) {
    if (file) cpSync(path.join(ROOT, file), path.join(copy, file));
  }
  for (const folder of INSTALLED) {
    if (existsSync(path.join(ROOT, folder))) symlinkSync(path.join(ROOT, folder), path.join(copy, folder));
  }
  return copy;
};

export const runInCopy = (
  copy: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> =>
  startCommand(args, { cwd: copy, env, bin: path.join(copy, 'tools/cli/bin/auth0-login-analytics.js') });

export const runNodeIn = (copy: string, ...args: string[]): Promise<{ code: number; out: string }> =>
  new Promise((resolve) => {
    // Without what vitest sets for its own children.
    const options = { cwd: copy, env: { PATH: process.env.PATH, NO_COLOR: '1' } };
    const child = execFile(process.execPath, args, options, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out: out + err }),
    );
  });
