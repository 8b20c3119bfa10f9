/** `auth0-login-analytics <command>`. Nothing runs on import. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError } from '@commander-js/extra-typings';
import { ROOT } from '../shared/manifest.ts';
import { UsageError } from '../shared/usage-error.ts';
import { toCommandLine } from './command-line.ts';
import { Context, type Io } from './context.ts';
import { FileError } from './file-error.ts';
import { INTERRUPTED_EXIT_CODE, isInterruption } from './interruption.ts';

/** Loaded when they are needed: the Auth0 SDK alone takes half a second. */
const COMMANDS = {
  setup: () => import('./commands/setup.ts'),
  start: () => import('./commands/start.ts'),
  try: () => import('./commands/try.ts'),
  deploy: () => import('./commands/deploy.ts'),
  secrets: () => import('./commands/secrets.ts'),
  bind: () => import('./commands/bind.ts'),
  unbind: () => import('./commands/unbind.ts'),
  doctor: () => import('./commands/doctor.ts'),
  backfill: () => import('./commands/backfill.ts'),
  new: () => import('./commands/new.ts'),
  completion: () => import('./commands/completion.ts'),
};

type CommandName = keyof typeof COMMANDS;

const FAILURE_EXIT_CODE = 1;
/** For a command line that was not understood, or lacks something. */
const USAGE_EXIT_CODE = 2;

/** Runs the command line of a process. */
export const main = async (): Promise<void> => {
  // A reader that has seen enough, `| head` for example, closes the pipe, and that is no error.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  process.exitCode = await run(process.argv.slice(2), process);
};

/** Runs a command line. Resolves with the exit code. */
export const run = async (argv: readonly string[], io: Io): Promise<number> => {
  const context = new Context(io);
  const name = argv.find(isCommandName);
  try {
    const program = await createProgram(context, name);
    if (name) assertNpmPassedOptions(argv, name, program, context);
    if (argv.includes('--json')) warnOfBanner(context);
    await program.parseAsync(argv, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    const usage = getUsageProblem(error);
    if (usage !== undefined) {
      context.printError(
        `error: ${usage}${/[.?)]$/.test(usage) ? '' : '.'} See ${toHelpCommand(name, io.env)}`,
      );
      return USAGE_EXIT_CODE;
    }
    return getExitCode(error, context);
  }
};

const isCommandName = (word: string): word is CommandName => Object.hasOwn(COMMANDS, word);

/** With the named command, or with all of them. */
const createProgram = async (context: Context, name: CommandName | undefined): Promise<Command> => {
  const { stdout, stderr } = context.io;
  const program = new Command('auth0-login-analytics')
    .version(readVersion())
    .description('Records every sign-up and login of an Auth0 tenant in the tools that you already use.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // An error is reported once, with what to do about it.
      outputError: () => {},
    });
  const isOne = name !== undefined && name !== 'completion';
  const names = isOne ? [name] : (Object.keys(COMMANDS) as CommandName[]);
  const modules = await Promise.all(names.map((each) => COMMANDS[each]()));
  for (const { addCommand } of modules) addCommand(program, context);
  return program;
};

/** The packages of the command line and of the Actions are published together. */
const readVersion = (): string => JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')).version;

/** Options that npm knows as well, and that do no harm where they are missing. */
const HARMLESS_OPTIONS = ['--yes', '--json'];

/** npm keeps the options before `--` to itself: of `npm run deploy splunk --dry-run` a real deployment would be left. */
const assertNpmPassedOptions = (
  argv: readonly string[],
  name: CommandName,
  program: Command,
  { env }: Context,
): void => {
  if (env.npm_lifecycle_event !== name) return;
  const options = program.commands.flatMap(({ options }) => options.flatMap(({ long }) => long ?? []));
  const lost = options.filter(
    (option) =>
      !HARMLESS_OPTIONS.includes(option) &&
      !argv.some((word) => word.startsWith(option)) &&
      env[`npm_config_${option.slice(2).replaceAll('-', '_')}`],
  );
  if (lost.length === 0) return;
  throw new UsageError(`npm keeps ${lost.join(', ')} to itself: write npm run ${name} -- before it`);
};

/** By then npm has printed its banner to stdout, in front of the JSON, and only its own option keeps it from that. */
const warnOfBanner = (context: Context): void => {
  const { npm_lifecycle_event: script, npm_config_loglevel: level } = context.env;
  if (script === undefined || !isCommandName(script) || level === 'silent' || context.io.stdout.isTTY) return;
  context.printError(`npm has printed two lines before the JSON: npm run -s ${script} -- prints JSON alone`);
};

/** What is wrong with the command line; undefined for any other error. */
const getUsageProblem = (error: unknown): string | undefined => {
  if (error instanceof UsageError) return error.message;
  if (!(error instanceof CommanderError) || isHelp(error)) return undefined;
  return error.message.replace(/^error: /, '').replace(/\.?\n/, ' ');
};

/** Help or version, which have been printed. */
const isHelp = ({ code, exitCode }: CommanderError): boolean => exitCode === 0 || code === 'commander.help';

/** Of an error that is none of the command line's. */
const getExitCode = async (error: unknown, context: Context): Promise<number> => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
  if (isInterruption(error)) return INTERRUPTED_EXIT_CODE;
  const { explainTenantError } = await import('./tenant-error.ts');
  const explanation = error instanceof FileError ? error.message : explainTenantError(error);
  if (explanation === undefined) throw error;
  context.printError(explanation);
  return FAILURE_EXIT_CODE;
};

const toHelpCommand = (name: CommandName | undefined, env: Io['env']): string => {
  if (name && env.npm_lifecycle_event === name) return `npm run ${name} -- --help`;
  return toCommandLine(...(name ? [name] : []), '--help');
};
