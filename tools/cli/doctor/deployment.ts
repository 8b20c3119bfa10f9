/** Would the tenant run the Action at a login? Nothing is changed. */
import { isDeepStrictEqual } from 'node:util';
import type { Management, ManagementClient } from 'auth0';
import { getRequiredSecrets } from '../../../lib/secrets.ts';
import type { Sink } from '../../../lib/sink.ts';
import { ensureBuilt, readBuiltCode, withoutOrigin } from '../../shared/built-code.ts';
import type { Action } from '../../shared/catalog.ts';
import type { ActionEntry } from '../../shared/manifest.ts';
import { toCommandLine } from '../command-line.ts';
import { readFlow } from '../login-flow.ts';
import { CONFIG, getSecretNames } from '../secret-values.ts';
import { type Project, readEntries } from '../select-actions.ts';
import { listActions, toVersions } from '../tenant-actions.ts';
import { explainTenantError } from '../tenant-error.ts';
import { type Check, fail, pass, warn } from './check.ts';

const TENANT = 'tenant';
const CODE = 'code';
const SECRETS = 'its secrets';
const FLOW = 'flow';

/** @param sinks the destinations that the Action is to record at. */
export async function* checkTenant(
  client: ManagementClient,
  action: Action,
  sinks: readonly Sink[],
  project?: Project,
): AsyncGenerator<Check> {
  try {
    yield* check(client, action, sinks, readEntries(project));
  } catch (error) {
    const explanation = explainTenantError(error);
    if (explanation === undefined) throw error;
    yield fail(TENANT, `${explanation}.`);
  }
}

async function* check(
  client: ManagementClient,
  action: Action,
  sinks: readonly Sink[],
  entries: readonly ActionEntry[],
): AsyncGenerator<Check> {
  const { name } = action;
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`There is no Action ${name}`);

  const stored = (await listActions(client)).find((candidate) => candidate.name === name);
  if (!stored) {
    yield fail(TENANT, `The tenant has no Action ${name}: run ${toCommandLine('deploy', name)}.`);
    return;
  }
  const { deployed_version: deployed } = stored;
  if (!deployed) {
    yield fail(
      TENANT,
      `The Action ${name} is a draft: run ${toCommandLine('deploy', name)}, or press Deploy in its editor.`,
    );
    return;
  }
  yield pass(TENANT, `The Action ${name} is deployed.`);
  yield await checkCode(entry, stored, deployed);
  yield checkSecretNames(action, sinks, deployed.secrets ?? stored.secrets);
  const flow = (await readFlow(client)).map((binding) => binding.action);
  yield checkFlow(name, sinks, flow, entries);
}

const checkCode = async (
  entry: ActionEntry,
  action: Management.Action,
  deployed: Management.ActionVersion,
): Promise<Check> => {
  await ensureBuilt([entry]);
  const remedy = `run ${toCommandLine('deploy', entry.name)}`;
  if (withoutOrigin(deployed.code) !== withoutOrigin(await readBuiltCode(entry))) {
    return fail(CODE, `The deployed code differs from the code here: ${remedy}.`);
  }
  if (!isDeepStrictEqual(toVersions(deployed.dependencies), toVersions(entry.dependencies))) {
    return fail(CODE, `The deployed dependencies differ from those here: ${remedy}.`);
  }
  if (action.all_changes_deployed === false) {
    return warn(
      CODE,
      'The deployed code is the code here, and a draft with other changes waits in the editor.',
    );
  }
  return pass(CODE, 'The deployed code and dependencies are those here.');
};

/** The API shows names alone, so a malformed value is found in the log of the first login. */
const checkSecretNames = (
  action: Action,
  sinks: readonly Sink[],
  stored: readonly Management.ActionSecretResponse[] = [],
): Check => {
  const given = stored.map(({ name = '' }) => name);
  const known = [...getSecretNames(action.sinks), CONFIG];
  const required = action.sinks
    .map((sink) => ({ sink, names: getRequiredSecrets(sink.secrets) }))
    .filter(({ sink, names }) => sinks.includes(sink) || names.some((name) => given.includes(name)));
  const missing = required.flatMap(({ names }) => names).filter((name) => !given.includes(name));
  const unknown = given.filter((name) => !known.includes(name));
  if (missing.length > 0 && given.includes(CONFIG)) {
    return warn(SECRETS, `${missing.join(', ')} must be in ${CONFIG}, which cannot be read back.`);
  }
  if (missing.length > 0) {
    return fail(
      SECRETS,
      `${missing.join(', ')} missing in the Action: run ${toCommandLine('secrets', action.name)}, or set it in Auth0's dashboard and press Deploy.`,
    );
  }
  if (unknown.length > 0) {
    return warn(SECRETS, `The Action does not read ${unknown.join(', ')}: check the spelling.`);
  }
  return pass(SECRETS, 'The required secrets are set in the Action; their values cannot be read back.');
};

/** Actions of this project deny a login only where `ON_FAILURE` says so. */
const checkFlow = (
  name: string,
  sinks: readonly Sink[],
  flow: readonly string[],
  managed: readonly ActionEntry[],
): Check => {
  const position = flow.indexOf(name);
  if (position < 0) return fail(FLOW, `No login runs the Action: run ${toCommandLine('bind', name)}.`);
  const records = (other: string, { name: destination }: Sink) =>
    other === destination ||
    managed.some((entry) => entry.name === other && entry.destinations?.includes(destination));
  const duplicates = flow.filter((other) => other !== name && sinks.some((sink) => records(other, sink)));
  if (duplicates.length > 0) {
    const recordedTwice = sinks.filter((sink) => duplicates.some((other) => records(other, sink)));
    return warn(
      FLOW,
      `Every login is recorded twice at ${recordedTwice.map((sink) => sink.name).join(', ')}: run ${toCommandLine('unbind', ...duplicates)}.`,
    );
  }
  const following = flow
    .slice(position + 1)
    .filter((other) => !managed.some((entry) => entry.name === other));
  if (following.length === 0) return pass(FLOW, 'Every login runs the Action, after all that could deny it.');
  return warn(
    FLOW,
    `${following.join(', ')} runs after the Action: a login that is denied there has been recorded all the same. Move the Action to the end of the flow.`,
  );
};
