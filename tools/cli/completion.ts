/** Scripts that complete commands, options and names of Actions with Tab, made of the commands themselves. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

interface Word {
  readonly word: string;
  readonly description: string;
}

interface CompletedCommand extends Word {
  readonly options: readonly Word[];
  /** Empty for a command without such an argument. */
  readonly actions: readonly string[];
}

export const toCompletion = (
  shell: Shell,
  program: CommandUnknownOpts,
  actionNames: readonly string[],
): string => {
  const commands = program.commands.map((command): CompletedCommand => {
    const takesActions = command.registeredArguments.some((argument) => /^actions?$/.test(argument.name()));
    return {
      word: command.name(),
      description: command.summary(),
      options: command.createHelp().visibleOptions(command).flatMap(toWord),
      actions: takesActions ? actionNames : [],
    };
  });
  return SCRIPTS[shell](program.name(), commands);
};

const toWord = ({
  long,
  description,
}: {
  long?: string | undefined;
  description: string;
}): readonly Word[] => (long ? [{ word: long, description: description.replace(/\s+/g, ' ') }] : []);

type ToScript = (program: string, commands: readonly CompletedCommand[]) => string;

const toFunctionName = (program: string): string => `_${program.replaceAll('-', '_')}`;

const getWords = ({ options, actions }: CompletedCommand): readonly string[] => [
  ...actions,
  ...options.map(({ word }) => word),
];

/** Where no word fits, a value of an option for example, bash completes names of files. */
const toBash: ToScript = (program, commands) => {
  const name = toFunctionName(program);
  const cases = commands.map((command) => `    ${command.word}) words='${getWords(command).join(' ')}' ;;`);
  return `${name}() {
  local words='${commands.map(({ word }) => word).join(' ')}'
  if ((COMP_CWORD > 1)); then
    words=
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F ${name} ${program}`;
};

/** `word:description`, quoted. */
const toZshWord = ({ word, description }: Word): string =>
  quote(`${word.replaceAll(':', '\\:')}${description ? `:${description}` : ''}`);

const toZsh: ToScript = (program, commands) => {
  const name = toFunctionName(program);
  const cases = commands.map(({ word, options, actions }) => {
    const words = [...actions.map((action) => ({ word: action, description: '' })), ...options];
    return `    ${word}) candidates=(${words.map(toZshWord).join(' ')}) ;;`;
  });
  return `#compdef ${program}
${name}() {
  local -a candidates
  if ((CURRENT == 2)); then
    candidates=(${commands.map(toZshWord).join(' ')})
  else
    case "\${words[2]}" in
${cases.join('\n')}
    esac
  fi
  _describe ${program} candidates || _files
}
compdef ${name} ${program}`;
};

const toFish: ToScript = (program, commands) =>
  commands
    .flatMap(({ word, description, options, actions }) => [
      `complete -c ${program} -n __fish_use_subcommand -f -a ${word} -d ${quote(description)}`,
      ...(actions.length > 0
        ? [`complete -c ${program} -n '__fish_seen_subcommand_from ${word}' -f -a '${actions.join(' ')}'`]
        : []),
      ...options.map(
        (option) =>
          `complete -c ${program} -n '__fish_seen_subcommand_from ${word}' -l ${option.word.slice(2)} -d ${quote(option.description)}`,
      ),
    ])
    .join('\n');

/** For a shell; fish reads it in the same way. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const SCRIPTS: Record<Shell, ToScript> = { bash: toBash, zsh: toZsh, fish: toFish };
