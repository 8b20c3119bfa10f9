/** What setting up would change, on one screen. */
import type { Management } from 'auth0';
import type { Sink } from '../../../lib/sink.ts';
import { SETS_FILE } from '../../shared/action-sets.ts';
import { type Action, getDeclarations } from '../../shared/catalog.ts';
import type { ActionEntry } from '../../shared/manifest.ts';
import { table } from '../../shared/table.ts';
import { addToFlow } from '../commands/bind.ts';
import { previewChanges } from '../commands/deploy.ts';
import { type Binding, describeFlow, readFlow } from '../login-flow.ts';
import type { Secrets } from '../secret-values.ts';
import type { TenantConnection } from '../tenant-connection.ts';

export interface Plan {
  readonly domain: string;
  readonly action: Action;
  readonly entry: ActionEntry;
  /** What deploying changes; empty if the tenant has the same already. */
  readonly changes: readonly string[];
  /** Undefined if those in the tenant stay. */
  readonly secrets: Secrets | undefined;
  /** Names of secrets in the tenant that were not given, and would be lost. */
  readonly lostSecrets: readonly string[];
  readonly flow: { readonly before: readonly Binding[]; readonly after: readonly Binding[] };
}

export const createPlan = async (
  { client, domain }: TenantConnection,
  action: Action,
  entry: ActionEntry,
  stored: Management.Action | undefined,
  secrets: Secrets | undefined,
): Promise<Plan> => {
  const [preview] = await previewChanges(client, [entry]);
  const before = await readFlow(client);
  const names = (stored?.secrets ?? []).flatMap(({ name }) => name ?? []);
  return {
    domain,
    action,
    entry,
    changes: preview?.changes ?? [],
    secrets,
    lostSecrets: secrets ? names.filter((name) => !(name in secrets)) : [],
    flow: { before, after: addToFlow(before, [entry.name]) },
  };
};

export const describePlan = ({
  domain,
  action,
  entry,
  changes,
  secrets,
  lostSecrets,
  flow,
}: Plan): string => {
  const isBound = flow.after.length === flow.before.length;
  const rows = [
    ['Tenant', domain],
    ['Action', `${action.name}: ${changes.join(', ') || 'deployed already'}`],
    ['Records at', action.sinks.map(({ title }) => title).join('; ')],
    ['Kept in', `${SETS_FILE}, without a secret`],
    ['Dependencies', entry.dependencies.map(({ name, version }) => `${name}@${version}`).join(', ')],
    ['Secrets', secrets ? describeSecrets(action.sinks, secrets) : 'those in the tenant stay'],
    ...(lostSecrets.length > 0 ? [['Deleted', lostSecrets.join(', ')]] : []),
    ['First', 'one event of the user doctor|test to each destination, which stays there'],
    ['Login flow', isBound ? 'as it is:' : 'afterwards:'],
  ];
  return `${table(rows.map(([label = '', text = '']) => [label, text]))}\n${describeFlow(flow.after)}`;
};

/** Values are shown only of settings that hold nothing secret. */
const describeSecrets = (sinks: readonly Sink[], secrets: Secrets): string => {
  const declarations = getDeclarations(sinks);
  return Object.entries(secrets)
    .map(([name, value]) => (declarations[name]?.sensitive === false ? `${name}=${value}` : name))
    .join(', ');
};
