/** What the command line tools share. */
import { readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Something the person at the keyboard can put right: the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Exit code for a command that was not understood, or lacks what it needs. */
const USAGE_EXIT_CODE = 2;

/** Runs a tool with its arguments, and exits with the code it returns. */
export const runTool = async <T extends NonNullable<ParseArgsConfig['options']>>(
  help: string,
  options: T,
  main: (args: ReturnType<typeof parse<T>>) => Promise<number>,
): Promise<void> => {
  if (process.argv.includes('--help')) {
    console.log(help);
    return;
  }
  try {
    process.exitCode = await main(parse(options));
  } catch (error) {
    if (!(error instanceof UsageError) && !isParseError(error)) throw error;
    console.error(`${error.message}\nSee --help.`);
    process.exitCode = USAGE_EXIT_CODE;
  }
};

const parse = <T extends NonNullable<ParseArgsConfig['options']>>(options: T) =>
  parseArgs({ options, allowPositionals: true, strict: true });

const isParseError = (error: unknown): error is Error =>
  error instanceof TypeError && String(Reflect.get(error, 'code')).startsWith('ERR_PARSE_ARGS');

/** The JSON object in a file. Errors name the file, never its content, which may be secret. */
export const readJsonObject = (file: string): Record<string, unknown> => {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const code = Reflect.get(Object(error), 'code');
    throw new UsageError(code ? `Cannot read ${file}: ${code}` : `${file} is not valid JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${file} does not hold a JSON object`);
  }
  return { ...value };
};
