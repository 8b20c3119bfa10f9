/** `npm run soak`: thousands of logins while every mock vendor fails at random, and the totals at the end. */
import { build } from '../shared/build.ts';
import { Progress } from '../shared/progress.ts';
import { runScript } from '../shared/script.ts';
import { paint, table } from '../shared/table.ts';
import { UsageError } from '../shared/usage-error.ts';
import { type SoakReport, soak } from '../simulator/soak.ts';

const HELP = `Usage: npm run soak -- [options]

Runs the built Actions through thousands of logins while the mock vendors fail at random, and compares what the Actions
reported with what each vendor received. Exits with 1 if a guarantee is broken.

  --logins <number>   logins before every user comes back three times; 5000 by default
  --users <number>    users, all of them new; 500 by default
  --seed <number>     seed of the random faults; a random one by default, which is printed
  --json              print the report as JSON
  --help              show this text`;

const OPTIONS = {
  logins: { type: 'string', default: '5000' },
  users: { type: 'string', default: '500' },
  seed: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

const SEED_LIMIT = 2 ** 31;

const parsePositive = (name: string, value: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new UsageError(`--${name} must be a whole number above 0`);
  return Number(value);
};

const describe = (report: SoakReport): string => {
  const { seed, logins, users, destinations, deadlineMs, slowestMs, lagMs, heapMb, problems } = report;
  return [
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
};

await runScript(HELP, OPTIONS, async ({ values }) => {
  const logins = parsePositive('logins', values.logins);
  const users = parsePositive('users', values.users);
  const seed =
    values.seed === undefined ? Math.floor(Math.random() * SEED_LIMIT) : parsePositive('seed', values.seed);
  await build();
  const progress = new Progress(1 + logins + 3 * users, 'logins');
  const report = await soak({ logins, users, seed, onProgress: (done) => progress.update(done) });
  progress.end();
  console.log(values.json ? JSON.stringify(report, null, 2) : describe(report));
  return report.problems.length === 0 ? 0 : 1;
});
