import confirm from '@inquirer/confirm';
import type { Context } from './context.ts';

/** Asks a question that is answered with yes or no, no by default. */
export const ask = async ({ io: { stdin, stderr } }: Context, message: string): Promise<boolean> => {
  const controller = new AbortController();
  // The library handles Ctrl+C alone: after Ctrl+D it would wait for ever.
  const onKeypress = (_: unknown, { ctrl, name }: { ctrl?: boolean; name?: string }) => {
    if (ctrl && name === 'd') controller.abort();
  };
  stdin.on('keypress', onKeypress);
  try {
    const { signal } = controller;
    return await confirm({ message, default: false }, { input: stdin, output: stderr, signal });
  } finally {
    stdin.off('keypress', onKeypress);
  }
};
