/** `auth0-login-analytics deploy`: brings Actions of a0deploy.yaml into a tenant, with Auth0's Deploy CLI. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual, stripVTControlCharacters } from 'node:util';
import type { Command } from '@commander-js/extra-typings';
import type { Management, ManagementClient } from 'auth0';
import { stringify } from 'yaml';
import { DEFAULT_SET_NAME, SETS_FILE, toEntry, toSet, writeSet } from '../../shared/action-sets.ts';
import { ensureBuilt, isManaged, readBuiltCode, withoutOrigin } from '../../shared/built-code.ts';
import { isCustom, loadAction, loadSet } from '../../shared/catalog.ts';
import type { ActionEntry } from '../../shared/manifest.ts';
import { showElapsed } from '../../shared/progress.ts';
import { table } from '../../shared/table.ts';
import { UsageError } from '../../shared/usage-error.ts';
import { exampleEvent } from '../../simulator/auth0/example-event.ts';
import { createApi } from '../../simulator/auth0/post-login-api.ts';
import { type ActionSource, assertLoads, loadAction as loadSource } from '../../simulator/auth0/runtime.ts';
import { readSource } from '../../simulator/built-actions.ts';
import { ask } from '../ask.ts';
import { toCommandLine } from '../command-line.ts';
import type { Context } from '../context.ts';
import { toHelpText } from '../help.ts';
import { DEPLOYMENT_TIMEOUT_MS, poll } from '../poll.ts';
import { getActionNames, selectActions } from '../select-actions.ts';
import { listActions, toVersions } from '../tenant-actions.ts';
import { connect, type TenantConnection, toCredentialsHelp } from '../tenant-connection.ts';
import { getMissingScopeHint, TenantError } from '../tenant-error.ts';

export const addCommand = (program: Command, context: Context): void => {
  program
    .command('deploy')
    .summary('deploy Actions to the tenant')
    .description(
      `Builds and checks Actions, shows what would change in the tenant, asks, and deploys what changes with Auth0's Deploy CLI. Other Actions, secrets and the post-login flow stay as they are.`,
    )
    .argument('[actions...]', `${getActionNames(context).join(', ')}; by default all of them`)
    .option(
      '--with <destinations>',
      `build one Action for these, like splunk,segment-http, and keep the choice in ${SETS_FILE}`,
    )
    .option('--name <action>', `what to call the Action of --with; ${DEFAULT_SET_NAME} by default`)
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--yes', 'do not ask')
    .option('--json', 'print what changes as one JSON document')
    .addHelpText(
      'after',
      toHelpText(
        toCredentialsHelp('deploy'),
        'Exits with 0 if the Actions are deployed or you say no, 1 if the tenant rejects them or something fails, 2 for a wrong command line.',
      ),
    )
    .action(async (names, options) => {
      await deployActions(context, names, options);
    });
};

interface DeployOptions {
  readonly with?: string | undefined;
  readonly name?: string | undefined;
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
}

const deployActions = async (
  context: Context,
  names: readonly string[],
  { with: list, name, dryRun, yes, json }: DeployOptions,
): Promise<void> => {
  if (list !== undefined && names.length > 0) {
    throw new UsageError('--with deploys the Action that it builds alone: name no others');
  }
  if (list === undefined && name !== undefined) throw new UsageError('--name names the Action of --with');
  const set = list === undefined ? undefined : toSet(name ?? DEFAULT_SET_NAME, list);
  if (set) await loadSet(set);
  const entries = set ? [toEntry(set)] : selectActions(names, context);
  const connection = connect(context);
  if (!dryRun && !yes && !context.io.stdin.isTTY) {
    throw new UsageError(
      'there is no terminal to ask in: --yes deploys without asking, --dry-run only shows',
    );
  }
  await ensureBuilt(entries);
  await Promise.all(entries.map(assertDeployable));

  const { domain } = connection;
  const preview = await previewChanges(connection.client, entries);
  const changes = preview.filter((entry) => entry.changes.length > 0);
  const changing = changes.map(({ name }) => name);
  const print = (line: string) => json || context.print(line);
  print(`${domain}:\n${describe(preview)}`);

  const isConfirmed = () => {
    if (json) context.printError(describe(changes));
    return ask(context, `Deploy ${changing.join(', ')} to ${domain}?`);
  };
  const keepSet = () =>
    set && writeSet(context.cwd, set) && print(`${set.name} is kept in ${SETS_FILE}: commit it.`);
  const isWanted = changing.length > 0 && !dryRun && (yes || (await isConfirmed()));
  if (isWanted) {
    keepSet();
    const differing = entries.filter((entry) => changing.includes(entry.name));
    const work = deploy(connection, differing, context);
    await showElapsed('Deploying, which takes half a minute:', work, context.io.stderr);
  }
  if (changing.length === 0 && !dryRun) keepSet();
  if (changing.length === 0) print('Nothing to deploy.');
  else if (!isWanted) print('Nothing was changed.');
  else print(`Deployed: ${changing.join(', ')}.\n${describeNextSteps(changing)}`);
  if (json) context.print(JSON.stringify({ domain, actions: preview, deployed: isWanted }, null, 2));
};

const describeNextSteps = (names: readonly string[]): string => {
  const [name = ''] = names.length === 1 ? names : ['<action>'];
  return `Next, for a new Action: set its secrets in the dashboard and press Deploy there, or run ${toCommandLine('secrets', name)}; then run ${toCommandLine('bind', name)}.`;
};

/** Runs a built Action without secrets, so that it sends nothing: does it load, is it small enough for Auth0? */
export const assertDeployable = async (entry: ActionEntry): Promise<void> => {
  const source = await readSource(entry);
  // What the operator's own code would send cannot be known, so it is loaded and not run.
  const isOwnCode = isCustom(entry, await loadAction(entry));
  const problem = isOwnCode
    ? await assertLoads(source).then(() => undefined, toMessage)
    : await findProblem(source).catch(toMessage);
  if (problem !== undefined) throw new TenantError(`${entry.code} does not work: ${problem}`);
  // The Deploy CLI would replace it: https://auth0.com/docs/deploy-monitor/deploy-cli-tool/keyword-replacement
  const [keyword] = /##\w+##|@@\w+@@/.exec(await readBuiltCode(entry)) ?? [];
  if (keyword) throw new TenantError(`${entry.code} contains ${keyword}, which the Deploy CLI would replace`);
};

const findProblem = async (source: ActionSource): Promise<string | undefined> => {
  const event = { ...exampleEvent(), secrets: {} };
  const { error, logs, outcomes } = await loadSource(source).execute(event, createApi(event).api);
  const isSilent = outcomes.every(({ status }) => status === 'misconfigured');
  return error || !isSilent ? (error?.message ?? logs) : undefined;
};

const toMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export interface Change {
  readonly name: string;
  /** Empty if there is nothing to do. */
  readonly changes: ReadonlyArray<
    'new' | 'code' | 'not managed by this project' | 'dependencies' | 'runtime' | 'not deployed'
  >;
}

/** What deploying the entries would change in the tenant. */
export const previewChanges = async (
  client: ManagementClient,
  entries: readonly ActionEntry[],
): Promise<readonly Change[]> => {
  const actions = await listActions(client);
  return Promise.all(
    entries.map(async (entry) => {
      const action = actions.find(({ name }) => name === entry.name);
      return { name: entry.name, changes: action ? await getDifferences(entry, action) : ['new'] };
    }),
  );
};

const getDifferences = async (entry: ActionEntry, action: Management.Action): Promise<Change['changes']> => {
  const isSameCode = withoutOrigin(action.code) === withoutOrigin(await readBuiltCode(entry));
  const isSameDependencies = isDeepStrictEqual(
    toVersions(action.dependencies),
    toVersions(entry.dependencies),
  );
  const changes: Change['changes'] = [
    ...(isSameCode ? [] : ([isManaged(action.code) ? 'code' : 'not managed by this project'] as const)),
    ...(isSameDependencies ? [] : (['dependencies'] as const)),
    ...(action.runtime === entry.runtime ? [] : (['runtime'] as const)),
  ];
  return changes.length > 0 || action.all_changes_deployed ? changes : ['not deployed'];
};

const describe = (changes: readonly Change[]): string =>
  table(changes.map(({ name, changes }) => [name, changes.join(', ') || 'nothing to do']));

/** Deploys the entries, waits until they are in effect, and verifies that nothing differs any more. */
export const deploy = async (
  connection: TenantConnection,
  entries: readonly ActionEntry[],
  context: Pick<Context, 'env'>,
  { importEntries = importActions, timeoutMs = DEPLOYMENT_TIMEOUT_MS } = {},
): Promise<void> => {
  await importEntries(connection, entries, context);
  const remaining = await poll(
    () => findChanges(connection.client, entries),
    (changes) => changes.length === 0 || !changes.every(isOnlyPending),
    timeoutMs,
  );
  if (remaining.length > 0) {
    const names = remaining.map(({ name }) => name).join(', ');
    if (remaining.every(isOnlyPending)) {
      throw new TenantError(
        `Auth0 has accepted ${names}, but the deployment is not in effect after ${timeoutMs / 1000} s. Run the command again, or check it in the dashboard`,
      );
    }
    throw new TenantError(
      `The Deploy CLI has finished, but ${names} still differs in the tenant:\n${describe(remaining)}`,
    );
  }
};

const findChanges = async (client: ManagementClient, entries: readonly ActionEntry[]) =>
  (await previewChanges(client, entries)).filter(({ changes }) => changes.length > 0);

/** Auth0 responds to a request to deploy before the deployment is in effect. */
const isOnlyPending = ({ changes }: Change): boolean => changes.every((change) => change === 'not deployed');

/** Imports the entries, and nothing else, with the Deploy CLI. */
export const importActions = async (
  { domain, credentials }: Pick<TenantConnection, 'domain' | 'credentials'>,
  entries: readonly ActionEntry[],
  { env }: Pick<Context, 'env'>,
): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'a0deploy-'));
  // Ctrl+C reaches the Deploy CLI as well: the folder is removed when that has ended.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  try {
    // A copy, so that what is imported is what was shown, even if another process builds in the meantime.
    const actions = await Promise.all(
      entries.map(async (entry) => {
        const code = `${entry.name}.js`;
        await writeFile(path.join(folder, code), await readBuiltCode(entry));
        const { destinations: _, ...imported } = entry;
        return { ...imported, code };
      }),
    );
    const file = path.join(folder, 'a0deploy.yaml');
    await writeFile(file, stringify({ actions }));
    const { status, output } = await runDeployCli(file, credentials, env);
    if (status !== 0) {
      throw new TenantError(`The Deploy CLI did not deploy to ${domain}: ${getReason(output)}`);
    }
  } finally {
    process.off('SIGINT', ignore);
    await rm(folder, { recursive: true });
  }
};

const DEPLOY_CLI = createRequire(import.meta.url).resolve('auth0-deploy-cli');

const runDeployCli = async (
  file: string,
  credentials: TenantConnection['credentials'],
  env: Context['env'],
) => {
  // Settings of other imports, AUTH0_ALLOW_DELETE for example, must not apply to this one.
  const others = Object.entries(env).filter(([name]) => !name.startsWith('AUTH0_'));
  const child = spawn(process.execPath, [DEPLOY_CLI, 'import', '--input_file', file], {
    env: {
      ...Object.fromEntries(others),
      ...credentials,
      AUTH0_INCLUDED_ONLY: '["actions"]',
      AUTH0_ALLOW_DELETE: 'false',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const status = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await status, output: stripVTControlCharacters(out + err) };
};

/** The Deploy CLI logs each problem as `2026-01-01T12:00:00.000Z - error: Problem during stage …`. */
const getReason = (output: string): string => {
  const errors = output.split('\n').flatMap((line) => /\berror:\s*(.+)/.exec(line)?.[1]?.trim() || []);
  return getMissingScopeHint(output) ?? (errors.join(' ') || 'it was stopped');
};
