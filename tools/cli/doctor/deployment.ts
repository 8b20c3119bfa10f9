/** Would the tenant run the Action at a login? Nothing is changed. */
import { isDeepStrictEqual } from 'node:util';
import type { Management, ManagementClient } from 'auth0';
import type { Action } from '../../../lib/record.ts';
import { requiredSecrets } from '../../../lib/secrets.ts';
import type { Sink } from '../../../lib/sink.ts';
import { bundle, contentOf } from '../../shared/build.ts';
import { type ActionEntry, readManifest } from '../../shared/manifest.ts';
import { readFlow } from '../commands/bind.ts';
import { listActions, versions } from '../commands/deploy.ts';
import { secretNames } from '../secret-values.ts';
import { refusalOf } from '../tenant-connection.ts';
import { type Check, fail, note, ok } from './check.ts';

const TENANT = 'tenant';
const CODE = 'code';
const SECRETS = 'its secrets';
const FLOW = 'flow';

/** @param sinks the destinations that the Action is to record at. */
export async function* checkTenant(
  client: ManagementClient,
  action: Action,
  sinks: readonly Sink[],
): AsyncGenerator<Check> {
  try {
    yield* check(client, action, sinks);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    yield fail(TENANT, `${refusal}.`);
  }
}

async function* check(
  client: ManagementClient,
  action: Action,
  sinks: readonly Sink[],
): AsyncGenerator<Check> {
  const { name } = action;
  const entries = readManifest().actions;
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`a0deploy.yaml does not list ${name}`);

  const stored = (await listActions(client)).find((candidate) => candidate.name === name);
  if (!stored) {
    yield fail(TENANT, `The tenant has no Action ${name}: run npm run deploy -- ${name}.`);
    return;
  }
  const { deployed_version: deployed } = stored;
  if (!deployed) {
    yield fail(
      TENANT,
      `The Action ${name} is a draft: run npm run deploy -- ${name}, or press Deploy in its editor.`,
    );
    return;
  }
  yield ok(TENANT, `The Action ${name} is deployed.`);
  yield await checkCode(entry, stored, deployed);
  yield* checkSecretNames(action, sinks, deployed.secrets ?? stored.secrets);
  const flow = (await readFlow(client)).map((binding) => binding.action);
  yield checkFlow(name, sinks, flow, entries);
}

const checkCode = async (
  entry: ActionEntry,
  action: Management.Action,
  deployed: Management.ActionVersion,
): Promise<Check> => {
  const remedy = `run npm run deploy -- ${entry.name}`;
  if (contentOf(deployed.code) !== contentOf(await bundle(entry))) {
    return fail(CODE, `What is deployed is not the code that is here: ${remedy}.`);
  }
  if (!isDeepStrictEqual(versions(deployed.dependencies), versions(entry.dependencies))) {
    return fail(CODE, `The dependencies of what is deployed are not those of a0deploy.yaml: ${remedy}.`);
  }
  if (action.all_changes_deployed === false) {
    return note(
      CODE,
      'What is deployed is the code that is here, and a draft with other changes waits in the editor.',
    );
  }
  return ok(CODE, 'Code and dependencies are those that are here.');
};

/** The API shows names alone, so a value that is malformed is found in the log of the first login. */
function* checkSecretNames(
  action: Action,
  sinks: readonly Sink[],
  stored: readonly Management.ActionSecretResponse[] = [],
): Generator<Check> {
  const given = stored.map(({ name = '' }) => name);
  const known = secretNames(action);
  const required = action.sinks
    .map((sink) => ({ sink, names: requiredSecrets(sink.secrets) }))
    .filter(({ sink, names }) => sinks.includes(sink) || names.some((name) => given.includes(name)));
  const missing = required.flatMap(({ names }) => names).filter((name) => !given.includes(name));
  const unknown = given.filter((name) => !known.includes(name));
  if (missing.length > 0) {
    yield fail(
      SECRETS,
      `${missing.join(', ')} missing in the Action: set it by npm run secrets -- ${action.name} or in Auth0's dashboard, and deploy.`,
    );
  } else if (unknown.length > 0) {
    yield note(SECRETS, `${unknown.join(', ')} is nothing that the Action reads: is it misspelt?`);
  } else {
    yield ok(SECRETS, 'What is required is set in the Action; the values cannot be read back.');
  }
}

/** Actions of ours refuse a login only where they are told to, with `ON_FAILURE`. */
const checkFlow = (
  name: string,
  sinks: readonly Sink[],
  flow: readonly string[],
  ours: readonly ActionEntry[],
): Check => {
  const position = flow.indexOf(name);
  if (position < 0) return fail(FLOW, `No login runs the Action: run npm run bind -- ${name}.`);
  const others = flow.filter((other) => other !== name && sinks.some((sink) => sink.name === other));
  if (others.length > 0) {
    const list = others.join(' ');
    return note(FLOW, `Every login is recorded twice at ${list}: run npm run unbind -- ${list}.`);
  }
  const behind = flow.slice(position + 1).filter((other) => !ours.some((entry) => entry.name === other));
  if (behind.length === 0) return ok(FLOW, 'Every login runs the Action, behind all that could deny it.');
  return note(
    FLOW,
    `${behind.join(', ')} runs behind the Action: a login denied there has been recorded all the same. Move the Action to the end of the flow.`,
  );
};
