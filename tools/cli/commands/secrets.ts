/** `auth0-login-analytics secrets`: sets the secrets of a deployed Action, in CI for example. */
import { isDeepStrictEqual } from 'node:util';
import type { Command } from '@commander-js/extra-typings';
import type { Management, ManagementClient } from 'auth0';
import { ConfigError } from '../../../lib/errors.ts';
import { readSecret, selectConfigured } from '../../../lib/secrets.ts';
import { parseSecrets } from '../../../lib/settings.ts';
import type { Action } from '../../shared/catalog.ts';
import { UsageError } from '../../shared/usage-error.ts';
import { toCommandLine } from '../command-line.ts';
import type { Context } from '../context.ts';
import { toHelpText } from '../help.ts';
import { assertWithinLimits, packSecrets } from '../packed-secrets.ts';
import { DEPLOYMENT_TIMEOUT_MS, poll } from '../poll.ts';
import { readGivenSecrets, type Secrets, unpackSecrets } from '../secret-values.ts';
import { findAction, getActionNames } from '../select-actions.ts';
import { listActions, toVersions } from '../tenant-actions.ts';
import { connect, toCredentialsHelp } from '../tenant-connection.ts';
import { explainTenantError, TenantError } from '../tenant-error.ts';

const BUILD_TIMEOUT_MS = 60_000;

export const addCommand = (program: Command, context: Context): void => {
  program
    .command('secrets')
    .summary('set the secrets of a deployed Action')
    .description(
      'Sets the secrets of an Action in the tenant, and deploys it again so that they take effect. They are checked as at run time, and their values are never printed. They replace all secrets that the Action has, so all of them must be given.',
    )
    .argument('<action>', getActionNames(context).join(', '))
    .option('--secrets <file>', 'JSON object of strings; by default environment variables of the same names')
    .option(
      '--pack',
      'store them in one secret, CONFIG, as far as they fit: an Action can have 30 secrets of 4096 characters',
    )
    .option('--dry-run', 'check the secrets, and change nothing')
    .addHelpText(
      'after',
      toHelpText(
        toCredentialsHelp('secrets'),
        'Exits with 0 if the secrets are in effect, 1 if the tenant rejects them or something fails, 2 if they are missing or malformed.',
      ),
    )
    .action(async (name, { secrets: file, dryRun, pack }) => {
      const action = await findAction(name, context);
      const secrets = await readGivenSecrets(context, action.sinks, file);
      const { client, domain } = connect(context);
      const names = (await setSecrets(client, action, secrets, { dryRun, pack })).join(', ');
      context.print(
        dryRun
          ? `${name} would get ${names} in ${domain}. Nothing was changed.`
          : `${name} has ${names} in ${domain} and was deployed: the next login uses them.`,
      );
    });
};

interface SetSecretsOptions {
  readonly dryRun?: true | undefined;
  /** Deletes those that are not given, as the operator has confirmed. */
  readonly replace?: true | undefined;
  /** Into `CONFIG`. */
  readonly pack?: true | undefined;
}

/** Sets the values and deploys the Action. Returns the names that it has afterwards. */
export const setSecrets = async (
  client: ManagementClient,
  action: Action,
  given: Secrets,
  { dryRun, pack, replace }: SetSecretsOptions = {},
): Promise<readonly string[]> => {
  const values = withoutEmpty(await unpackSecrets(given, action.sinks));
  assertValid(action, values);
  const secrets = pack ? packSecrets(values) : withoutEmpty(given);
  assertWithinLimits(action.name, secrets);
  const names = Object.keys(secrets);
  const stored = (await listActions(client)).find(({ name }) => name === action.name);
  if (!stored?.id) {
    throw new TenantError(
      `${action.name} does not exist in the tenant. Deploy it first: ${toCommandLine('deploy', action.name)}`,
    );
  }
  if (!replace) assertNoSecretLoss(stored, [...names, ...Object.keys(values)]);
  assertNoPendingDraft(stored);
  if (dryRun) return names;

  await updateSecrets(client, stored.id, secrets, [...Object.values(secrets), ...Object.values(values)]);
  await waitUntilBuilt(client, stored.id);
  await client.actions.deploy(stored.id);
  await waitUntilDeployed(client, stored.id);
  return names;
};

/** @throws {UsageError} if the Action would not accept them at run time. */
const assertValid = ({ name, sinks }: Action, given: Secrets): void => {
  const configured = selectConfigured(sinks, ({ secrets }) => secrets, given);
  if (configured.length === 0) {
    throw new UsageError(`${name}: no destination configured, set the secrets of at least one`);
  }
  try {
    for (const sink of configured) parseSecrets(sink, given);
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(`${name}: ${error.message}`);
    throw error;
  }
};

/** Empty values count as absent, as at run time. */
const withoutEmpty = (given: Secrets): Secrets =>
  Object.fromEntries(
    Object.keys(given).flatMap((name) => {
      const value = readSecret(given, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );

/**
 * An update replaces the list of secrets, and Auth0 never returns a value. Whether one that is sent by its name alone
 * keeps its value is not documented: https://auth0.com/docs/api/management/v2/actions/patch-action
 */
const assertNoSecretLoss = (
  { name: action, secrets = [] }: Management.Action,
  names: readonly string[],
): void => {
  const lost = secrets.flatMap(({ name = '' }) => (names.includes(name) ? [] : [name]));
  if (lost.length === 0) return;
  throw new TenantError(
    `${action} has the secrets ${lost.join(', ')}, which were not given. Auth0 replaces all secrets of an Action at once, so they would be lost: give them as well, or delete them in the dashboard`,
  );
};

/** Deploying an Action deploys its whole draft, another user's unfinished code included. */
const assertNoPendingDraft = ({ name, deployed_version: deployed, ...draft }: Management.Action): void => {
  const toContent = ({ code, runtime, dependencies }: Management.ActionDeployedVersion) => ({
    code,
    runtime,
    dependencies: toVersions(dependencies),
  });
  if (!deployed || isDeepStrictEqual(toContent(draft), toContent(deployed))) return;
  throw new TenantError(
    `${name} has changes in the tenant that are not deployed, and this would deploy them. Deploy it first: ${toCommandLine('deploy', String(name))}`,
  );
};

const updateSecrets = async (
  client: ManagementClient,
  id: string,
  secrets: Secrets,
  hidden: readonly string[],
): Promise<void> => {
  try {
    await client.actions.update(id, {
      secrets: Object.entries(secrets).map(([name, value]) => ({ name, value })),
    });
  } catch (error) {
    const explanation = explainTenantError(error);
    if (explanation === undefined) throw error;
    // The response may repeat what was sent.
    const longestFirst = hidden.toSorted((a, b) => b.length - a.length);
    throw new TenantError(longestFirst.reduce((text, value) => text.replaceAll(value, '***'), explanation));
  }
};

const waitUntilBuilt = async (client: ManagementClient, id: string): Promise<void> => {
  const { status } = await poll(
    () => client.actions.get(id),
    ({ status }) => status === 'built' || status === 'failed',
    BUILD_TIMEOUT_MS,
  );
  if (status === 'built') return;
  throw new TenantError(
    'The secrets are stored, but Auth0 could not build the Action, so they are not in effect. Run the command again, or deploy the Action in the dashboard',
  );
};

const waitUntilDeployed = async (client: ManagementClient, id: string): Promise<void> => {
  const { all_changes_deployed } = await poll(
    () => client.actions.get(id),
    (action) => action.all_changes_deployed === true,
    DEPLOYMENT_TIMEOUT_MS,
  );
  if (all_changes_deployed) return;
  throw new TenantError(
    `The secrets are stored, but the deployment is not in effect after ${DEPLOYMENT_TIMEOUT_MS / 1000} s. Run the command again, or deploy the Action in the dashboard`,
  );
};
