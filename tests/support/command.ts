/** The command line tools, without a terminal, and with no more of an environment than is given. */
import { type ChildProcess, execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { vi } from 'vitest';
import { ROOT } from '../../tools/shared/manifest.ts';
import { fetchTrusting } from '../../tools/simulator/auth0/management-api/fetch.ts';

export interface Command {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const fileOf = (tool: string): string => path.join(ROOT, `tools/cli/commands/${tool}.ts`);

/** Its address, as a tool may run in any folder. */
const TSX = pathToFileURL(path.join(ROOT, 'node_modules/tsx/dist/loader.mjs')).href;

/** As a person runs it: in a process of its own, which takes seconds to start. */
export const startTool = (
  tool: string,
  { args = [], env = {}, cwd = ROOT }: Command,
  onStart?: (child: ChildProcess) => void,
): Promise<Ended> =>
  new Promise((resolve) => {
    const command = ['--import', TSX, fileOf(tool), ...args];
    const options = { cwd, env: { PATH: process.env.PATH, ...env } };
    const child = execFile(process.execPath, command, options, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
    onStart?.(child);
  });

/** The same within this process, one at a time: for what does not depend on how a process starts and ends. */
export const callTool = async (
  tool: string,
  { args = [], env = {}, cwd = ROOT }: Command,
): Promise<Ended> => {
  const before = {
    argv: process.argv,
    cwd: process.cwd(),
    env: { ...process.env },
    exitCode: process.exitCode,
  };
  const listeners = process.listeners('SIGINT');
  let [out, err] = ['', ''];
  const log = vi.spyOn(console, 'log').mockImplementation((...line) => {
    out += `${format(...line)}\n`;
  });
  const error = vi.spyOn(console, 'error').mockImplementation((...line) => {
    err += `${format(...line)}\n`;
  });
  setEnvironment(env);
  process.chdir(cwd);
  process.argv = [process.execPath, fileOf(tool), ...args];
  if (env.NODE_EXTRA_CA_CERTS)
    vi.stubGlobal('fetch', fetchTrusting(readFileSync(env.NODE_EXTRA_CA_CERTS, 'utf8')));
  try {
    vi.resetModules();
    await import(`../../tools/cli/commands/${tool}.ts`);
    return { code: Number(process.exitCode ?? 0), out, err };
  } finally {
    vi.unstubAllGlobals();
    Object.assign(process, { argv: before.argv, exitCode: before.exitCode });
    process.chdir(before.cwd);
    setEnvironment(before.env);
    error.mockRestore();
    log.mockRestore();
    for (const listener of process.listeners('SIGINT')) {
      if (!listeners.includes(listener)) process.off('SIGINT', listener);
    }
  }
};

const setEnvironment = (env: Command['env']): void => {
  for (const name of Object.keys(process.env)) delete process.env[name];
  for (const [name, value] of Object.entries(env ?? {})) if (value !== undefined) process.env[name] = value;
};
