/** `auth0-login-analytics try`: what the Test tab of Auth0's editor does, from the command line. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Event } from '@auth0/actions/post-login/v3';
import type { Command } from '@commander-js/extra-typings';
import type { Outcome } from '../../../lib/outcome.ts';
import { selectConfigured } from '../../../lib/secrets.ts';
import { toExchangeDetails } from '../../playground/exchange-details.ts';
import { captureExchanges, type Exchange } from '../../playground/exchanges.ts';
import type { ExchangeDetails } from '../../playground/state.ts';
import { ensureBuilt } from '../../shared/built-code.ts';
import type { Action } from '../../shared/catalog.ts';
import { readJsonObject } from '../../shared/json-file.ts';
import { table } from '../../shared/table.ts';
import { UsageError } from '../../shared/usage-error.ts';
import { exampleEvent } from '../../simulator/auth0/example-event.ts';
import { createApi, type MetadataChange } from '../../simulator/auth0/post-login-api.ts';
import { type ActionSource, loadAction } from '../../simulator/auth0/runtime.ts';
import { readSource } from '../../simulator/built-actions.ts';
import { getCredentials, maskText } from '../../simulator/redact-secrets.ts';
import { ask } from '../ask.ts';
import type { Context } from '../context.ts';
import { toHelpText } from '../help.ts';
import { readSecrets, type Secrets } from '../secret-values.ts';
import { findAction, getActionNames, selectAction } from '../select-actions.ts';

export const addCommand = (program: Command, context: Context): void => {
  program
    .command('try')
    .summary('run an Action once, against its real destination')
    .description(
      'Builds an Action and runs it once, as Auth0 would. It sends a REAL event of a user who does not exist, another one each time, to what its secrets point at, and prints requests, responses and what came of it at each destination.',
    )
    .argument('<action>', getActionNames(context).join(', '))
    .option(
      '--event <file>',
      "event of the login, as JSON, sent as it is: a destination may drop it the second time; by default Auth0's example event with a new user",
    )
    .option('--secrets <file>', 'JSON object of strings; by default environment variables of the same names')
    .option('--yes', 'do not ask')
    .option('--json', 'print outcomes, requests, log and metadata as one JSON document')
    .addHelpText(
      'after',
      toHelpText(
        'Exits with 0 if every destination has accepted or rightly skipped the login, 1 if one has not, 2 if the Action is not configured.',
      ),
    )
    .action(async (name, { event: eventFile, secrets: secretsFile, yes, json }) => {
      const action = await findAction(name, context);
      const event = eventFile === undefined ? newUserEvent() : readEvent(context.resolve(eventFile));
      const secrets = await readSecrets(context, action.sinks, secretsFile);
      if (!yes && !context.io.stdin.isTTY) {
        throw new UsageError('there is no terminal to ask in: --yes sends the event without asking');
      }
      const entry = selectAction(name, context);
      await ensureBuilt([entry]);
      if (!yes && !(await ask(context, toQuestion(action, event, secrets)))) {
        context.print('Nothing was sent.');
        return;
      }
      const result = await tryAction(action, await readSource(entry), event, secrets);
      context.print(json ? JSON.stringify(result, null, 2) : describe(result));
      context.exitCode = EXIT_CODES[result.status];
    });
};

const toQuestion = ({ sinks }: Action, { user }: Event, secrets: Secrets): string => {
  const names = selectConfigured(sinks, (sink) => sink.secrets, secrets).map(({ name }) => name);
  return `Send a real event of the user ${user?.user_id} to ${names.join(', ') || 'no destination'}?`;
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
  readonly exchanges: readonly ExchangeDetails[];
  /** What the Action threw, with its stack. */
  readonly error?: string;
  readonly denied?: string;
  readonly metadata: readonly MetadataChange[];
}

/** Auth0's example with a user, a transaction and a session of its own: no destination takes it for a duplicate. */
const newUserEvent = (): Event => {
  const event = exampleEvent();
  const id = randomBytes(6).toString('hex');
  const email = `try-${id}@example.com`;
  return {
    ...event,
    user: { ...event.user, user_id: `auth0|try-${id}`, email, name: email },
    ...(event.transaction && { transaction: { ...event.transaction, id: randomUUID() } }),
    ...(event.session && { session: { ...event.session, id: randomUUID() } }),
  };
};

const readEvent = (file: string): Event => readJsonObject(file) as unknown as Event;

const tryAction = async (
  { name, sinks }: Action,
  source: ActionSource,
  event: Event,
  secrets: Secrets,
): Promise<Result> => {
  const ownEvent = { ...event, secrets };
  const { api, effects } = createApi(ownEvent);
  const exchanges: Exchange[] = [];
  const { error, logs, outcomes, durationMs } = await captureExchanges(exchanges, () =>
    loadAction(source).execute(ownEvent, api),
  );
  const credentials = getCredentials(sinks, secrets);
  return {
    action: name,
    status: error ? 'failed' : getStatus(outcomes),
    durationMs: Math.round(durationMs),
    outcomes,
    log: logs.trimEnd(),
    exchanges: exchanges.map((exchange) => toExchangeDetails(exchange, credentials)),
    ...(error && { error: maskText(error.stack ?? error.message, credentials) }),
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

const describe = (result: Result): string => {
  const { action, status, durationMs, outcomes, log, error, denied, metadata, exchanges } = result;
  const rows = [
    ...outcomes.map((outcome) => [outcome.destination, describeOutcome(outcome)]),
    ...(log ? [['log', log]] : []),
    ...(denied === undefined ? [] : [['login denied', denied]]),
    ...metadata.map(({ field, key, value }) => [field, `${key} = ${JSON.stringify(value)}`]),
  ];
  return [
    `${action}: ${status} in ${durationMs} ms\n${table(rows)}`,
    ...(error === undefined ? [] : [error]),
    ...exchanges.map(describeExchange),
  ].join('\n\n');
};

const describeExchange = (exchange: ExchangeDetails): string => {
  const { method, url, headers, body, status, responseHeaders, responseBody, error } = exchange;
  return [
    `${method} ${url}`,
    indent(describeHeaders(headers)),
    indent(body),
    status === undefined ? `no response: ${error ?? 'the deadline has passed'}` : `${status}`,
    indent(describeHeaders(responseHeaders)),
    indent(responseBody),
  ]
    .filter((part) => part.trim() !== '')
    .join('\n');
};

const describeHeaders = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');

const indent = (text: string): string => text.replace(/^(?=.)/gm, '  ');

const describeOutcome = (outcome: Outcome): string => {
  const type = outcome.activity?.type ?? 'Login';
  switch (outcome.status) {
    case 'delivered':
      return `${type} delivered in ${outcome.elapsedMs} ms`;
    case 'failed':
      return [
        [`${type} failed: ${outcome.message}`, ...(outcome.hint ? [outcome.hint] : [])].join('; '),
        ...(outcome.stack ? [outcome.stack] : []),
      ].join('\n');
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
