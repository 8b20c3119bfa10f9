/** The command line, with no more of an environment than a test gives. */
import { type ChildProcess, execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { Io } from '../../tools/cli/context.ts';
import { run } from '../../tools/cli/main.ts';
import { ROOT } from '../../tools/shared/manifest.ts';
import { fetchTrusting } from '../../tools/simulator/auth0/management-api/fetch.ts';

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `auth0-login-analytics` within this process, without a terminal. */
export const runCommand = async (
  args: readonly string[],
  { env = {}, cwd = ROOT }: CommandOptions = {},
  stdin: Io['stdin'] = new PassThrough(),
  stderr: PassThrough = new PassThrough(),
): Promise<CommandResult> => {
  const stdout = new PassThrough();
  const [out, err] = [collect(stdout), collect(stderr)];
  const certificate = env.NODE_EXTRA_CA_CERTS;
  const code = await run(args, {
    env,
    cwd: () => cwd,
    stdin,
    stdout,
    stderr,
    ...(certificate && { fetch: fetchTrusting(readFileSync(certificate, 'utf8')) }),
  });
  return { code, out: out(), err: err() };
};

const BIN = path.join(ROOT, 'tools/cli/bin/auth0-login-analytics.js');

/**
 * Runs it as an operator does, in a process of its own, which takes a second to start.
 * @param bin by default that of the clone.
 */
export const startCommand = (
  args: readonly string[],
  { env = {}, cwd = ROOT, bin = BIN }: CommandOptions & { readonly bin?: string } = {},
  onStart?: (child: ChildProcess) => void,
): Promise<CommandResult> =>
  new Promise((resolve) => {
    const options = { cwd, env: { PATH: process.env.PATH, ...env } };
    const child = execFile(process.execPath, [bin, ...args], options, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
    onStart?.(child);
  });

/** A folder that lives as long as its test. */
export const createFolder = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'command-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

/** A file that lives as long as its test; content other than a string is written as JSON. Returns its path. */
export const createFile = (name: string, content: unknown): string => {
  const file = path.join(createFolder(), name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};

const collect = (stream: PassThrough): (() => string) => {
  let text = '';
  stream.on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
};
