/** Would the tenant run the Action at a login? Nothing is changed. */
import { isDeepStrictEqual } from 'node:util';
import type { Management, ManagementClient } from 'auth0';
import type { Sink } from '../../lib/sink.ts';
import { refusalOf } from '../auth0.ts';
import { readFlow } from '../bind.ts';
import { bundle, contentOf } from '../build.ts';
import { listActions, versions } from '../deploy.ts';
import { type ActionEntry, readManifest } from '../manifest.ts';
import { secretNames } from '../secret-values.ts';
import { type Check, fail, note, ok } from './check.ts';

const TENANT = 'tenant';
const CODE = 'code';
const SECRETS = 'its secrets';
const FLOW = 'flow';

export async function* checkTenant(client: ManagementClient, sink: Sink): AsyncGenerator<Check> {
  try {
    yield* check(client, sink);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    yield fail(TENANT, `${refusal}.`);
  }
}

async function* check(client: ManagementClient, sink: Sink): AsyncGenerator<Check> {
  const { name } = sink;
  const entries = readManifest().actions;
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`a0deploy.yaml does not list ${name}`);

  const action = (await listActions(client)).find((candidate) => candidate.name === name);
  if (!action) {
    yield fail(TENANT, `The tenant has no Action ${name}: run npm run deploy -- ${name}.`);
    return;
  }
  const { deployed_version: deployed } = action;
  if (!deployed) {
    yield fail(
      TENANT,
      `The Action ${name} is a draft: run npm run deploy -- ${name}, or press Deploy in its editor.`,
    );
    return;
  }
  yield ok(TENANT, `The Action ${name} is deployed.`);
  yield await checkCode(entry, action, deployed);
  yield* checkSecretNames(sink, deployed.secrets ?? action.secrets);
  yield checkFlow(
    name,
    (await readFlow(client)).map(({ action }) => action),
    entries,
  );
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
  sink: Sink,
  secrets: readonly Management.ActionSecretResponse[] = [],
): Generator<Check> {
  const given = secrets.map(({ name = '' }) => name);
  const known = secretNames(sink);
  const missing = requiredSecrets(sink).filter((name) => !given.includes(name));
  const unknown = given.filter((name) => !known.includes(name));
  if (missing.length > 0) {
    yield fail(
      SECRETS,
      `${missing.join(', ')} missing in the Action: set it by npm run secrets -- ${sink.name} or in Auth0's dashboard, and deploy.`,
    );
  } else if (unknown.length > 0) {
    yield note(SECRETS, `${unknown.join(', ')} is nothing that the Action reads: is it misspelt?`);
  } else {
    yield ok(SECRETS, 'What is required is set in the Action; the values cannot be read back.');
  }
}

export const requiredSecrets = ({ secrets }: Sink): string[] =>
  Object.entries(secrets.entries).flatMap(([name, schema]) => (schema.type === 'optional' ? [] : [name]));

/** Actions of ours refuse a login only where they are told to, with `ON_FAILURE`. */
const checkFlow = (name: string, flow: readonly string[], ours: readonly ActionEntry[]): Check => {
  const position = flow.indexOf(name);
  if (position < 0) return fail(FLOW, `No login runs the Action: run npm run bind -- ${name}.`);
  const behind = flow.slice(position + 1).filter((other) => !ours.some((entry) => entry.name === other));
  if (behind.length === 0) return ok(FLOW, 'Every login runs the Action, behind all that could deny it.');
  return note(
    FLOW,
    `${behind.join(', ')} runs behind the Action: a login denied there has been recorded all the same. Move the Action to the end of the flow.`,
  );
};
