/** `npm run deploy`: brings Actions of a0deploy.yaml into a tenant, by Auth0's Deploy CLI. */
import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual, stripVTControlCharacters } from 'node:util';
import type { Management, ManagementClient } from 'auth0';
import { stringify } from 'yaml';
import { build, contentOf, isOurs } from '../../shared/build.ts';
import { type ActionEntry, ROOT, readManifest } from '../../shared/manifest.ts';
import { table } from '../../shared/table.ts';
import { exampleEvent } from '../../simulator/auth0/example-event.ts';
import { createApi } from '../../simulator/auth0/post-login-api.ts';
import { loadBuilt } from '../../simulator/built-actions.ts';
import { getOutcome } from '../../simulator/outcomes.ts';
import { UsageError } from '../command.ts';
import {
  type Connection,
  connect,
  credentialsHelp,
  readAll,
  runTenantTool,
  scopeAdvice,
  TenantError,
} from '../tenant-connection.ts';

const HELP = `Usage: npm run deploy [-- <actions…>] [--dry-run] [--yes] [--json]

Builds and checks the named Actions, or every one of a0deploy.yaml, shows what would change in the tenant, asks, and
deploys what changes by Auth0's Deploy CLI. Other Actions, secrets and the post-login flow stay as they are.

  --dry-run   show what would change, and change nothing
  --yes       do not ask
  --json      print what changes as one JSON document
  --help      this text

${credentialsHelp('deploy')}

Exits with 0 if the Actions are deployed or you say no, 1 if the tenant refuses or something fails, 2 for a wrong command.`;

/** The entries of these names; all without a name. */
export const selectActions = (names: readonly string[]): readonly ActionEntry[] => {
  const { actions } = readManifest();
  const known = actions.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`There is no Action ${unknown.join(', ')}. There is ${known.join(', ')}`);
  }
  return names.length === 0 ? actions : actions.filter(({ name }) => names.includes(name));
};

/** Runs a built Action without secrets, which sends nothing: does it load, is it small enough for Auth0? */
export const check = async ({ name, code }: ActionEntry): Promise<void> => {
  const event = { ...exampleEvent(), secrets: {} };
  const { error, logs } = await loadBuilt(name).execute(event, createApi(event).api);
  if (error || getOutcome(logs) !== 'not configured') {
    throw new TenantError(`${code} does not work: ${error?.message ?? logs}`);
  }
  // The Deploy CLI would replace it: https://auth0.com/docs/deploy-monitor/deploy-cli-tool/keyword-replacement
  const [keyword] = /##\w+##|@@\w+@@/.exec(await readFile(path.join(ROOT, code), 'utf8')) ?? [];
  if (keyword) throw new TenantError(`${code} has ${keyword} in it, which the Deploy CLI would replace`);
};

export interface Change {
  readonly name: string;
  /** `new`, `code`, `somebody else's code`, `dependencies`, `runtime`, or `not deployed`, if only that is to be done. Empty if there is nothing to do. */
  readonly changes: readonly string[];
}

export const listActions = async (client: ManagementClient): Promise<readonly Management.Action[]> =>
  readAll(await client.actions.list({ per_page: 100 }));

/** What deploying the entries would change in the tenant. */
export const previewChanges = async (
  client: ManagementClient,
  entries: readonly ActionEntry[],
): Promise<readonly Change[]> => {
  const actions = await listActions(client);
  return Promise.all(
    entries.map(async (entry) => {
      const action = actions.find(({ name }) => name === entry.name);
      return { name: entry.name, changes: action ? await differences(entry, action) : ['new'] };
    }),
  );
};

const differences = async (entry: ActionEntry, action: Management.Action): Promise<string[]> => {
  const code = await readFile(path.join(ROOT, entry.code), 'utf8');
  const changes = [
    ...(contentOf(action.code) === contentOf(code)
      ? []
      : [isOurs(action.code) ? 'code' : "somebody else's code"]),
    ...(isDeepStrictEqual(versions(action.dependencies), versions(entry.dependencies))
      ? []
      : ['dependencies']),
    ...(action.runtime === entry.runtime ? [] : ['runtime']),
  ];
  return changes.length > 0 || action.all_changes_deployed ? changes : ['not deployed'];
};

/** To compare: what Auth0 installs for an Action. */
export const versions = (
  dependencies: ActionEntry['dependencies'] | Management.Action['dependencies'],
): string[] => (dependencies ?? []).map(({ name, version }) => `${name}@${version}`).sort();

/** Imports the entries, and nothing else, by the Deploy CLI. */
export const importActions = async (
  { domain, credentials }: Pick<Connection, 'domain' | 'credentials'>,
  entries: readonly ActionEntry[],
): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'a0deploy-'));
  // Ctrl+C reaches the Deploy CLI, too: when that has ended, the folder can go.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  try {
    // A copy: what is imported is what was shown, whoever builds meanwhile.
    const actions = await Promise.all(
      entries.map(async (entry) => {
        const code = `${entry.name}.js`;
        await copyFile(path.join(ROOT, entry.code), path.join(folder, code));
        return { ...entry, code };
      }),
    );
    const file = path.join(folder, 'a0deploy.yaml');
    await writeFile(file, stringify({ actions }));
    const { status, output } = await runDeployCli(file, credentials);
    if (status !== 0)
      throw new TenantError(`The Deploy CLI did not deploy to ${domain}: ${reasonIn(output)}`);
  } finally {
    process.off('SIGINT', ignore);
    await rm(folder, { recursive: true });
  }
};

const runDeployCli = async (file: string, credentials: Connection['credentials']) => {
  // Settings of other imports, like AUTH0_ALLOW_DELETE, have no place here.
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('AUTH0_'));
  const child = spawn(
    process.execPath,
    [path.join(ROOT, 'node_modules/auth0-deploy-cli/lib/index.js'), 'import', '--input_file', file],
    {
      env: {
        ...Object.fromEntries(others),
        ...credentials,
        AUTH0_INCLUDED_ONLY: '["actions"]',
        AUTH0_ALLOW_DELETE: 'false',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const status = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await status, output: stripVTControlCharacters(out + err) };
};

/** The Deploy CLI logs each problem as `2026-01-01T12:00:00.000Z - error: Problem during stage …`. */
const reasonIn = (output: string): string => {
  const errors = output.split('\n').flatMap((line) => /\berror:\s*(.+)/.exec(line)?.[1]?.trim() || []);
  return scopeAdvice(output) ?? (errors.join(' ') || 'it was stopped');
};

/** Deploys what differs, and makes sure that nothing differs any more. */
export const deploy = async (
  connection: Connection,
  changes: readonly Change[],
  importEntries = importActions,
): Promise<void> => {
  const entries = selectActions(changes.map(({ name }) => name));
  await importEntries(connection, entries);
  const left = (await previewChanges(connection.client, entries)).filter((entry) => entry.changes.length > 0);
  if (left.length > 0) {
    throw new TenantError(
      `The import is done, but ${left.map(({ name }) => name).join(', ')} is not as it should be in the tenant:\n${describe(left)}`,
    );
  }
};

const describe = (changes: readonly Change[]): string =>
  table(changes.map(({ name, changes }) => [name, changes.join(', ') || 'nothing to do']));

/** Tells that something goes on, on the last line of a terminal. */
const showWaiting = async (what: string, work: Promise<void>): Promise<void> => {
  if (!process.stderr.isTTY) return work;
  const startedAt = performance.now();
  const show = () =>
    process.stderr.write(`\r${what} ${Math.round((performance.now() - startedAt) / 1000)} s\x1b[K`);
  show();
  const timer = setInterval(show, 1000);
  try {
    await work;
  } finally {
    clearInterval(timer);
    process.stderr.write('\r\x1b[K');
  }
};

const ask = async (question: string): Promise<boolean> => {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim());
  } finally {
    prompt.close();
  }
};

const main = async (names: readonly string[], options: { dryRun: boolean; yes: boolean; json: boolean }) => {
  const { dryRun, yes, json } = options;
  if (!dryRun && !yes && !process.stdin.isTTY) {
    throw new UsageError('There is no terminal to ask in: say --yes to deploy, or --dry-run to look only');
  }
  const entries = selectActions(names);
  const connection = connect();
  await build();
  await Promise.all(entries.map(check));
  const preview = await previewChanges(connection.client, entries);
  const changes = preview.filter((entry) => entry.changes.length > 0);

  const tell = (line: string) => (json ? undefined : console.log(line));
  const { domain } = connection;
  tell(`${domain}:\n${describe(preview)}`);
  let deployed = false;
  if (changes.length === 0) tell('Nothing to deploy.');
  else if (dryRun) tell('Nothing was changed.');
  else if (yes || (await askAbout(changes, domain, json))) {
    await showWaiting('Deploying, which takes half a minute:', deploy(connection, changes));
    deployed = true;
    tell(
      `Deployed: ${changes.map(({ name }) => name).join(', ')}. A login runs what is bound: npm run bind.`,
    );
  } else tell('Nothing was changed.');
  if (json) console.log(JSON.stringify({ domain, actions: preview, deployed }, null, 2));
  return 0;
};

const askAbout = (changes: readonly Change[], domain: string, json: boolean): Promise<boolean> => {
  if (json) console.error(describe(changes));
  return ask(`Deploy ${changes.map(({ name }) => name).join(', ')} to ${domain}?`);
};

if (process.argv[1] === import.meta.filename) {
  await runTenantTool(
    HELP,
    { 'dry-run': { type: 'boolean' }, yes: { type: 'boolean' }, json: { type: 'boolean' } },
    ({ values, positionals }) =>
      main(positionals, {
        dryRun: values['dry-run'] ?? false,
        yes: values.yes ?? false,
        json: values.json ?? false,
      }),
  );
}
