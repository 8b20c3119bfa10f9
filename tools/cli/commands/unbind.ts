/** `auth0-login-analytics unbind`: removes Actions from the tenant's post-login flow. */
import type { Command } from '@commander-js/extra-typings';
import type { ManagementClient } from 'auth0';
import type { Context } from '../context.ts';
import { toHelpText } from '../help.ts';
import { changeFlow, type FlowChange, runFlowCommand } from '../login-flow.ts';
import { getActionNames } from '../select-actions.ts';
import { toCredentialsHelp } from '../tenant-connection.ts';

export const addCommand = (program: Command, context: Context): void => {
  program
    .command('unbind')
    .summary('remove Actions from the post-login flow')
    .description(
      `Removes Actions from the tenant's post-login flow, and prints the flow before and after. They stay deployed, and other Actions keep their place and their name. It is safe to repeat.`,
    )
    .argument('<actions...>', getActionNames(context).join(', '))
    .option('--dry-run', 'print the flow before and after, and change nothing')
    .option('--json', 'print the flow before and after as one JSON document')
    .addHelpText(
      'after',
      toHelpText(
        toCredentialsHelp('unbind'),
        'Exits with 0 if the Actions are not in the flow, 1 if the tenant rejects the change or another user changes the flow at the same time, 2 for a wrong command line.',
      ),
    )
    .action((names, options) => runFlowCommand(context, names, options, unbind));
};

/** Removes the Actions that are bound. */
export const unbind = (
  client: ManagementClient,
  names: readonly string[],
  dryRun = false,
): Promise<FlowChange> =>
  changeFlow(client, dryRun, (flow) => flow.filter(({ action }) => !names.includes(action)));
