/** `auth0-login-analytics backfill`: records logins and sign-ups of the past, from the tenant's log. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { ConfigError } from '../../../lib/errors.ts';
import { parseSecrets, type Settings } from '../../../lib/settings.ts';
import type { Sink } from '../../../lib/sink.ts';
import { onlySink } from '../../shared/catalog.ts';
import { table } from '../../shared/table.ts';
import { UsageError } from '../../shared/usage-error.ts';
import { ask } from '../ask.ts';
import { BackfillRun, MALFORMED } from '../backfill/backfill-run.ts';
import { Checkpoint, type Position, type Progress, START } from '../backfill/checkpoint.ts';
import { isLogged } from '../backfill/entries.ts';
import { explainFailure, Monitor } from '../backfill/monitor.ts';
import { ensureParent, ensurePrivateDir, protectFile } from '../backfill/private-files.ts';
import { Retrier } from '../backfill/retrier.ts';
import { Sender } from '../backfill/sender.ts';
import { type Pages, readFile, readLog, type TimeRange } from '../backfill/sources.ts';
import { Tally, type TallyRow } from '../backfill/tally.ts';
import { toCommandLine } from '../command-line.ts';
import type { Context } from '../context.ts';
import { withFile } from '../file-error.ts';
import { toHelpText } from '../help.ts';
import { INTERRUPTED_EXIT_CODE } from '../interruption.ts';
import { readSecrets } from '../secret-values.ts';
import { findAction, getActionNames } from '../select-actions.ts';
import { connect, toCredentialsHelp } from '../tenant-connection.ts';

const FOLDER = '.backfill';
const RATE_DEFAULT = 50;
const BATCH_LIMIT = 100;
/** npm and a terminal may both pass on the same Ctrl+C. */
const SAME_CTRL_C_MS = 1_000;

export const addCommand = (program: Command, context: Context): void => {
  program
    .command('backfill')
    .summary('record logins and sign-ups of the past')
    .description(
      "Records logins and sign-ups that are in the tenant's log and were not recorded by the Action: from before it was installed, or during an outage. They are sent to the Action's destination with its secrets, which omit and hash fields as the Action does.",
    )
    .argument('<action>', getActionNames().join(', '))
    .option('--since <date>', 'date, or date and time with a zone; a date is its midnight in UTC', toDate)
    .option(
      '--until <date>',
      'the same, exclusive; for the time before the Action: when it was bound (default: now)',
      toDate,
    )
    .option(
      '--from-file <file>',
      'send the entries of a file instead: rejected ones, once the cause is fixed',
    )
    .option('--secrets <file>', 'JSON object of strings; by default environment variables of the same names')
    .option(
      '--tenant <name>',
      'event.tenant.id of the Actions, from which ids are made; by default <tenant> of AUTH0_DOMAIN=<tenant>….auth0.com',
    )
    .option(
      '--exclude-client <client_id>',
      'application whose logins are skipped; can be repeated. The log does not show which applications have analytics: off',
      (clientId: string, others: readonly string[] = []): readonly string[] => [...others, clientId],
    )
    .option('--rate <number>', 'activities per second', toRate, RATE_DEFAULT)
    .option('--dry-run', 'send nothing; count by day, application and type')
    .option('--checkpoint <file>', `how far it has come (default: in ${FOLDER}/)`)
    .option(
      '--rejected <file>',
      `rejected and malformed entries, which are personal data (default: in ${FOLDER}/)`,
    )
    .option('--yes', 'send again what a finished backfill has sent, without asking')
    .option('--json', 'print the result as one JSON document')
    .addHelpText('after', toHelpText(...HELP, toCredentialsHelp('backfill'), EXIT_CODES_HELP))
    .action(async (name, options) => {
      const plan = await toPlan(context, name, options);
      if (!plan.isDryRun && !(await isRepeatWanted(context, plan, options.yes))) return;
      const result = await backfill(context, plan);
      context.print(options.json ? JSON.stringify(result, null, 2) : describe(result));
      context.exitCode = getExitCode(result);
    });
};

const HELP = [
  'Ctrl+C is safe: the same command resumes where it stopped, and so it does after an error.',
  'The log has sign-ups of databases and passwordless connections only: first logins through social and enterprise connections are recorded as Logins. The first login within a minute of a sign-up is a part of it, as it is for the Action, and is skipped. Entries have no geolocation, no profile, no metadata and no parameters of /authorize, and user_name as the only name. EVENTS, EXCLUDE, GROUPS and USER_ID apply as in the Action; a backfill is not started if USER_ID or a flag of EXCLUDE reads what the log lacks. They are kept for 1 to 30 days, depending on the plan. Silent authentication and token exchange are never recorded, even with RECORD=all.',
  'A SignUp has the id that the Action gives it, and so has a Login with a transaction, as logins in a browser have. Destinations that deduplicate by id drop what they already have: Segment for a day at least, Keen for 31 days in a collection, Splunk in a search with | dedup id. Other Logins are counted twice: choose --since and --until so that they do not overlap with what was recorded.',
];

const EXIT_CODES_HELP =
  'Exits with 0 if everything was sent, 1 if something was rejected or malformed, or it could not be finished, 2 for a wrong command line, 130 after Ctrl+C.';

const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

const toDate = (value: string): Date => {
  const date = new Date(DATE.test(value) ? value : Number.NaN);
  if (!Number.isNaN(date.getTime())) return date;
  throw new UsageError(`${value} is not a date like 2026-01-31 or 2026-01-31T12:00:00Z`);
};

const toRate = (value: string): number => {
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new UsageError('--rate must be a whole number from 1 to 999999');
};

interface BackfillCommandOptions {
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  readonly fromFile?: string | undefined;
  readonly secrets?: string | undefined;
  readonly tenant?: string | undefined;
  readonly excludeClient?: readonly string[] | undefined;
  readonly rate: number;
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
  readonly checkpoint?: string | undefined;
  readonly rejected?: string | undefined;
}

/** Everything that was asked for, checked before anything is read or sent. */
interface Plan {
  readonly sink: Sink;
  readonly secrets: Settings & Record<string, unknown>;
  readonly tenant: string;
  /** Entries of the tenant's log in a time range, or those of a file. */
  readonly source: { readonly since: Date } | { readonly file: string };
  readonly until: Date;
  readonly excludedClients: readonly string[];
  readonly rate: number;
  readonly isDryRun: boolean;
  readonly checkpointFile: string;
  readonly checkpoint: Checkpoint;
  readonly rejectedFile: string;
}

const toPlan = async (context: Context, name: string, options: BackfillCommandOptions): Promise<Plan> => {
  const { until = new Date(), excludeClient: excludedClients = [], rate, dryRun = false } = options;
  const sink = await findSink(name);
  const source = toSource(context, options, until);
  const tenant = options.tenant ?? getTenant(context);
  const rejectedFile = toRejectedFile(context, sink, options);
  const checkpointFile = options.checkpoint ?? path.join(FOLDER, `${sink.name}.checkpoint.json`);
  const checkpoint = new Checkpoint(context.resolve(checkpointFile), {
    action: sink.name,
    tenant,
    'exclude-client': excludedClients.join(),
    ...('file' in source
      ? { 'from-file': source.file }
      : { since: source.since.toISOString(), until: options.until?.toISOString() ?? 'now' }),
  });
  const secrets = await readValidSecrets(context, sink, options.secrets);
  assertLogged(secrets);
  return {
    sink,
    secrets,
    tenant,
    source,
    until,
    excludedClients,
    rate,
    isDryRun: dryRun,
    checkpointFile,
    checkpoint,
    rejectedFile,
  };
};

/** Each destination accepts and rejects for itself, so a backfill has one. */
const findSink = async (name: string): Promise<Sink> => {
  const action = await findAction(name);
  const sink = onlySink(action);
  if (sink) return sink;
  const names = action.sinks.map((each) => each.name).join(', ');
  throw new UsageError(`${name} has several destinations, name one of them: ${names}`);
};

const toSource = (
  context: Context,
  { since, until: givenUntil, fromFile: file }: BackfillCommandOptions,
  until: Date,
): Plan['source'] => {
  if (since && file === undefined) {
    if (since < until) return { since };
    throw new UsageError('--since must be before --until, and not in the future');
  }
  if (since || file === undefined) throw new UsageError('either --since or --from-file is required');
  if (givenUntil) throw new UsageError('--until cannot be used with --from-file');
  if (!existsSync(context.resolve(file))) throw new UsageError(`Cannot read ${file}: no such file`);
  if (statSync(context.resolve(file)).isDirectory())
    throw new UsageError(`Cannot read ${file}: it is a directory`);
  return { file };
};

const getTenant = ({ env }: Context): string => {
  const [, tenant] = /^([^.]+)\..*auth0\.com$/.exec(env.AUTH0_DOMAIN?.trim() ?? '') ?? [];
  if (tenant) return tenant;
  throw new UsageError('--tenant is required: AUTH0_DOMAIN does not contain the name of the tenant');
};

const toRejectedFile = (
  context: Context,
  { name }: Sink,
  { rejected, fromFile }: BackfillCommandOptions,
): string => {
  const byDefault = fromFile ? `${fromFile}.again` : path.join(FOLDER, `${name}.rejected.jsonl`);
  const file = rejected ?? byDefault;
  if (fromFile !== undefined && context.resolve(fromFile) === context.resolve(file)) {
    throw new UsageError('--rejected and --from-file must be different files');
  }
  return file;
};

const readValidSecrets = async (context: Context, sink: Sink, file: string | undefined) => {
  try {
    return parseSecrets(sink, await readSecrets(context, [sink], file));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(`${sink.name} is not configured: ${error.message}`);
  }
};

/**
 * What decides whose event it is, or whether there may be one, is not guessed.
 * @throws {UsageError} that names the setting whose path the log lacks.
 */
const assertLogged = ({ USER_ID, EXCLUDE }: Settings): void => {
  if (USER_ID && !isLogged(USER_ID)) {
    throw new UsageError(
      `USER_ID reads ${USER_ID.join('.')}, which the tenant log lacks: without USER_ID in the secrets, events are sent with Auth0's user id`,
    );
  }
  const flag = EXCLUDE.find(({ path }) => path && !isLogged(path));
  if (flag) {
    throw new UsageError(
      `EXCLUDE reads ${flag.path?.join('.')}, which the tenant log lacks: without this flag in EXCLUDE, the logins that it excludes are sent as well`,
    );
  }
};

/** The names of properties that backfilled events lack. */
const getMissingProperties = ({ PROPERTIES, USER_PROPERTIES }: Settings): string[] =>
  [...PROPERTIES, ...USER_PROPERTIES].flatMap(({ name, path }) => (path && !isLogged(path) ? [name] : []));

/** A finished backfill is not repeated by an arrow key and Enter. */
const isRepeatWanted = async (
  context: Context,
  { checkpoint, checkpointFile }: Plan,
  yes = false,
): Promise<boolean> => {
  const saved = checkpoint.read();
  if (!saved?.completedAt || yes) return true;
  const { sent } = saved.position;
  const finished = `This backfill was finished at ${saved.completedAt.toISOString()}, according to ${checkpointFile}: ${describeSent(sent)} sent. Running it again sends them again, and destinations that do not deduplicate count them twice.`;
  if (!context.io.stdin.isTTY) {
    throw new UsageError(`${finished} There is no terminal to ask in: --yes sends them without asking`);
  }
  context.printError(finished);
  return ask(context, 'Send them again?');
};

const describeSent = ({ SignUp, Login }: Position['sent']): string => `${SignUp} SignUps, ${Login} Logins`;

interface Result extends Omit<Position, 'pendingSignUps' | 'after' | 'date'> {
  readonly action: string;
  readonly status: 'complete' | 'interrupted' | 'failed';
  readonly dryRun: boolean;
  /** Date of the last entry that was read. */
  readonly reached?: string;
  readonly counts?: readonly TallyRow[];
  readonly rejectedFile?: string;
  readonly failure?: string;
}

/** At most one process at a time uses a checkpoint. A dry run has none. */
const backfill = async (context: Context, plan: Plan): Promise<Result> => {
  if (plan.isDryRun) return runBackfill(context, plan);
  ensureDir(context, plan.checkpointFile);
  const unlock = plan.checkpoint.lock();
  try {
    return await runBackfill(context, plan);
  } finally {
    unlock();
  }
};

/** Reads, sends and reports until the end, an error or Ctrl+C. */
const runBackfill = async (context: Context, plan: Plan): Promise<Result> => {
  const { sink, secrets, rate, isDryRun, checkpoint } = plan;
  const start = prepare(context, plan);
  const range = 'since' in plan.source ? { since: plan.source.since, until: start.until } : undefined;
  const monitor = new Monitor({
    context,
    sink,
    range,
    start,
    rejectedFile: context.resolve(plan.rejectedFile),
    ...(!isDryRun && { checkpoint }),
  });
  const interrupt = listenForCtrlC();
  const retrier = new Retrier(interrupt.signal, { onRetry: monitor.onRetry });
  const tally = new Tally();
  const run = new BackfillRun({
    ...plan,
    range,
    pages: openPages(context, plan, range, start.position.after, retrier),
    position: start.position,
    // A file holds only what was to be sent.
    includeFirstLogins: 'file' in plan.source,
    batchSize: Math.min(rate, BATCH_LIMIT),
    sender: isDryRun ? tally : new Sender(sink, secrets, rate, retrier),
    listener: monitor,
  });

  let status: Result['status'] = 'failed';
  let failure: string | undefined;
  try {
    status = (await run.run(interrupt.signal)) ? 'complete' : 'interrupted';
    if (status === 'complete' && !isDryRun) {
      checkpoint.write({ until: start.until, position: run.position, completedAt: new Date() });
    }
  } catch (error) {
    failure = explainFailure(error, sink);
    if (failure === undefined) throw error;
    if (interrupt.signal.aborted) status = 'interrupted';
  } finally {
    monitor.end();
    interrupt.dispose();
  }

  const { read, sent, rejected, skipped, date } = monitor.position;
  return {
    action: sink.name,
    status,
    dryRun: isDryRun,
    read,
    sent,
    rejected,
    skipped,
    ...(date !== undefined && { reached: date }),
    ...(isDryRun && { counts: tally.rows }),
    ...(!isDryRun && rejected + (skipped[MALFORMED] ?? 0) > 0 && { rejectedFile: plan.rejectedFile }),
    ...(failure !== undefined && { failure }),
  };
};

/** Where it starts or resumes, with the files that it needs. */
const prepare = (context: Context, plan: Plan): Progress => {
  const { checkpoint, checkpointFile, rejectedFile, until, isDryRun } = plan;
  const missing = getMissingProperties(plan.secrets);
  if (missing.length > 0) context.printError(`Not in the tenant log, so not sent: ${missing.join(', ')}.`);
  const read = isDryRun ? undefined : checkpoint.read();
  const saved = read?.completedAt ? undefined : read;
  const start = saved ?? { until, position: START };
  if (isDryRun) return start;
  ensureDir(context, rejectedFile);
  protectFile(context.resolve(rejectedFile));
  checkpoint.write(start);
  if (saved) {
    context.printError(`Resuming after ${saved.position.date ?? 'nothing'}, according to ${checkpointFile}.`);
  }
  return start;
};

/** `.backfill` keeps itself out of git: rejected entries are personal data. */
const ensureDir = (context: Context, file: string): void => {
  const own = context.resolve(FOLDER);
  if (context.resolve(path.dirname(file)) !== own) {
    ensureParent(context.resolve(file));
    return;
  }
  ensurePrivateDir(own);
  const ignore = path.join(own, '.gitignore');
  if (!existsSync(ignore)) withFile(ignore, () => writeFileSync(ignore, '*\n'));
};

const openPages = (
  context: Context,
  { source }: Plan,
  range: TimeRange | undefined,
  after: string | undefined,
  retrier: Retrier,
): Pages => {
  if (range) return readLog(connect(context).client, range, after, retrier);
  return readFile(context.resolve('file' in source ? source.file : ''), after);
};

/** A second Ctrl+C ends the process immediately. */
const listenForCtrlC = () => {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const listener = () => {
    if (firstAt !== undefined && Date.now() - firstAt > SAME_CTRL_C_MS) process.exit(INTERRUPTED_EXIT_CODE);
    firstAt ??= Date.now();
    controller.abort();
  };
  process.on('SIGINT', listener);
  return { signal: controller.signal, dispose: () => process.off('SIGINT', listener) };
};

const describe = ({ action, dryRun, status, ...result }: Result): string => {
  const { read, sent, rejected, skipped, reached, counts = [], rejectedFile, failure } = result;
  const rows = [
    ['read', `${read} logins and sign-ups${reached === undefined ? '' : `, the log up to ${reached}`}`],
    [dryRun ? 'to be sent' : 'sent', describeSent(sent)],
    ['rejected', String(rejected)],
    ...Object.entries(skipped).map(([reason, count]) => ['skipped', `${count}: ${reason}`]),
    ...(failure === undefined ? [] : [['failed', failure]]),
  ];
  const tally = counts.map((row) => [row.day, row.application, String(row.SignUp), String(row.Login)]);
  return [
    `${action}: ${status}${dryRun ? ', nothing was sent' : ''}`,
    table(rows),
    ...(tally.length > 0 ? ['', table([['day', 'application', 'SignUps', 'Logins'], ...tally])] : []),
    ...(status === 'complete' || dryRun ? [] : ['', 'The same command resumes from here.']),
    ...(rejectedFile === undefined
      ? []
      : [
          '',
          `Rejected and malformed entries are stored in ${rejectedFile}. Once the cause is fixed: ${toCommandLine('backfill', action, '--from-file', rejectedFile)}`,
        ]),
  ].join('\n');
};

const getExitCode = ({ status, rejected, skipped }: Result): number => {
  if (status === 'interrupted') return INTERRUPTED_EXIT_CODE;
  return status === 'complete' && rejected === 0 && !skipped[MALFORMED] ? 0 : 1;
};
