/** `auth0-login-analytics setup`: from the choice of destinations to an Action that every login runs. */
import type { Command } from '@commander-js/extra-typings';
import type { Management } from 'auth0';
import { getRequiredSecrets } from '../../../lib/secrets.ts';
import type { Sink } from '../../../lib/sink.ts';
import {
  type ActionSet,
  assertUsableName,
  DEFAULT_SET_NAME,
  readSets,
  SETS_FILE,
  toEntry,
  toSet,
  writeSet,
} from '../../shared/action-sets.ts';
import { ensureBuilt } from '../../shared/built-code.ts';
import { type Action, loadSet, loadSinks } from '../../shared/catalog.ts';
import { showElapsed } from '../../shared/progress.ts';
import { paint } from '../../shared/table.ts';
import { UsageError } from '../../shared/usage-error.ts';
import { ask, askText, choose } from '../ask.ts';
import { toCommandLine } from '../command-line.ts';
import type { Context } from '../context.ts';
import { checkDestination } from '../doctor/delivery.ts';
import { checkTenant } from '../doctor/deployment.ts';
import { Report } from '../doctor/report.ts';
import { toHelpText } from '../help.ts';
import { INTERRUPTED_EXIT_CODE, isInterruption } from '../interruption.ts';
import { SECRETS_LIMIT } from '../packed-secrets.ts';
import { CONFIG, readSecrets, type Secrets } from '../secret-values.ts';
import { createPlan, describePlan, type Plan } from '../setup/plan.ts';
import { readSearch } from '../setup/searches.ts';
import { askForSecrets, findProblems } from '../setup/secret-questions.ts';
import { runSteps, type Step, StoppedError } from '../setup/steps.ts';
import { openTenant } from '../setup/tenant-questions.ts';
import { listActions } from '../tenant-actions.ts';
import { type TenantConnection, toCredentialsHelp } from '../tenant-connection.ts';
import { explainTenantError, TenantError } from '../tenant-error.ts';
import { bind } from './bind.ts';
import { assertDeployable, deploy } from './deploy.ts';
import { setSecrets } from './secrets.ts';

export const addCommand = (program: Command, context: Context): void => {
  program
    .command('setup')
    .summary('set up recording, step by step')
    .description(
      'Asks for destinations, tenant, secrets and privacy, shows one plan, and then does it: sends a test event to each destination, deploys one Action for exactly these destinations, sets its secrets, adds it to the login flow, checks everything, and shows what to search for at each vendor. Run it again to go on or to change something.',
    )
    .option('--with <destinations>', 'like splunk,segment-http,mixpanel; asked by default')
    .option('--name <action>', `name of the Action; asked by default, ${DEFAULT_SET_NAME} is offered`)
    .option('--secrets <file>', 'JSON object of strings; by default environment variables of the same names')
    .option('--yes', 'ask nothing: what is not given is an error')
    .option('--dry-run', 'show the plan, and change nothing')
    .option('--json', 'print what was done and checked as one JSON document')
    .addHelpText(
      'after',
      toHelpText(
        toCredentialsHelp('setup'),
        `Secrets are typed hidden, or come from a file or the environment, and are stored in the tenant alone. The choice of destinations is kept in ${SETS_FILE}, which belongs into git.`,
        'Exits with 0 if the next login will be recorded or you say no, 1 if something fails, 2 for a wrong command line or secrets, 130 after Ctrl+C. Whatever happens, it reports what was done and how to go on.',
      ),
    )
    .action(async (options) => {
      try {
        await setUp(context, options);
      } catch (error) {
        if (isInterruption(error)) context.printError('Nothing was changed in the tenant.');
        throw error;
      }
    });
};

interface SetupOptions {
  readonly with?: string | undefined;
  readonly name?: string | undefined;
  readonly secrets?: string | undefined;
  readonly yes?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly json?: true | undefined;
}

const setUp = async (context: Context, options: SetupOptions): Promise<void> => {
  const { yes, dryRun, json } = options;
  if (!yes && !context.io.stdin.isTTY) {
    throw new UsageError(
      'there is no terminal to ask in: --yes takes everything from --with, --secrets and the environment',
    );
  }
  const { set, action } = await chooseAction(context, options);
  const connection = await openTenant(context, !yes);
  const stored = (await listActions(connection.client)).find(({ name }) => name === set.name);
  const given = await chooseSecrets(context, action, stored, options);

  const entry = toEntry(set);
  await ensureBuilt([entry]);
  await assertDeployable(entry);
  const plan = await createPlan(connection, action, entry, stored, given);
  const show = (text: string) => (json ? context.printError(text) : context.print(text));
  show(`\n${describePlan(plan)}\n`);
  if (yes && plan.lostSecrets.length > 0) {
    throw new TenantError(
      `${set.name} has the secrets ${plan.lostSecrets.join(', ')}, which were not given and would be lost: give them as well, or delete them in the dashboard. Nothing was changed`,
    );
  }
  if (dryRun || !(yes || (await ask(context, 'Set this up?')))) {
    show('Nothing was changed.');
    if (json)
      context.print(JSON.stringify(toDocument(plan, [], toSteps(context, connection, plan, set)), null, 2));
    return;
  }
  await carryOut(context, connection, plan, set, options);
};

const chooseAction = async (
  context: Context,
  options: SetupOptions,
): Promise<{ readonly set: ActionSet; readonly action: Action }> => {
  for (;;) {
    const set = await chooseSet(context, options);
    try {
      return { set, action: await loadSet(set) };
    } catch (error) {
      // What was chosen can be chosen again; what a command line says cannot.
      if (!(error instanceof UsageError) || options.yes || options.with !== undefined) throw error;
      context.printError(error.message);
    }
  }
};

const chooseSet = async (context: Context, { with: list, name, yes }: SetupOptions): Promise<ActionSet> => {
  const sets = readSets(context.cwd);
  const known =
    name === undefined && sets.length === 1
      ? sets[0]
      : sets.find((set) => set.name === (name ?? DEFAULT_SET_NAME));
  if (list !== undefined) return toSet(name ?? known?.name ?? DEFAULT_SET_NAME, list);
  if (yes) {
    if (known) return known;
    throw new UsageError(`--yes needs --with, as ${SETS_FILE} has no ${name ?? 'single Action'}`);
  }
  if (name !== undefined) assertUsableName(name);
  const choices = (await loadSinks()).map((sink) => ({
    value: sink.name,
    description: sink.title,
    checked: known?.destinations.includes(sink.name) ?? false,
  }));
  const destinations = await choose(context, 'Destinations', choices, true);
  return { name: name ?? (await askForName(context, known?.name ?? DEFAULT_SET_NAME)), destinations };
};

const askForName = (context: Context, defaultValue: string): Promise<string> =>
  askText(context, {
    message: 'Name of the Action:',
    defaultValue,
    getProblem: (answer) => {
      try {
        assertUsableName(answer);
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  });

/** Undefined if those that the Action has in the tenant stay. */
const chooseSecrets = async (
  context: Context,
  { name, sinks }: Action,
  stored: Management.Action | undefined,
  { secrets: file, yes }: SetupOptions,
): Promise<Secrets | undefined> => {
  const given = await readSecrets(context, sinks, file);
  const isGiven = Object.keys(given).length > 0;
  const storedNames = (stored?.secrets ?? []).flatMap((secret) => secret.name ?? []);
  const hasAll = sinks
    .flatMap(({ secrets }) => getRequiredSecrets(secrets))
    .every((required) => storedNames.includes(required) || storedNames.includes(CONFIG));
  if (hasAll && !isGiven) {
    if (yes) return undefined;
    const question = `${name} has ${storedNames.join(', ')} in the tenant. Keep them as they are?`;
    if (await ask(context, question, true)) return undefined;
  }
  if (!yes) return askForSecrets(context, sinks, given);
  const problems = Array.from(findProblems(sinks, given), ([secret, problem]) => `${secret} ${problem}`);
  if (problems.length > 0) throw new UsageError(`${name}: ${problems.join('; ')}`);
  return given;
};

/** The test events, then the steps that change something, then the check. Reports how far it came. */
const carryOut = async (
  context: Context,
  connection: TenantConnection,
  planned: Plan,
  set: ActionSet,
  { yes, json }: SetupOptions,
): Promise<void> => {
  const report = new Report(context, json);
  const plan = await testDestinations(context, planned, report, !yes);
  if (!plan) {
    context.printError(`A destination did not accept the test event. Nothing was changed in the tenant.`);
    if (json)
      context.print(
        JSON.stringify(
          {
            ...toDocument(planned, [], toSteps(context, connection, planned, set)),
            checks: report.diagnoses,
          },
          null,
          2,
        ),
      );
    context.exitCode = 1;
    return;
  }
  const print = (text: string) => json || context.print(text);
  const steps = toSteps(context, connection, plan, set);
  let stopped: StoppedError | undefined;
  try {
    await runSteps(
      steps.map((step) => ({
        ...step,
        run: async () => {
          await step.run();
          print(`${paint('green', 'done')}  ${step.done}`);
        },
      })),
    );
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    stopped = error;
  }
  if (stopped) {
    reportStop(context, set, stopped);
  } else {
    report.start(set.name);
    for await (const check of checkTenant(connection.client, plan.action, plan.action.sinks, context))
      report.add(check);
    if (report.hasFailure) context.exitCode = 1;
    print(describeSearches(plan.action.sinks));
  }
  if (json) {
    const done = stopped?.done ?? steps.map((step) => step.done);
    context.print(JSON.stringify({ ...toDocument(plan, done, steps), checks: report.diagnoses }, null, 2));
  }
};

/** The plan with the secrets that work; undefined if a destination does not accept the test event. */
const testDestinations = async (
  context: Context,
  plan: Plan,
  report: Report,
  canAsk: boolean,
): Promise<Plan | undefined> => {
  let { secrets } = plan;
  // Auth0 returns no secret, so those that stay cannot be tried from here.
  if (!secrets) return plan;
  for (const sink of plan.action.sinks) {
    while (!(await isAccepted(sink, secrets, report))) {
      if (!canAsk || !(await ask(context, `Type the secrets of ${sink.name} again?`, true))) return undefined;
      const others = Object.entries(secrets).filter(([name]) => !(name in sink.secrets));
      secrets = await askForSecrets(context, plan.action.sinks, Object.fromEntries(others));
    }
  }
  return { ...plan, secrets };
};

const isAccepted = async (sink: Sink, secrets: Secrets, report: Report): Promise<boolean> => {
  report.start(sink.name);
  let isPassed = true;
  for await (const check of checkDestination(sink, secrets)) {
    report.add({ destination: sink.name, ...check });
    if (check.level === 'fail') isPassed = false;
  }
  return isPassed;
};

const toSteps = (
  context: Context,
  connection: TenantConnection,
  { action, entry, changes, secrets }: Plan,
  set: ActionSet,
): readonly Step[] => {
  const { client } = connection;
  const { name } = set;
  const keep: Step = {
    done: `${name} is kept in ${SETS_FILE}`,
    run: async () => {
      writeSet(context.cwd, set);
    },
  };
  const deployStep: Step = {
    done: `${name} is deployed`,
    run: () =>
      showElapsed(
        'Deploying, which takes half a minute:',
        deploy(connection, [entry], context),
        context.io.stderr,
      ),
  };
  const secretsStep: Step = {
    done: `${name} has its secrets`,
    run: async () => {
      const given = secrets ?? {};
      const pack = Object.keys(given).length > SECRETS_LIMIT || undefined;
      await setSecrets(client, action, given, { ...(pack && { pack }), replace: true });
    },
  };
  const bindStep: Step = {
    done: `${name} is in the login flow`,
    run: async () => {
      await bind(client, [name]);
    },
  };
  return [keep, ...(changes.length > 0 ? [deployStep] : []), ...(secrets ? [secretsStep] : []), bindStep];
};

const reportStop = (
  context: Context,
  { name }: ActionSet,
  { done, remaining, cause, isInterruption }: StoppedError,
): void => {
  const explanation = isInterruption ? 'Stopped' : explainTenantError(cause);
  if (explanation === undefined) throw cause;
  context.printError(
    `${explanation}.\nDone: ${done.join('; ') || 'nothing'}.\nNot done: ${remaining.join('; ')}.\nGo on with: ${toCommandLine('setup', '--name', name)}`,
  );
  context.exitCode = isInterruption ? INTERRUPTED_EXIT_CODE : 1;
};

const describeSearches = (sinks: readonly Sink[]): string =>
  [
    '\nThe next login is recorded. This is where you see it:',
    ...sinks.map(
      (sink) => `${paint('bold', sink.title)}\n\n${readSearch(sink.name).replace(/^(?=.)/gm, '  ')}`,
    ),
  ].join('\n\n');

/** For --json. It holds no value of a secret. */
const toDocument = (
  { domain, action, changes, flow }: Plan,
  done: readonly string[],
  steps: readonly Step[],
) => ({
  domain,
  action: action.name,
  destinations: action.sinks.map(({ name }) => name),
  changes,
  flow: flow.after.map((binding) => binding.displayName),
  done,
  remaining: steps.map((step) => step.done).filter((step) => !done.includes(step)),
  searches: Object.fromEntries(action.sinks.map(({ name }) => [name, readSearch(name)])),
});
