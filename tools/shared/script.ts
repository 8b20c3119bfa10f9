/** The command line of the maintainers' scripts. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './usage-error.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Exit code of a command line that was not understood, or lacks something. */
const USAGE_EXIT_CODE = 2;

/** Runs a script with the arguments of the process, which exits with the code that it resolves with. */
export const runScript = async <T extends Options>(
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

const parse = <T extends Options>(options: T) => parseArgs({ options, allowPositionals: true, strict: true });

const isParseError = (error: unknown): error is Error =>
  error instanceof TypeError && String(Reflect.get(error, 'code')).startsWith('ERR_PARSE_ARGS');
