/** `npm start`: the built Actions, run as Auth0 runs them, against embedded destinations. Nothing leaves this machine. */
import { once } from 'node:events';
import { Playground } from '../../playground/playground.ts';
import { startPlaygroundServer } from '../../playground/server.ts';
import { build } from '../../shared/build.ts';
import { paint, table } from '../../shared/table.ts';
import { createSandbox } from '../../simulator/sandbox.ts';
import { runScenario, type ScenarioReport } from '../../simulator/scenario.ts';
import { runTool, UsageError } from '../command.ts';

const HELP = `Usage: npm start -- [--port 8080]
       npm start -- --once [--json]

Builds the Actions and runs them as Auth0 runs them, against embedded destinations on this machine: on a page in the
browser, where you log users in, see what each Action sends, and break destinations. Ctrl+C ends it.

  --port   port of the page on 127.0.0.1; a free one without it
  --once   play a short scene of logins without the page, and exit: with 0 if everything that was to arrive
           arrived, otherwise with 1
  --json   the same, as one JSON document: logins, requests, app_metadata
  --help   this text`;

const HIGHEST_PORT = 65_535;

const describe = ({ logins, destinations, users, problems }: ScenarioReport): string => {
  const names = destinations.map(({ name }) => name);
  const rows = logins.map(({ description, received, actions }) => {
    const labels = names.map((name) => {
      const types = received[name]?.filter((type) => type !== 'other').join(', ');
      return types || (actions.find((action) => action.name === name)?.outcomes[0]?.status ?? 'not run');
    });
    return [description, summary(names, labels)];
  });
  const totals = destinations.map(({ name, url, requests, connections }) => {
    const types = requests.flatMap(({ accepted }) => accepted.map(({ type }) => type));
    const count = (counted: string) => String(types.filter((type) => type === counted).length);
    return [name, count('SignUp'), count('Login'), String(requests.length), String(connections), url];
  });
  return [
    paint('bold', `${logins.length} logins through ${names.length} Actions`),
    table([['login', 'what the destinations have of it'], ...rows], styleOf),
    table([['destination', 'SignUps', 'Logins', 'requests', 'connections', 'address'], ...totals], styleOf),
    table(
      [['user', 'app_metadata'], ...users.map((user) => [user.user_id, JSON.stringify(user.app_metadata)])],
      styleOf,
    ),
    problems.length === 0
      ? paint('green', 'Everything that was to arrive arrived, once.')
      : paint('red', problems.join('\n')),
  ].join('\n\n');
};

/** What most have in common, and who differs. */
const summary = (names: readonly string[], labels: readonly string[]): string =>
  [...new Set(labels)]
    .map((label) => ({ label, at: names.filter((_, index) => labels[index] === label) }))
    .sort((one, other) => other.at.length - one.at.length)
    .map(({ label, at }, index) => {
      if (at.length === names.length) return `${label} everywhere`;
      return index === 0 ? `${label} at ${at.length}` : `${label} at ${at.join(', ')}`;
    })
    .join('; ');

const HEADINGS = ['login', 'destination', 'user'];

const styleOf = (cell: string) => {
  if (/failed|not configured/.test(cell)) return 'red';
  if (cell.startsWith('SignUp ')) return 'green';
  if (cell.startsWith('Login ')) return 'cyan';
  if (cell.startsWith('skipped ')) return 'dim';
  return HEADINGS.includes(cell) ? 'bold' : undefined;
};

const playOnce = async (asJson: boolean): Promise<number> => {
  const stage = await createSandbox({ secrets: { LOG: 'all' } });
  try {
    const report = await runScenario(stage);
    console.log(asJson ? JSON.stringify(report, null, 2) : describe(report));
    return report.problems.length === 0 ? 0 : 1;
  } finally {
    await stage.close();
  }
};

const servePage = async (port: number): Promise<number> => {
  const playground = await Playground.open();
  const server = await startPlaygroundServer(playground, port);
  console.log(`Open ${server.url} in a browser. Ctrl+C ends it.`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await Promise.all([server.close(), playground.close()]);
  return 0;
};

const portOf = (value = '0'): number => {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= HIGHEST_PORT) return port;
  throw new UsageError(`--port must be a number from 0 to ${HIGHEST_PORT}`);
};

await runTool(
  HELP,
  { port: { type: 'string' }, once: { type: 'boolean' }, json: { type: 'boolean' } },
  async ({ values }) => {
    const port = portOf(values.port);
    await build();
    return values.once || values.json ? playOnce(values.json ?? false) : servePage(port);
  },
);
