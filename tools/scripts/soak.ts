/** `npm run soak`: thousands of logins while every mock vendor fails at random, and the totals at the end. */
import { runTool, UsageError } from '../cli/command.ts';
import { build } from '../shared/build.ts';
import { Progress } from '../shared/progress.ts';
import { paint, table } from '../shared/table.ts';
import { type SoakReport, soak } from '../simulator/soak.ts';

const HELP = `Usage: npm run soak -- [--logins 5000] [--users 500] [--seed 1] [--json]

Runs the built Actions through thousands of logins while the mock vendors fail at random, and compares what the Actions
reported with what each vendor received. Exits with 0 if no guarantee is broken, otherwise with 1.

  --logins   number of logins, before every user comes back three times
  --users    number of users, all of them new
  --seed     seed of the random faults; a random one by default, which is printed
  --json     print the report as JSON
  --help     print this text`;

const SEED_LIMIT = 2 ** 31;

const describe = ({
  seed,
  logins,
  users,
  destinations,
  deadlineMs,
  slowestMs,
  lagMs,
  heapMb,
  problems,
}: SoakReport): string =>
  [
    `${logins} logins of ${users} users, seed ${seed}`,
    table([
      ['destination', 'SignUps', 'Logins', 'duplicates', 'rejected', 'dropped'],
      ...destinations.map(({ name, ...counts }) => [name, ...Object.values(counts).map(String)]),
    ]),
    [
      'duplicates: received again with the same id, because the first response was lost',
      'rejected: Logins that the destination rejected, which are not buffered',
      'dropped: buffered, and then dropped because there were too many or because they were rejected',
    ].join('\n'),
    `The slowest Action took ${slowestMs} ms of ${deadlineMs} ms; the event loop was delayed by up to ${lagMs} ms.`,
    `The heap was ${heapMb.start} MB at the start and ${heapMb.end} MB at the end.`,
    problems.length === 0 ? paint('green', 'No guarantee was broken.') : paint('red', problems.join('\n')),
  ].join('\n\n');

const positive = (name: string, value: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new UsageError(`--${name} must be a whole number above 0`);
  return Number(value);
};

await runTool(
  HELP,
  {
    logins: { type: 'string', default: '5000' },
    users: { type: 'string', default: '500' },
    seed: { type: 'string' },
    json: { type: 'boolean' },
  },
  async ({ values }) => {
    const logins = positive('logins', values.logins);
    const users = positive('users', values.users);
    const seed =
      values.seed === undefined ? Math.floor(Math.random() * SEED_LIMIT) : positive('seed', values.seed);
    await build();
    const progress = new Progress(1 + logins + 3 * users, 'logins');
    const report = await soak({ logins, users, seed, onProgress: (done) => progress.update(done) });
    progress.end();
    console.log(values.json ? JSON.stringify(report, null, 2) : describe(report));
    return report.problems.length === 0 ? 0 : 1;
  },
);
