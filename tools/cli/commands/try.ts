/** `npm run try`: what the Test tab of Auth0's editor does, from the command line. */
import type { Event } from '@auth0/actions/post-login/v3';
import { build } from '../../shared/build.ts';
import { findAction } from '../../shared/catalog.ts';
import { table } from '../../shared/table.ts';
import { exampleEvent } from '../../simulator/auth0/example-event.ts';
import { createApi, type MetadataChange } from '../../simulator/auth0/post-login-api.ts';
import { loadBuilt } from '../../simulator/built-actions.ts';
import { getOutcome, type Outcome } from '../../simulator/outcomes.ts';
import { readJsonObject, runTool } from '../command.ts';
import { readEnvironment, readSecretsFile } from '../secret-values.ts';

const HELP = `Usage: npm run try -- <action> [--event event.json] [--secrets secrets.json] [--json]

Builds an Action and runs it once, as Auth0 would, against whatever its secrets point at.

  --event     the event of the login, as JSON; Auth0's example event without it
  --secrets   the Action's secrets, as a JSON object of texts; environment variables of the
              same names without it. Their values are never printed.
  --json      print outcome, log and metadata as one JSON document
  --help      this text

Exits with 0 if the login was delivered or rightly skipped, 1 if it was not delivered, 2 if the Action is not configured.`;

const EXIT_CODES: Record<Outcome, number> = { delivered: 0, skipped: 0, failed: 1, 'not configured': 2 };

interface Result {
  action: string;
  outcome: Outcome;
  durationMs: number;
  logs: string;
  error?: string;
  denied?: string;
  metadata: readonly MetadataChange[];
}

const describe = ({ action, outcome, durationMs, logs, error, denied, metadata }: Result): string => {
  const details = [
    ['log', logs],
    ...(error === undefined ? [] : [['error', error]]),
    ...(denied === undefined ? [] : [['login denied', denied]]),
    ...metadata.map(({ field, key, value }) => [field, `${key} = ${JSON.stringify(value)}`]),
  ];
  return `${action}: ${outcome} in ${durationMs} ms\n${table(details)}`;
};

await runTool(
  HELP,
  { event: { type: 'string' }, secrets: { type: 'string' }, json: { type: 'boolean' } },
  async ({ values, positionals }) => {
    const action = await findAction(positionals);
    const event =
      values.event === undefined ? exampleEvent() : (readJsonObject(values.event) as unknown as Event);
    const secrets =
      values.secrets === undefined ? readEnvironment(action) : readSecretsFile(values.secrets, action);
    await build();

    // The outcome is told by the log line, which a success has with LOG=all only.
    const LOG = (secrets.LOG ?? 'failures').replace('failures', 'all');
    const ownEvent = { ...event, secrets: { ...secrets, LOG } };
    const { api, effects } = createApi(ownEvent);
    const { error, logs, durationMs } = await loadBuilt(action.name).execute(ownEvent, api);
    const outcome = error ? 'failed' : getOutcome(logs);
    const result: Result = {
      action: action.name,
      outcome,
      durationMs: Math.round(durationMs),
      logs: logs.trimEnd(),
      ...(error && { error: error.message }),
      ...(effects.denied !== undefined && { denied: effects.denied }),
      metadata: effects.metadata,
    };
    console.log(values.json ? JSON.stringify(result, null, 2) : describe(result));
    return EXIT_CODES[outcome];
  },
);
