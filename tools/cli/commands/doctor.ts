/** `auth0-login-analytics doctor`: reports whether a login would be recorded, before anyone logs in. */
import type { Command } from '@commander-js/extra-typings';
import { getRequiredSecrets, selectConfigured } from '../../../lib/secrets.ts';
import type { Sink } from '../../../lib/sink.ts';
import { type Action, loadSinks } from '../../shared/catalog.ts';
import { UsageError } from '../../shared/usage-error.ts';
import type { Context } from '../context.ts';
import { warn } from '../doctor/check.ts';
import { checkDestination } from '../doctor/delivery.ts';
import { checkTenant } from '../doctor/deployment.ts';
import { Report } from '../doctor/report.ts';
import { toHelpText } from '../help.ts';
import { readSecrets, type Secrets } from '../secret-values.ts';
import { findAction, getActionNames, type Project } from '../select-actions.ts';
import { connect, hasTenant, type TenantConnection, toCredentialsHelp } from '../tenant-connection.ts';

export const addCommand = (program: Command, context: Context): void => {
  program
    .command('doctor')
    .summary('check that logins will be recorded')
    .description(
      'Checks the secrets, the host and its certificate, and sends ONE event of the user doctor|test, which stays at the destination. With access to the tenant it also checks that the Action is deployed, has its secrets, and is bound in the right place. Nothing in the tenant changes.',
    )
    .argument('[action]', `${getActionNames(context).join(', ')}; by default each that is configured`)
    .option('--secrets <file>', 'JSON object of strings; by default environment variables of the same names')
    .option('--json', 'print the checks as one JSON document')
    .addHelpText(
      'after',
      toHelpText(
        toCredentialsHelp('doctor'),
        "This machine is not Auth0's: a firewall may let one of them through and not the other.",
        'Exits with 0 if a login would be recorded (warnings allowed), 1 if a check failed, 2 if nothing is configured.',
      ),
    )
    .action(async (name, { secrets: file, json }) => {
      const { subjects, secrets } = await selectSubjects(context, name, file);
      const tenant = hasTenant(context) ? connect(context) : undefined;
      const report = new Report(context, json);
      for (const subject of subjects) await diagnose(subject, secrets, tenant, report, context);
      if (json) context.print(JSON.stringify(report.diagnoses, null, 2));
      context.exitCode = report.hasFailure ? 1 : 0;
    });
};

/** An Action, and its destinations that are configured. */
interface Subject {
  readonly action: Action;
  readonly sinks: readonly Sink[];
}

/** The named Action; without a name, that of each destination that is configured. */
const selectSubjects = async (context: Context, name: string | undefined, file: string | undefined) => {
  const action = name === undefined ? undefined : await findAction(name, context);
  const candidates = action?.sinks ?? (await loadSinks());
  const secrets = await readSecrets(context, candidates, file);
  const sinks = selectConfigured(candidates, (sink) => sink.secrets, secrets);
  if (sinks.length === 0) {
    const needed = candidates.map((sink) => `${getRequiredSecrets(sink.secrets).join(', ')} (${sink.name})`);
    throw new UsageError(`no destination is configured, give the secrets of one: ${needed.join('; ')}`);
  }
  const subjects: readonly Subject[] = action
    ? [{ action, sinks }]
    : sinks.map((sink) => ({ action: { name: sink.name, sinks: [sink] }, sinks: [sink] }));
  return { subjects, secrets };
};

const NO_TENANT = warn(
  'tenant',
  'Not checked whether the Action is deployed and bound: set AUTH0_DOMAIN and credentials for that, see --help.',
);

const diagnose = async (
  { action, sinks }: Subject,
  secrets: Secrets,
  tenant: TenantConnection | undefined,
  report: Report,
  project: Project,
): Promise<void> => {
  report.start(action.name);
  for (const sink of sinks) {
    for await (const check of checkDestination(sink, secrets)) {
      report.add({ destination: sink.name, ...check });
    }
  }
  if (!tenant) report.add(NO_TENANT);
  else for await (const check of checkTenant(tenant.client, action, sinks, project)) report.add(check);
};
