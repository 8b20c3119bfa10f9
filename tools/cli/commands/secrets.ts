/** `npm run secrets`: sets the secrets of a deployed Action, for CI. By hand, Auth0's dashboard is the place. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Management, ManagementClient } from 'auth0';
import { ConfigError } from '../../../lib/errors.ts';
import type { Action } from '../../../lib/record.ts';
import { configured, readSecret, readSecrets } from '../../../lib/secrets.ts';
import { findAction } from '../../shared/catalog.ts';
import { UsageError } from '../command.ts';
import { readEnvironment, readSecretsFile } from '../secret-values.ts';
import { connect, credentialsHelp, refusalOf, runTenantTool, TenantError } from '../tenant-connection.ts';
import { listActions } from './deploy.ts';

const HELP = `Usage: npm run secrets -- <action> [--file secrets.json] [--dry-run]

Sets the secrets of an Action in the tenant, and deploys it again, so that they take effect. They are checked as at run
time, and their values are never printed. They replace all secrets that the Action has, so all of them must be given.

  --file      a JSON object of texts; environment variables of the same names without it
  --dry-run   check, and change nothing
  --help      this text

${credentialsHelp('secrets')}

Exits with 0 if the secrets are in effect, 1 if the tenant refuses or something fails, 2 if they are missing or malformed.`;

const BUILD_LIMIT_MS = 60_000;
const BUILD_POLL_MS = 500;

/** Sets the values and deploys. Returns the names. */
export const setSecrets = async (
  client: ManagementClient,
  action: Action,
  given: Readonly<Record<string, string>>,
  dryRun = false,
): Promise<readonly string[]> => {
  const secrets = checked(action, given);
  const names = secrets.map(({ name }) => name);
  const stored = (await listActions(client)).find(({ name }) => name === action.name);
  if (!stored?.id) {
    throw new TenantError(
      `${action.name} does not exist in the tenant. First: npm run deploy -- ${action.name}`,
    );
  }
  assertNoSecretLoss(stored, names);
  assertNoPendingDraft(stored);
  if (dryRun) return names;

  try {
    await client.actions.update(stored.id, { secrets });
  } catch (error) {
    // The answer may repeat what it was sent.
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    throw new TenantError(secrets.reduce((text, { value }) => text.replaceAll(value, '***'), refusal));
  }
  await waitUntilBuilt(client, stored.id);
  await client.actions.deploy(stored.id);
  return names;
};

/** What the Action would accept at run time. */
const checked = ({ name, sinks }: Action, given: Readonly<Record<string, string>>) => {
  try {
    for (const { secrets } of configured(sinks, given)) readSecrets(secrets, given);
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(`${name}: ${error.message}`);
    throw error;
  }
  return Object.keys(given).flatMap((name) => {
    const value = readSecret(given, name);
    return value === undefined ? [] : [{ name, value }];
  });
};

/**
 * An update replaces the list of secrets, and Auth0 never gives a value back. Whether one that is sent by its name alone
 * keeps its value is not documented: https://auth0.com/docs/api/management/v2/actions/patch-action
 */
const assertNoSecretLoss = (
  { name: action, secrets = [] }: Management.Action,
  names: readonly string[],
): void => {
  const lost = secrets.flatMap(({ name = '' }) => (names.includes(name) ? [] : [name]));
  if (lost.length === 0) return;
  throw new TenantError(
    `${action} has the secrets ${lost.join(', ')}, which were not given. Auth0 replaces all secrets of an Action at once, so they would be lost: give them, too, or delete them in the dashboard`,
  );
};

/** Deploying takes the whole draft with it: somebody's unfinished code, too. */
const assertNoPendingDraft = ({ name, deployed_version: deployed, ...draft }: Management.Action): void => {
  const contents = ({ code, runtime, dependencies = [] }: Management.ActionDeployedVersion) => ({
    code,
    runtime,
    dependencies: dependencies.map((dependency) => `${dependency.name}@${dependency.version}`).sort(),
  });
  if (!deployed || isDeepStrictEqual(contents(draft), contents(deployed))) return;
  throw new TenantError(
    `${name} has changes in the tenant that are not deployed, and this would deploy them. First: npm run deploy -- ${name}`,
  );
};

const waitUntilBuilt = async (client: ManagementClient, id: string): Promise<void> => {
  const startedAt = performance.now();
  while (performance.now() - startedAt < BUILD_LIMIT_MS) {
    const { status } = await client.actions.get(id);
    if (status === 'built') return;
    if (status === 'failed') break;
    await sleep(BUILD_POLL_MS);
  }
  throw new TenantError(
    'The secrets are stored, but Auth0 could not build the Action, so they are not in effect. Run this again, or deploy it in the dashboard',
  );
};

if (process.argv[1] === import.meta.filename) {
  await runTenantTool(
    HELP,
    { file: { type: 'string' }, 'dry-run': { type: 'boolean' } },
    async ({ values, positionals }) => {
      const action = await findAction(positionals);
      // First, as it reads .env.
      const { client, domain } = connect();
      const given =
        values.file === undefined ? readEnvironment(action) : readSecretsFile(values.file, action);
      const names = (await setSecrets(client, action, given, values['dry-run'])).join(', ');
      console.log(
        values['dry-run']
          ? `${action.name} would get ${names} at ${domain}. Nothing was changed.`
          : `${action.name} has ${names} at ${domain}, and was deployed, so the next login uses them.`,
      );
      return 0;
    },
  );
}
