/** `auth0-login-analytics try`: what the Test tab of Auth0's editor does, from the command line. */
import type { Event } from '@auth0/actions/post-login/v3';
import type { Command } from '@commander-js/extra-typings';
import type { Outcome } from '../../../lib/outcome.ts';
import { ensureBuilt } from '../../shared/built-code.ts';
import { readJsonObject } from '../../shared/json-file.ts';
import { table } from '../../shared/table.ts';
import { exampleEvent } from '../../simulator/auth0/example-event.ts';
import { createApi, type MetadataChange } from '../../simulator/auth0/post-login-api.ts';
import { loadBuilt } from '../../simulator/built-actions.ts';
import type { Context } from '../context.ts';
import { toHelpText } from '../help.ts';
import { readSecrets, type Secrets } from '../secret-values.ts';
import { findAction, getActionNames } from '../select-actions.ts';

export const addCommand = (program: Command, context: Context): void => {
  program
    .command('try')
    .summary('run an Action once, against its real destination')
    .description(
      'Builds an Action and runs it once, as Auth0 would. It sends a real event to what its secrets point at, and prints what came of it at each destination.',
    )
    .argument('<action>', getActionNames().join(', '))
    .option('--event <file>', "event of the login, as JSON; by default Auth0's example event")
    .option('--secrets <file>', 'JSON object of strings; by default environment variables of the same names')
    .option('--json', 'print outcomes, log and metadata as one JSON document')
    .addHelpText(
      'after',
      toHelpText(
        'Exits with 0 if every destination has accepted or rightly skipped the login, 1 if one has not, 2 if the Action is not configured.',
      ),
    )
    .action(async (name, { event: eventFile, secrets: secretsFile, json }) => {
      const action = await findAction(name);
      const event = eventFile === undefined ? exampleEvent() : readEvent(context.resolve(eventFile));
      const secrets = await readSecrets(context, action.sinks, secretsFile);
      await ensureBuilt();
      const result = await tryAction(name, event, secrets);
      context.print(json ? JSON.stringify(result, null, 2) : describe(result));
      context.exitCode = EXIT_CODES[result.status];
    });
};

/** The worst outcome of a destination counts. */
type Status = 'delivered' | 'skipped' | 'misconfigured' | 'failed';

const EXIT_CODES: Record<Status, number> = { delivered: 0, skipped: 0, failed: 1, misconfigured: 2 };

interface Result {
  readonly action: string;
  readonly status: Status;
  readonly durationMs: number;
  readonly outcomes: readonly Outcome[];
  /** What the Action printed. */
  readonly log: string;
  readonly error?: string;
  readonly denied?: string;
  readonly metadata: readonly MetadataChange[];
}

const readEvent = (file: string): Event => readJsonObject(file) as unknown as Event;

const tryAction = async (name: string, event: Event, secrets: Secrets): Promise<Result> => {
  const ownEvent = { ...event, secrets };
  const { api, effects } = createApi(ownEvent);
  const { error, logs, outcomes, durationMs } = await loadBuilt(name).execute(ownEvent, api);
  return {
    action: name,
    status: error ? 'failed' : getStatus(outcomes),
    durationMs: Math.round(durationMs),
    outcomes,
    log: logs.trimEnd(),
    ...(error && { error: error.message }),
    ...(effects.denied !== undefined && { denied: effects.denied }),
    metadata: effects.metadata,
  };
};

const getStatus = (outcomes: readonly Outcome[]): Status => {
  const statuses = outcomes.map(({ status }) => status);
  return (
    (['failed', 'misconfigured', 'delivered', 'skipped'] as const).find((status) =>
      statuses.includes(status),
    ) ?? 'failed'
  );
};

const describe = ({ action, status, durationMs, outcomes, log, error, denied, metadata }: Result): string => {
  const rows = [
    ...outcomes.map((outcome) => [outcome.destination, describeOutcome(outcome)]),
    ...(log ? [['log', log]] : []),
    ...(error === undefined ? [] : [['error', error]]),
    ...(denied === undefined ? [] : [['login denied', denied]]),
    ...metadata.map(({ field, key, value }) => [field, `${key} = ${JSON.stringify(value)}`]),
  ];
  return `${action}: ${status} in ${durationMs} ms\n${table(rows)}`;
};

const describeOutcome = (outcome: Outcome): string => {
  const type = outcome.activity?.type ?? 'Login';
  switch (outcome.status) {
    case 'delivered':
      return `${type} delivered in ${outcome.elapsedMs} ms`;
    case 'failed':
      return [`${type} failed: ${outcome.message}`, ...(outcome.hint ? [outcome.hint] : [])].join('; ');
    case 'skipped':
      return `skipped: ${outcome.reason}`;
    case 'misconfigured':
      return describeProblems(outcome.problems);
  }
};

const describeProblems = (problems: Readonly<Record<string, string>>): string =>
  Object.entries(problems)
    .map(([name, problem]) => `${name} ${problem}`)
    .join('; ') || 'no destination configured: set the secrets of at least one';
