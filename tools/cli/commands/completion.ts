/** `auth0-login-analytics completion`: prints a script that makes Tab complete its command line. */
import { Argument, type Command } from '@commander-js/extra-typings';
import { SHELLS, toCompletion } from '../completion.ts';
import type { Context } from '../context.ts';
import { toHelpText } from '../help.ts';
import { getActionNames } from '../select-actions.ts';

export const addCommand = (program: Command, context: Context): void => {
  program
    .command('completion')
    .summary('print a script that completes commands with Tab')
    .description(
      'Prints a script for a shell, with which Tab completes commands, options and names of Actions, those of your own sets among them.',
    )
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText(
      'after',
      toHelpText(
        'bash: source <(auth0-login-analytics completion bash), in ~/.bashrc',
        'zsh: source <(auth0-login-analytics completion zsh), in ~/.zshrc after compinit',
        'fish: auth0-login-analytics completion fish | source, in ~/.config/fish/config.fish',
        'Exits with 0 if the script is printed, 2 for another shell.',
      ),
    )
    .action((shell) => context.print(toCompletion(shell, program, getActionNames(context))));
};
