/** `auth0-login-analytics start`: the playground, in which nothing leaves this machine. */
import { once } from 'node:events';
import type { Command } from '@commander-js/extra-typings';
import { groupBy } from '../../../lib/group-by.ts';
import { Playground } from '../../playground/playground.ts';
import { PREFERRED_PORT, startOnPreferredPort } from '../../playground/preferred-port.ts';
import { startPlaygroundServer } from '../../playground/server.ts';
import { ensureBuilt } from '../../shared/built-code.ts';
import { paint, table } from '../../shared/table.ts';
import { UsageError } from '../../shared/usage-error.ts';
import { createSandbox } from '../../simulator/sandbox.ts';
import { runScenario, type ScenarioLogin, type ScenarioReport } from '../../simulator/scenario.ts';
import type { Context } from '../context.ts';
import { toHelpText } from '../help.ts';

export const addCommand = (program: Command, context: Context): void => {
  program
    .command('start')
    .summary('try all Actions in the playground, in the browser')
    .description(
      'Runs the Actions as Auth0 runs them, against mock vendors on this machine. In the browser you log users in, see what each Action sends, and break destinations. Ctrl+C stops it.',
    )
    .option(
      '--port <number>',
      `port on 127.0.0.1, 0 for any free one; by default ${PREFERRED_PORT}, or the next free one`,
      toPort,
    )
    .option('--once', 'run a short scenario of logins without the browser, and exit')
    .option('--json', 'the same, as one JSON document: logins, requests, app_metadata')
    .addHelpText(
      'after',
      toHelpText('With --once it exits with 0 if every event arrived that should, otherwise with 1.'),
    )
    .action(async ({ port, once: isOnce, json }) => {
      await ensureBuilt();
      if (isOnce || json) await playScenario(context, json ?? false);
      else await servePlayground(context, port);
    });
};

const PORT_LIMIT = 65_535;

const toPort = (value: string): number => {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= PORT_LIMIT) return port;
  throw new UsageError(`--port must be a number from 0 to ${PORT_LIMIT}`);
};

/** Without the browser: the scenario, and what came of it. */
const playScenario = async (context: Context, json: boolean): Promise<void> => {
  const sandbox = await createSandbox();
  try {
    const report = await runScenario(sandbox);
    context.print(json ? JSON.stringify(report, null, 2) : describe(report));
    context.exitCode = report.problems.length === 0 ? 0 : 1;
  } finally {
    await sandbox.close();
  }
};

const servePlayground = async (context: Context, port: number | undefined): Promise<void> => {
  const playground = await Playground.open();
  const server = await (port === undefined
    ? startOnPreferredPort(playground)
    : startPlaygroundServer(playground, port));
  context.print(`Open ${server.entryUrl} in a browser. Ctrl+C stops it.`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await Promise.all([server.close(), playground.close()]);
};

const describe = ({ logins, destinations, users, problems }: ScenarioReport): string => {
  const names = destinations.map(({ name }) => name);
  const loginRows = logins.map((login) => [login.description, summarize(names, login)]);
  const destinationRows = destinations.map(({ name, url, requests, connections }) => {
    const types = requests.flatMap(({ accepted }) => accepted.map(({ type }) => type));
    const count = (counted: string) => String(types.filter((type) => type === counted).length);
    return [name, count('SignUp'), count('Login'), String(requests.length), String(connections), url];
  });
  const userRows = users.map((user) => [user.user_id, JSON.stringify(user.app_metadata)]);
  return [
    paint('bold', `${logins.length} logins through ${names.length} Actions`),
    table([['login', 'result at the destinations'], ...loginRows], getStyle),
    table(
      [['destination', 'SignUps', 'Logins', 'requests', 'connections', 'URL'], ...destinationRows],
      getStyle,
    ),
    table([['user', 'app_metadata'], ...userRows], getStyle),
    problems.length === 0
      ? paint('green', 'Every expected event arrived, once.')
      : paint('red', problems.join('\n')),
  ].join('\n\n');
};

/** The result of most destinations, and those that differ: `Login at 9; skipped at keen`. */
const summarize = (names: readonly string[], login: ScenarioLogin): string => {
  const results = groupBy(names, (name) => getResult(name, login));
  return Array.from(results)
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([result, group], index) => {
      if (group.length === names.length) return `${result} everywhere`;
      return index === 0 ? `${result} at ${group.length}` : `${result} at ${group.join(', ')}`;
    })
    .join('; ');
};

/** What a destination accepted of a login; otherwise why it accepted nothing. */
const getResult = (name: string, { received, actions }: ScenarioLogin): string => {
  const types = received[name]?.filter((type) => type !== 'other') ?? [];
  if (types.length > 0) return types.join(', ');
  return actions.find((action) => action.name === name)?.outcomes[0]?.status ?? 'not run';
};

const HEADINGS = ['login', 'destination', 'user'];

const getStyle = (cell: string) => {
  if (/failed|misconfigured/.test(cell)) return 'red';
  if (cell.startsWith('SignUp ')) return 'green';
  if (cell.startsWith('Login ')) return 'cyan';
  if (cell.startsWith('skipped ')) return 'dim';
  return HEADINGS.includes(cell) ? 'bold' : undefined;
};
