/** Commands that documents and examples show, held against those that exist. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../tools/shared/manifest.ts';
import { getCodeBlocks, getInlineCode } from './markdown.ts';

const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

/** What can follow `npm`. */
const NPM_COMMANDS = ['ci', 'start', 'test'];

/** Lines of shell, in blocks and within sentences, with continued lines joined. */
export const getShellCommands = (markdown: string): string[] =>
  [...getCodeBlocks(markdown, 'sh'), ...getInlineCode(markdown)]
    .flatMap((code) => code.replaceAll('\\\n', ' ').split(/\n|&&|;/))
    .map((line) => line.trim().replace(/^\(|\)$/g, ''));

/** The name of a command of ours, and its arguments; undefined for what others provide. */
const toOwnCommand = (line: string): readonly [name: string, ...args: string[]] | undefined => {
  const [, script, cli, args = ''] =
    /^(?:npm (?:run (?:-s )?)?([\w:-]+)(?= |$)|npx auth0-login-analytics(?:-cli)? (\w+)(?= |$))(.*)/.exec(
      line,
    ) ?? [];
  const name = script ?? cli;
  return name === undefined ? undefined : [name, ...args.split(' ').filter((arg) => arg && arg !== '--')];
};

/** The source of the command, in which the text for --help lists its options. */
const findSource = (name: string): string | undefined => {
  const script = /tsx (\S+)/.exec(scripts[name])?.[1] ?? `tools/cli/commands/${name}.ts`;
  const file = path.join(ROOT, script);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
};

/** What is wrong with a command of ours; undefined if nothing is, or if it is not ours. */
export const findProblem = (line: string): string | undefined => {
  const [name, ...args] = toOwnCommand(line) ?? [];
  if (name === undefined) return undefined;
  if (
    line.startsWith('npm run') ? !(name in scripts) : line.startsWith('npm') && !NPM_COMMANDS.includes(name)
  )
    return `${line}: there is no such script`;
  const source = findSource(name);
  if (line.startsWith('npx') && source === undefined) return `${line}: there is no such command`;
  const unknown = args.find((arg) => arg.startsWith('--') && !source?.includes(arg));
  return unknown && `${line}: there is no option ${unknown}`;
};
