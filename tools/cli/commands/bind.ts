/** `npm run bind` and `npm run unbind`: our Actions in a tenant's post-login flow, beside everybody else's. */
import { isDeepStrictEqual } from 'node:util';
import type { ManagementClient } from 'auth0';
import { table } from '../../shared/table.ts';
import { UsageError } from '../command.ts';
import { connect, credentialsHelp, readAll, runTenantTool, TenantError } from '../tenant-connection.ts';
import { listActions, selectActions } from './deploy.ts';

const HELP = `Usage: npm run bind -- <actions…> [--dry-run] [--json]
       npm run unbind -- <actions…> [--dry-run] [--json]

Adds Actions at the end of the tenant's post-login flow, or takes them out of it, and prints the flow before and after.
What else is bound keeps its place and its name. Twice does no more than once.

  --dry-run   print the flow before and after, and change nothing
  --json      print it as one JSON document
  --help      this text

${credentialsHelp('bind')}

Exits with 0 if the flow is as you want it, 1 if the tenant refuses or somebody else changes the flow at the same time,
2 for a wrong command.`;

/** https://auth0.com/docs/customize/actions/limitations */
const FLOW_LIMIT_ACTIONS = 20;

const TRIGGER = 'post-login';

export interface Binding {
  /** Undefined for one that is to come. */
  readonly id: string | undefined;
  readonly action: string;
  readonly displayName: string;
}

export interface FlowChange {
  readonly before: readonly Binding[];
  readonly after: readonly Binding[];
  readonly changed: boolean;
}

type Edit = (flow: readonly Binding[]) => readonly Binding[];

/** Adds the Actions that are not bound, in this order. */
export const bind = async (
  client: ManagementClient,
  names: readonly string[],
  dryRun = false,
): Promise<FlowChange> => {
  const actions = await listActions(client);
  for (const name of names) {
    const action = actions.find((candidate) => candidate.name === name);
    const problem = action ? 'is not deployed' : 'does not exist';
    if (!action?.deployed_version) {
      throw new TenantError(
        `${name} ${problem} in the tenant, and nothing was bound. First: npm run deploy -- ${name}`,
      );
    }
  }
  return change(client, dryRun, (flow) => {
    const added = names.filter((name) => !flow.some(({ action }) => action === name));
    const after = [...flow, ...added.map((name) => ({ id: undefined, action: name, displayName: name }))];
    if (after.length > FLOW_LIMIT_ACTIONS && added.length > 0) {
      throw new TenantError(
        `The flow has ${flow.length} Actions, and ${added.length} more would be over Auth0's limit of ${FLOW_LIMIT_ACTIONS}. Nothing was bound`,
      );
    }
    return after;
  });
};

/** Takes the Actions out. */
export const unbind = (
  client: ManagementClient,
  names: readonly string[],
  dryRun = false,
): Promise<FlowChange> =>
  change(client, dryRun, (flow) => flow.filter(({ action }) => !names.includes(action)));

/**
 * A request to bind replaces the whole flow, and Auth0 has no way to say "if it is still the same". So the flow is read
 * again right before, which leaves the time of one request, and right after.
 * https://auth0.com/docs/api/management/v2/actions/patch-bindings
 */
const change = async (client: ManagementClient, dryRun: boolean, edit: Edit): Promise<FlowChange> => {
  const before = await readFlow(client);
  const after = edit(before);
  const changed = !isDeepStrictEqual(after, before);
  if (!changed || dryRun) return { before, after, changed };

  const now = await readFlow(client);
  if (!isDeepStrictEqual(now, before)) {
    throw new TenantError(
      `Somebody else has changed the flow meanwhile, so nothing was written. Run this again. It is now:\n${describe(now)}`,
    );
  }
  await client.actions.triggers.bindings.updateMany(TRIGGER, {
    bindings: after.map(({ id, action, displayName }) => ({
      ref: id ? { type: 'binding_id', value: id } : { type: 'action_name', value: action },
      display_name: displayName,
    })),
  });
  const written = await readFlow(client);
  if (!isDeepStrictEqual(withoutNewIds(written, before), after)) {
    throw new TenantError(
      `Somebody else has changed the flow at the same time. Check it in the dashboard. It was:\n${describe(before)}\nIt is now:\n${describe(written)}`,
    );
  }
  return { before, after: written, changed };
};

/** What the post-login flow runs, in order. */
export const readFlow = async (client: ManagementClient): Promise<readonly Binding[]> => {
  const bindings = await readAll(await client.actions.triggers.bindings.list(TRIGGER, { per_page: 50 }));
  return bindings.map(({ id, action, display_name }) => ({
    id,
    action: action?.name ?? '',
    displayName: display_name ?? '',
  }));
};

const withoutNewIds = (flow: readonly Binding[], known: readonly Binding[]): readonly Binding[] =>
  flow.map((binding) =>
    known.some(({ id }) => id === binding.id) ? binding : { ...binding, id: undefined },
  );

const describe = (flow: readonly Binding[]): string =>
  flow.length === 0
    ? '   (no Action)'
    : table(
        flow.map(({ action, displayName }, i) => [
          String(i + 1).padStart(4),
          displayName,
          displayName === action ? '' : `(${action})`,
        ]),
      ).replace(/ +$/gm, '');

const report = ({ before, after, changed }: FlowChange, dryRun: boolean): string => {
  if (!changed) return `The post-login flow stays as it is:\n${describe(before)}`;
  const title = dryRun ? 'It would be, but nothing was changed' : 'It is now';
  return `The post-login flow was:\n${describe(before)}\n${title}:\n${describe(after)}`;
};

if (process.argv[1] === import.meta.filename) {
  await runTenantTool(
    HELP,
    { unbind: { type: 'boolean' }, 'dry-run': { type: 'boolean' }, json: { type: 'boolean' } },
    async ({ values, positionals }) => {
      const command = values.unbind ? unbind : bind;
      if (positionals.length === 0) {
        throw new UsageError(
          `Name Actions: ${selectActions([])
            .map(({ name }) => name)
            .join(', ')}`,
        );
      }
      selectActions(positionals);
      const { client } = connect();
      const dryRun = values['dry-run'] ?? false;
      const result = await command(client, [...new Set(positionals)], dryRun);
      console.log(values.json ? JSON.stringify(result, null, 2) : report(result, dryRun));
      return 0;
    },
  );
}
