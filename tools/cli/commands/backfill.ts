/** `npm run backfill`: records logins and sign-ups of the past, from the tenant's log. */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError, DeliveryError } from '../../../lib/errors.ts';
import { readSecrets } from '../../../lib/secrets.ts';
import type { Sink } from '../../../lib/sink.ts';
import { everyDestination, findAction, onlySink } from '../../shared/catalog.ts';
import { Progress } from '../../shared/progress.ts';
import { table } from '../../shared/table.ts';
import { Checkpoint, type Position, START } from '../backfill/checkpoint.ts';
import { Retrier } from '../backfill/retrier.ts';
import { type Backfill, backfill } from '../backfill/run.ts';
import { Sender } from '../backfill/sender.ts';
import { readFile, readLog, type TimeRange } from '../backfill/sources.ts';
import { Tally, type TallyRow } from '../backfill/tally.ts';
import { UsageError } from '../command.ts';
import { readEnvironment, readSecretsFile } from '../secret-values.ts';
import { connect, credentialsHelp, loadEnvironment, refusalOf, runTenantTool } from '../tenant-connection.ts';

const FOLDER = '.backfill';

const HELP = `Usage: npm run backfill -- <action> --since 2026-01-31 [--until 2026-02-01T12:00:00Z] [options]
       npm run backfill -- <action> --from-file rejected.jsonl [options]

Records logins and sign-ups that the tenant's log has, and the Action has not: those before it was installed, or during
an outage. They go to the Action's destination, with its secrets: where they omit or hash fields, so does this.

  --since      date, or date and time with a zone; a date is its midnight in UTC
  --until      likewise; now without it. For the time before the Action: when it was bound
  --from-file  send the entries of a file instead: those that were refused, once the cause is put right
  --secrets    the Action's secrets, as a JSON object of texts, in which those of others may be, too; environment variables
               of the same names without it
  --tenant     the tenant's name, event.tenant.id of Actions, where AUTH0_DOMAIN is not <tenant>….auth0.com: for custom
               domains. The ids are made of it
  --without    a client_id whose logins are left out; can be repeated. The log does not tell which applications have
               analytics: off
  --rate       activities a second; 50 without it
  --dry-run    send nothing; count by day, application and type
  --checkpoint, --rejected   files; without them they are in ${FOLDER}/. What was refused is personal data
  --json       print the result as one JSON document
  --help       this text

Ctrl+C is safe: the same command goes on where it stopped, and so it does after an error.

What the log has: a sign-up is an entry of databases and passwordless connections only; first logins by social and
enterprise connections are recorded as Logins. The first login within a minute of a sign-up is a part of it, as it is
for the Action, and skipped. Entries have no place, no profile, and user_name as the only name; they are kept for 1 to 30 days,
depending on the plan. Silent authentication and token exchange are left out, also with RECORD=all.

What the destination had already: a SignUp has the id of the Action's, and so has a Login with a transaction, which logins
in a browser have. Destinations that know an id again drop the repetition: Segment for a day at least, Keen for 31 days in
a collection, Splunk when you search: | dedup id. What older or other Logins it had, it has twice: choose --since and
--until so that they do not overlap with what was recorded.

${credentialsHelp('backfill')}

Exits with 0 if all was sent, 1 if something was refused or it could not be finished, 2 if it was not understood, 130
after Ctrl+C.`;

const RATE_DEFAULT = 50;
const BATCH_LIMIT = 100;
/** npm and a terminal may both pass on the same Ctrl+C. */
const SAME_CTRL_C_MS = 1_000;

const OPTIONS = {
  since: { type: 'string' },
  until: { type: 'string' },
  'from-file': { type: 'string' },
  secrets: { type: 'string' },
  tenant: { type: 'string' },
  without: { type: 'string', multiple: true },
  rate: { type: 'string', default: String(RATE_DEFAULT) },
  'dry-run': { type: 'boolean', default: false },
  checkpoint: { type: 'string' },
  rejected: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

interface Result extends Omit<Position, 'awaited' | 'after' | 'date'> {
  action: string;
  outcome: 'complete' | 'interrupted' | 'failed';
  dryRun: boolean;
  /** Date of the last entry read. */
  reached?: string;
  counts?: readonly TallyRow[];
  /** File of what was refused. */
  rejected?: string;
  failure?: string;
}

/** What one destination has got, and has refused, is nothing to another. */
const chooseSink = async (positionals: readonly string[]): Promise<Sink> => {
  const action = await findAction(positionals);
  const sink = onlySink(action);
  if (sink) return sink;
  const names = action.sinks.map(({ name }) => name).join(', ');
  throw new UsageError(`${action.name} has several destinations: send to one after the other, of ${names}`);
};

const checkSecrets = async (sink: Sink, file: string | undefined) => {
  const every = await everyDestination();
  try {
    return readSecrets(
      sink.secrets,
      file === undefined ? readEnvironment(every) : readSecretsFile(file, every),
    );
  } catch (error) {
    if (error instanceof ConfigError)
      throw new UsageError(`${sink.name} is not configured: ${error.message}`);
    throw error;
  }
};

const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

const dateOf = (name: string, value: string): Date => {
  const date = new Date(DATE.test(value) ? value : Number.NaN);
  if (Number.isNaN(date.getTime())) {
    throw new UsageError(`--${name} must be a date like 2026-01-31 or 2026-01-31T12:00:00Z`);
  }
  return date;
};

const rateOf = (value: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(value)) throw new UsageError('--rate must be a whole number above 0');
  return Number(value);
};

const tenantOf = (given: string | undefined): string => {
  const domain = process.env.AUTH0_DOMAIN?.trim() ?? '';
  const tenant = given ?? /^([^.]+)\..*auth0\.com$/.exec(domain)?.[1];
  if (!tenant) throw new UsageError('Name the tenant with --tenant: AUTH0_DOMAIN does not tell its name');
  return tenant;
};

/** `.backfill` keeps itself out of git: what was refused is personal data. */
const ensureDir = (file: string): void => {
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true });
  const ignore = path.join(FOLDER, '.gitignore');
  if (folder === FOLDER && !existsSync(ignore)) writeFileSync(ignore, '*\n');
};

const onCtrlC = (): AbortSignal => {
  const controller = new AbortController();
  let firstAt: number | undefined;
  process.on('SIGINT', () => {
    if (firstAt !== undefined && Date.now() - firstAt > SAME_CTRL_C_MS) process.exit(130);
    firstAt ??= Date.now();
    controller.abort();
  });
  return controller.signal;
};

/** In one line; undefined for a fault of our own. */
const failureOf = (error: unknown, sink: Sink): string | undefined => {
  if (!(error instanceof DeliveryError)) return refusalOf(error);
  return [`${sink.name}: ${error.message}`, ...(error.advice ? [error.advice] : [])].join('; ');
};

const describe = ({ action, dryRun, outcome, ...result }: Result): string => {
  const { read, sent, refused, skipped, reached, counts, rejected, failure } = result;
  const rows = [
    ['read', `${read} logins and sign-ups${reached === undefined ? '' : `, the log up to ${reached}`}`],
    [dryRun ? 'to be sent' : 'sent', `${sent.SignUp} SignUps, ${sent.Login} Logins`],
    ['refused', `${refused}${rejected === undefined ? '' : `, kept in ${rejected}`}`],
    ...Object.entries(skipped).map(([reason, number]) => ['skipped', `${number}, ${reason}`]),
    ...(failure === undefined ? [] : [['failed', failure]]),
  ];
  const tally = counts?.map((row) => [row.day, row.application, String(row.SignUp), String(row.Login)]) ?? [];
  return [
    `${action}: ${outcome}${dryRun ? ', nothing was sent' : ''}`,
    table(rows),
    ...(tally.length > 0 ? ['', table([['day', 'application', 'SignUps', 'Logins'], ...tally])] : []),
    ...(outcome === 'complete' || dryRun ? [] : ['', 'The same command goes on from here.']),
    ...(rejected === undefined
      ? []
      : ['', `Once the cause is put right: npm run backfill -- ${action} --from-file ${rejected}`]),
  ].join('\n');
};

type Args = Parameters<Parameters<typeof runTenantTool<typeof OPTIONS>>[2]>[0];

/** Everything that was asked for, checked before anything is read or sent. */
const readArguments = async ({ values, positionals }: Args) => {
  loadEnvironment();
  const sink = await chooseSink(positionals);
  const secrets = await checkSecrets(sink, values.secrets);
  const rate = rateOf(values.rate);
  const tenant = tenantOf(values.tenant);
  const { 'from-file': file, 'dry-run': dryRun, without = [] } = values;
  if ((values.since === undefined) === (file === undefined))
    throw new UsageError('Give --since or --from-file');
  if (file !== undefined && values.until !== undefined) throw new UsageError('--until goes with --since');
  if (file !== undefined && !existsSync(file)) throw new UsageError(`Cannot read ${file}: ENOENT`);

  const rejected =
    values.rejected ?? (file ? `${file}.again` : path.join(FOLDER, `${sink.name}.rejected.jsonl`));
  if (file !== undefined && path.resolve(file) === path.resolve(rejected)) {
    throw new UsageError('--rejected must be another file than --from-file');
  }
  const checkpointFile = values.checkpoint ?? path.join(FOLDER, `${sink.name}.checkpoint.json`);
  const checkpoint = new Checkpoint(checkpointFile, {
    action: sink.name,
    tenant,
    without: without.join(),
    ...(file === undefined
      ? { since: String(values.since), until: values.until ?? 'now' }
      : { 'from-file': file }),
  });
  const until = values.until === undefined ? new Date() : dateOf('until', values.until);
  const span: TimeRange | undefined =
    values.since === undefined ? undefined : { since: dateOf('since', values.since), until };
  if (span && span.since >= span.until)
    throw new UsageError('--since must be before --until, and not in the future');
  return {
    sink,
    secrets,
    rate,
    tenant,
    file,
    dryRun,
    without,
    rejected,
    checkpointFile,
    checkpoint,
    until,
    span,
  };
};

await runTenantTool(HELP, OPTIONS, async (args) => {
  const {
    sink,
    secrets,
    rate,
    tenant,
    file,
    dryRun,
    without,
    rejected,
    checkpointFile,
    checkpoint,
    until,
    span,
  } = await readArguments(args);

  // "Now" stays what it was when the backfill began.
  const begun = dryRun ? undefined : checkpoint.read();
  const start = begun ?? { until, position: START };
  const ownSpan = span && { ...span, until: start.until };

  const signal = onCtrlC();
  const patience = new Retrier(signal, {
    onWait: (error, ms) => tell(`${failureOf(error, sink) ?? error}. Again in ${Math.ceil(ms / 1000)} s`),
  });
  const { after } = start.position;
  const pages =
    ownSpan === undefined
      ? readFile(String(file), after)
      : readLog(connect().client, ownSpan, after, patience);
  if (!dryRun) {
    ensureDir(checkpointFile);
    ensureDir(rejected);
    checkpoint.write(start.position, start.until);
    if (begun)
      console.error(`Goes on after ${start.position.date ?? 'nothing'}, as ${checkpointFile} has it.`);
  }

  // In seconds of the log: how many entries there are, nobody tells.
  const secondsAt = (date: Date | string | undefined): number =>
    date === undefined ? 0 : new Date(date).getTime() / 1000;
  const from = start.position.date ?? ownSpan?.since;
  const progress = new Progress(Math.round(secondsAt(start.until) - secondsAt(from)), 's of the log');
  const tell = (line: string): void => {
    progress.end();
    console.error(line);
  };

  const tally = new Tally();
  const sender = new Sender(sink, secrets, rate, patience);
  const options: Backfill = {
    sink,
    secrets,
    tenant,
    pages,
    ...(ownSpan && { span: ownSpan }),
    position: start.position,
    without,
    // In a file is only what was to be sent.
    keepsFirstLogins: file !== undefined,
    batchSize: Math.min(rate, BATCH_LIMIT),
    signal,
    async send(batch) {
      if (!dryRun) return sender.send(batch);
      for (const activity of batch) tally.add(activity);
      return [];
    },
    onRefused(refused) {
      for (const { entry, reason } of refused)
        tell(`Refused: ${Reflect.get(Object(entry), 'log_id')}, ${reason}`);
      const lines = refused.map(({ entry }) => `${JSON.stringify(entry)}\n`);
      appendFileSync(rejected, lines.join(''), { mode: 0o600 });
    },
    onOdd: (logId, field) => tell(`Odd entry ${logId ?? 'without a log_id'}: ${field}`),
    onPosition(position) {
      last = position;
      if (!dryRun) checkpoint.write(position, start.until);
      if (ownSpan)
        progress.update(Math.max(0, Math.round(secondsAt(position.date ?? from) - secondsAt(from))));
    },
  };
  let last = start.position;
  let outcome: Result['outcome'] = 'failed';
  let failure: string | undefined;
  try {
    outcome = (await backfill(options)).isComplete ? 'complete' : 'interrupted';
    if (outcome === 'complete' && !dryRun) checkpoint.remove();
  } catch (error) {
    failure = failureOf(error, sink);
    if (failure === undefined) throw error;
    if (signal.aborted) outcome = 'interrupted';
  } finally {
    progress.end();
  }

  const { read, sent, refused, skipped, date } = last;
  const result: Result = {
    action: sink.name,
    outcome,
    dryRun,
    read,
    sent,
    refused,
    skipped,
    ...(date !== undefined && { reached: date }),
    ...(dryRun && { counts: tally.rows }),
    ...(refused > 0 && { rejected }),
    ...(failure !== undefined && { failure }),
  };
  console.log(args.values.json ? JSON.stringify(result, null, 2) : describe(result));
  if (outcome === 'interrupted') return 130;
  return outcome === 'complete' && refused === 0 ? 0 : 1;
});
