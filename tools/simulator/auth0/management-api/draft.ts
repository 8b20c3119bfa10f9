/** What an Action consists of: https://auth0.com/docs/customize/actions/limitations */
import { ACTION_CODE_LIMIT_BYTES } from '../runtime.ts';
import { invalidBody, notReproduced } from './api-error.ts';

export interface Secret {
  name: string;
  value: string;
  updated_at: string;
}

export interface Contents {
  code: string;
  dependencies: Array<{ name: string; version: string }>;
  runtime: string;
  secrets: Secret[];
  supported_triggers: Array<{ id: string; version?: string }>;
}

/** The body of a request to create or update an Action, as Auth0 describes it. */
export interface ActionRequest extends Partial<Omit<Contents, 'secrets'>> {
  name?: string;
  secrets?: Array<{ name?: string; value?: string }>;
  modules?: unknown[];
  deploy?: boolean;
}

const SECRETS_LIMIT = 30;
const SECRET_NAME_LIMIT_CHARACTERS = 128;
const SECRET_VALUE_LIMIT_CHARACTERS = 4096;
const DEPENDENCIES_LIMIT = 10;

const EMPTY: Contents = {
  code: 'module.exports = () => {}',
  dependencies: [],
  runtime: 'node22',
  secrets: [],
  supported_triggers: [],
};

/** What `contents` become by the request. */
export function draftOf(
  { name, secrets, modules, deploy, ...changes }: ActionRequest,
  contents: Contents = EMPTY,
): Contents {
  if (modules?.length) throw notReproduced('A module of an action');
  if (deploy) throw notReproduced('An action that is deployed as it is created');
  const draft: Contents = {
    ...contents,
    ...changes,
    secrets: secrets ? secrets.map(toSecret) : contents.secrets,
  };
  if (Buffer.byteLength(draft.code) > ACTION_CODE_LIMIT_BYTES) {
    throw invalidBody(`The code is limited to ${ACTION_CODE_LIMIT_BYTES} bytes.`);
  }
  if (draft.dependencies.length > DEPENDENCIES_LIMIT) {
    throw invalidBody(`An action takes at most ${DEPENDENCIES_LIMIT} dependencies.`);
  }
  if (draft.secrets.length > SECRETS_LIMIT) {
    throw invalidBody(`An action takes at most ${SECRETS_LIMIT} secrets.`);
  }
  return draft;
}

/**
 * Auth0 does not document what becomes of a secret whose name is sent without a value, so nobody may rely on it:
 * "A secret's value can only be set upon creation", https://auth0.com/docs/api/management/v2/actions/patch-action
 */
function toSecret({ name, value }: { name?: string; value?: string }): Secret {
  if (!name || value === undefined) throw invalidBody('A secret must have a name and a value.');
  if (name.length > SECRET_NAME_LIMIT_CHARACTERS || value.length > SECRET_VALUE_LIMIT_CHARACTERS) {
    throw invalidBody(`The name or the value of the secret ${name} is too long.`);
  }
  return { name, value, updated_at: new Date().toISOString() };
}
