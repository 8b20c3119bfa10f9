/** Processes of our own: what is measured shares no event loop with what it is measured against. */
import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import path from 'node:path';
import { ROOT } from '../shared/manifest.ts';

export interface Child<Message> {
  /** What the process sends, until it ends. Throws if it fails. */
  readonly messages: AsyncGenerator<Message, void>;
  end(): void;
}

/** Starts a file of this folder, and passes it something, which it gets from `input`. */
export const startChild = <Message>(
  file: string,
  input: object,
  { flags = [], env = {} }: { flags?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Child<Message> => {
  const child = fork(path.join(import.meta.dirname, file), {
    cwd: ROOT,
    execArgv: ['--import', 'tsx', ...flags],
    env: { ...process.env, ...env },
  });
  const messages = on(child, 'message', { close: ['disconnect'] });
  const exit = once(child, 'exit');
  child.send(input);
  return { messages: read<Message>(child, file, messages, exit), end: () => child.kill() };
};

/** For the other side: what the process was passed. It ends with the one that started it. */
export const input = async <Input>(): Promise<Input> => {
  process.once('disconnect', () => process.exit());
  const [message] = await once(process, 'message');
  return message;
};

/** For the other side: sends to the one that started the process. */
export const output = (message: unknown): void => {
  process.send?.(message);
};

async function* read<Message>(
  child: ChildProcess,
  file: string,
  messages: AsyncIterable<unknown[]>,
  exit: Promise<unknown[]>,
): AsyncGenerator<Message, void> {
  try {
    for await (const [message] of messages) yield message as Message;
    const [code, signal] = await exit;
    if (code !== 0) throw new Error(`${file} ended with ${signal ?? `exit code ${code}`}`);
  } finally {
    child.kill();
  }
}
