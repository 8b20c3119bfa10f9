/** `auth0-login-analytics bind`: adds Actions to the tenant's post-login flow. */
import type { Command } from '@commander-js/extra-typings';
import type { ManagementClient } from 'auth0';
import { toCommandLine } from '../command-line.ts';
import type { Context } from '../context.ts';
import { toHelpText } from '../help.ts';
import { type Binding, changeFlow, type FlowChange, runFlowCommand } from '../login-flow.ts';
import { poll } from '../poll.ts';
import { getActionNames } from '../select-actions.ts';
import { listActions } from '../tenant-actions.ts';
import { toCredentialsHelp } from '../tenant-connection.ts';
import { TenantError } from '../tenant-error.ts';

/** https://auth0.com/docs/customize/actions/limitations */
const FLOW_LIMIT_ACTIONS = 20;
/** For a deployment that has just been started elsewhere. An Action that was never deployed looks the same. */
const DEPLOYMENT_WAIT_MS = 2_000;

export const addCommand = (program: Command, context: Context): void => {
  program
    .command('bind')
    .summary('add Actions to the post-login flow')
    .description(
      `Adds deployed Actions at the end of the tenant's post-login flow, and prints the flow before and after. Other Actions keep their place and their name. It is safe to repeat.`,
    )
    .argument('<actions...>', getActionNames(context).join(', '))
    .option('--dry-run', 'print the flow before and after, and change nothing')
    .option('--json', 'print the flow before and after as one JSON document')
    .addHelpText(
      'after',
      toHelpText(
        toCredentialsHelp('bind'),
        'Exits with 0 if the Actions are in the flow, 1 if the tenant rejects the change or another user changes the flow at the same time, 2 for a wrong command line.',
      ),
    )
    .action((names, options) => runFlowCommand(context, names, options, bind));
};

/** Adds the Actions that are not bound yet, in this order. */
export const bind = async (
  client: ManagementClient,
  names: readonly string[],
  dryRun = false,
): Promise<FlowChange> => {
  await assertDeployed(client, names);
  return changeFlow(client, dryRun, (flow) => addToFlow(flow, names));
};

/** The flow with the Actions at its end that are not in it. @throws {TenantError} if that is too long. */
export const addToFlow = (flow: readonly Binding[], names: readonly string[]): readonly Binding[] => {
  const added = names.filter((name) => !flow.some(({ action }) => action === name));
  const after = [...flow, ...added.map((name) => ({ id: undefined, action: name, displayName: name }))];
  if (after.length > FLOW_LIMIT_ACTIONS && added.length > 0) {
    throw new TenantError(
      `The flow has ${flow.length} Actions, and ${added.length} more would exceed Auth0's limit of ${FLOW_LIMIT_ACTIONS}. Nothing was bound`,
    );
  }
  return after;
};

const assertDeployed = async (client: ManagementClient, names: readonly string[]): Promise<void> => {
  const findProblems = async () => {
    const actions = await listActions(client);
    return names.flatMap((name) => {
      const action = actions.find((candidate) => candidate.name === name);
      if (action?.deployed_version) return [];
      return { name, action };
    });
  };
  const [first] = await poll(
    findProblems,
    (problems) => problems.every(({ action }) => !action),
    DEPLOYMENT_WAIT_MS,
  );
  if (!first) return;
  const { name, action } = first;
  const problem = action ? 'is not deployed' : 'does not exist';
  throw new TenantError(
    `${name} ${problem} in the tenant, so nothing was bound. Deploy it first: ${toCommandLine('deploy', name)}`,
  );
};
