/**
 * Child processes, so that what is measured shares no event loop with what it is measured against. The parent sends one
 * task, and the child reports messages until it exits.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import path from 'node:path';
import { ROOT } from '../shared/manifest.ts';

export interface Child<Message> {
  /** Every message, until the process exits. Throws if it fails. */
  readonly messages: AsyncGenerator<Message, void>;
  /** The first message, from a process that serves until it is killed. */
  ready(): Promise<Message>;
  kill(): void;
}

/** Starts a file of this folder, and sends it a task. */
export const startChild = <Message>(
  file: string,
  task: object,
  {
    nodeFlags = [],
    env = {},
  }: { nodeFlags?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Child<Message> => {
  const child = fork(path.join(import.meta.dirname, file), {
    cwd: ROOT,
    execArgv: ['--import', 'tsx', ...nodeFlags],
    env: { ...process.env, ...env },
  });
  const received = on(child, 'message', { close: ['disconnect'] });
  const exit = once(child, 'exit');
  child.send(task);
  const messages = readMessages<Message>(child, file, received, exit);
  return {
    messages,
    async ready() {
      const { value } = await messages.next();
      if (value === undefined) throw new Error(`${file} exited before it was ready`);
      return value;
    },
    kill: () => child.kill(),
  };
};

/** In the child: waits for the task, and exits when the parent does. */
export const receiveTask = async <Task>(): Promise<Task> => {
  process.once('disconnect', () => process.exit());
  const [task] = await once(process, 'message');
  return task;
};

/** In the child: sends a message to the parent. */
export const report = <Message>(message: Message): void => {
  process.send?.(message);
};

async function* readMessages<Message>(
  child: ChildProcess,
  file: string,
  received: AsyncIterable<unknown[]>,
  exit: Promise<unknown[]>,
): AsyncGenerator<Message, void> {
  try {
    for await (const [message] of received) yield message as Message;
    const [code, signal] = await exit;
    if (code !== 0) throw new Error(`${file} exited with ${signal ?? `code ${code}`}`);
  } finally {
    child.kill();
  }
}
