/** `npm run doctor`: would a login be recorded? Told before anyone logs in. */
import { ConfigError } from '../../../lib/errors.ts';
import type { Action } from '../../../lib/record.ts';
import { configured, requiredSecrets } from '../../../lib/secrets.ts';
import type { Sink } from '../../../lib/sink.ts';
import { everyDestination, findAction } from '../../shared/catalog.ts';
import { paint } from '../../shared/table.ts';
import { runTool, UsageError } from '../command.ts';
import { type Check, note } from '../doctor/check.ts';
import { checkDestination } from '../doctor/delivery.ts';
import { checkTenant } from '../doctor/deployment.ts';
import { readEnvironment, readSecretsFile } from '../secret-values.ts';
import { connect, credentialsHelp, loadEnvironment } from '../tenant-connection.ts';

const HELP = `Usage: npm run doctor -- [action] [--secrets secrets.json] [--json]

Tells whether a login would be recorded, before anyone logs in: checks the secrets, the host and its certificate, and
sends ONE activity of the user doctor|test, which stays at the destination. With the credentials of the tenant it also
checks that the Action is deployed there, has its secrets, and is bound in the right place. Nothing in the tenant changes.
Without an action: that of every destination that is configured.

  --secrets   the secrets, as a JSON object of texts; environment variables of the same names
              (also from .env) without it. Their values are never printed.
  --json      print the checks as one JSON document
  --help      this text

${credentialsHelp('doctor')}

This machine is not Auth0's: a firewall may let one of them pass and not the other.
Exits with 0 if a login would be recorded (notes allowed), 1 if a check failed, 2 if nothing is configured.`;

const MARKS = { ok: ['green', '✓'], note: ['yellow', '–'], FAIL: ['red', '✗'] } as const;
const WHAT_CHARS = 11;
const MARK_CHARS = 4;

const NO_TENANT = note(
  'tenant',
  'Not asked whether the Action is deployed and bound: set AUTH0_DOMAIN and credentials for that, see --help.',
);

interface Diagnosis {
  readonly action: string;
  readonly checks: readonly Check[];
}

/** The Actions to look at, the destinations that each is to record at, and the secrets given for them. */
const choose = async (names: readonly string[], file: string | undefined) => {
  const isNamed = names.length > 0;
  const action = isNamed ? await findAction(names) : await everyDestination();
  const given = file === undefined ? readEnvironment(action) : readSecretsFile(file, action);
  const sinks = inUse(action, given);
  const single = (sink: Sink) => ({ action: { name: sink.name, sinks: [sink] }, sinks: [sink] });
  return { chosen: isNamed ? [{ action, sinks }] : sinks.map(single), given };
};

const inUse = ({ sinks }: Action, given: unknown): readonly Sink[] => {
  try {
    return configured(sinks, given);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const needed = sinks.map(({ name, secrets }) => `${requiredSecrets(secrets).join(', ')} (${name})`);
    throw new UsageError(`No destination is configured. Give the secrets of one: ${needed.join('; ')}`);
  }
};

const TENANT_VARIABLES = ['AUTH0_DOMAIN', 'AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET', 'AUTH0_ACCESS_TOKEN'];

const hasTenant = (): boolean => TENANT_VARIABLES.some((name) => process.env[name]);

const line = ({ what, result, text }: Check): string => {
  const [style, mark] = MARKS[result];
  const shown = process.stdout.isTTY ? mark : result.padEnd(MARK_CHARS);
  return `${paint(style, shown)}  ${what.padEnd(WHAT_CHARS)}  ${text}`;
};

await runTool(
  HELP,
  { secrets: { type: 'string' }, json: { type: 'boolean' } },
  async ({ values, positionals }) => {
    loadEnvironment();
    const { chosen, given } = await choose(positionals, values.secrets);
    const tenant = hasTenant() ? connect() : undefined;
    const tell = (text: string) => values.json || console.log(text);

    const diagnoses: Diagnosis[] = [];
    for (const { action, sinks } of chosen) {
      const checks: Check[] = [];
      let heading: string | undefined;
      const add = (check: Check) => {
        const { destination = action.name } = check;
        if (heading !== destination) tell(paint('bold', destination));
        heading = destination;
        checks.push(check);
        tell(line(check));
      };
      for (const sink of sinks) {
        for await (const check of checkDestination(sink, given)) add({ destination: sink.name, ...check });
      }
      if (!tenant) add(NO_TENANT);
      else for await (const check of checkTenant(tenant.client, action, sinks)) add(check);
      diagnoses.push({ action: action.name, checks });
    }
    if (values.json) console.log(JSON.stringify(diagnoses, null, 2));
    return diagnoses.some(({ checks }) => checks.some(({ result }) => result === 'FAIL')) ? 1 : 0;
  },
);
