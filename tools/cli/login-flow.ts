/** The tenant's post-login flow: the Actions that every login runs, in order, those of other teams among them. */
import { isDeepStrictEqual } from 'node:util';
import type { ManagementClient } from 'auth0';
import { table } from '../shared/table.ts';
import type { Context } from './context.ts';
import { DEPLOYMENT_TIMEOUT_MS, poll } from './poll.ts';
import { selectActions } from './select-actions.ts';
import { readAll } from './tenant-actions.ts';
import { connect } from './tenant-connection.ts';
import { isNotDeployedYet, TenantError } from './tenant-error.ts';

const TRIGGER = 'post-login';

export interface Binding {
  /** Undefined if it is still to be bound. */
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

export interface FlowOptions {
  readonly dryRun?: true | undefined;
  readonly json?: true | undefined;
}

/** What `bind` and `unbind` have in common. */
export const runFlowCommand = async (
  context: Context,
  names: readonly string[],
  { dryRun, json }: FlowOptions,
  change: (client: ManagementClient, names: readonly string[], dryRun?: boolean) => Promise<FlowChange>,
): Promise<void> => {
  selectActions(names, context);
  const { client } = connect(context);
  const result = await change(client, [...new Set(names)], dryRun);
  context.print(json ? JSON.stringify(result, null, 2) : report(result, dryRun));
};

/**
 * A request to bind replaces the whole flow, and Auth0 has no way to say "if it is still the same". So the flow is read
 * again right before, which leaves the time of one request, and right after.
 * https://auth0.com/docs/api/management/v2/actions/patch-bindings
 */
export const changeFlow = async (
  client: ManagementClient,
  dryRun: boolean,
  edit: Edit,
): Promise<FlowChange> => {
  const before = await readFlow(client);
  const after = edit(before);
  const changed = !isSameFlow(after, before);
  if (!changed || dryRun) return { before, after, changed };

  const rejection = await poll(
    () => writeFlow(client, before, edit),
    (error) => error === undefined,
    DEPLOYMENT_TIMEOUT_MS,
  );
  if (rejection) throw rejection;
  const written = await readFlow(client);
  if (!isSameFlow(written, after)) {
    throw new TenantError(
      `The flow was changed by another user at the same time. Check it in the dashboard. The flow was:\n${describeFlow(before)}\nIt is now:\n${describeFlow(written)}`,
    );
  }
  return { before, after: written, changed };
};

/** Resolves with the error of an Action whose deployment is not in effect yet. */
const writeFlow = async (
  client: ManagementClient,
  before: readonly Binding[],
  edit: Edit,
): Promise<unknown> => {
  const current = await readFlow(client);
  if (!isSameFlow(current, before)) {
    throw new TenantError(
      `The flow was changed by another user in the meantime, so nothing was written. Run the command again. The flow is now:\n${describeFlow(current)}`,
    );
  }
  try {
    await client.actions.triggers.bindings.updateMany(TRIGGER, {
      bindings: edit(current).map(({ id, action, displayName }) => ({
        ref: id ? { type: 'binding_id', value: id } : { type: 'action_name', value: action },
        display_name: displayName,
      })),
    });
    return undefined;
  } catch (error) {
    if (isNotDeployedYet(error)) return error;
    throw error;
  }
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

/** Auth0 renews the ids of bindings that stay, so they say nothing about the flow. */
const isSameFlow = (a: readonly Binding[], b: readonly Binding[]): boolean =>
  isDeepStrictEqual(a.map(withoutId), b.map(withoutId));

const withoutId = ({ id, ...binding }: Binding) => binding;

export const describeFlow = (flow: readonly Binding[]): string => {
  if (flow.length === 0) return '   (no Action)';
  const rows = flow.map(({ action, displayName }, index) => [
    String(index + 1).padStart(4),
    displayName,
    displayName === action ? '' : `(${action})`,
  ]);
  return table(rows).replace(/ +$/gm, '');
};

const report = ({ before, after, changed }: FlowChange, dryRun = false): string => {
  if (!changed) return `The post-login flow is unchanged:\n${describeFlow(before)}`;
  const heading = dryRun ? 'It would be, but nothing was changed' : 'It is now';
  return `The post-login flow was:\n${describeFlow(before)}\n${heading}:\n${describeFlow(after)}`;
};
