/** Questions to the operator, on stderr: what is printed as the result stays pure. */
import checkbox from '@inquirer/checkbox';
import confirm from '@inquirer/confirm';
import input from '@inquirer/input';
import password from '@inquirer/password';
import type { Context } from './context.ts';

interface Streams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/** Asks a question that is answered with yes or no, no by default. */
export const ask = (context: Context, message: string, defaultAnswer = false): Promise<boolean> =>
  prompt(context, (streams) => confirm({ message, default: defaultAnswer }, streams));

interface TextQuestion {
  readonly message: string;
  readonly defaultValue?: string | undefined;
  /** What is wrong with an answer; undefined if nothing is. */
  getProblem(answer: string): string | undefined;
}

/** For the library, which wants true where nothing is wrong. */
const toValidate =
  (getProblem: TextQuestion['getProblem']) =>
  (answer: string): string | true =>
    getProblem(answer.trim()) ?? true;

/** Asks for a string, which is checked when Enter is pressed. */
export const askText = async (context: Context, question: TextQuestion): Promise<string> => {
  const { message, defaultValue, getProblem } = question;
  const validate = toValidate(getProblem);
  const options = { message, validate, ...(defaultValue !== undefined && { default: defaultValue }) };
  return (await prompt(context, (streams) => input(options, streams))).trim();
};

/** The same for a string that is never shown. */
export const askHidden = async (context: Context, { message, getProblem }: TextQuestion): Promise<string> => {
  const validate = toValidate(getProblem);
  return (await prompt(context, (streams) => password({ message, mask: '*', validate }, streams))).trim();
};

interface Choice {
  readonly value: string;
  readonly description: string;
  readonly checked?: boolean;
}

/** Asks for any number of choices. */
export const choose = (
  context: Context,
  message: string,
  choices: readonly Choice[],
  isRequired = false,
): Promise<readonly string[]> =>
  prompt(context, (streams) => checkbox({ message, choices, required: isRequired, loop: false }, streams));

const prompt = async <T>(
  { io: { stdin, stderr } }: Context,
  show: (streams: Streams) => Promise<T>,
): Promise<T> => {
  const controller = new AbortController();
  // The library handles Ctrl+C alone: after Ctrl+D it would wait for ever.
  const onKeypress = (_: unknown, { ctrl, name }: { ctrl?: boolean; name?: string }) => {
    if (ctrl && name === 'd') controller.abort();
  };
  stdin.on('keypress', onKeypress);
  try {
    return await show({ input: stdin, output: stderr, signal: controller.signal });
  } finally {
    stdin.off('keypress', onKeypress);
  }
};
