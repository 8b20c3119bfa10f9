/** What an Action consists of: https://auth0.com/docs/customize/actions/limitations */
import { ACTION_CODE_LIMIT_BYTES } from '../../../shared/manifest.ts';
import { invalidBody, notSupported } from './api-error.ts';

export interface ActionSecret {
  name: string;
  value: string;
  updated_at: string;
}

export interface ActionContents {
  code: string;
  dependencies: Array<{ name: string; version: string }>;
  runtime: string;
  secrets: ActionSecret[];
  supported_triggers: Array<{ id: string; version?: string }>;
}

/** The body of a request to create or update an Action, as Auth0 describes it. */
export interface ActionRequest extends Partial<Omit<ActionContents, 'secrets'>> {
  name?: string;
  secrets?: Array<{ name?: string; value?: string }>;
  modules?: unknown[];
  deploy?: boolean;
}

const SECRETS_LIMIT = 30;
const SECRET_NAME_LIMIT_CHARACTERS = 128;
const SECRET_VALUE_LIMIT_CHARACTERS = 4096;
const DEPENDENCIES_LIMIT = 10;

const EMPTY: ActionContents = {
  code: 'module.exports = () => {}',
  dependencies: [],
  runtime: 'node22',
  secrets: [],
  supported_triggers: [],
};

/** Applies a request to the contents of an Action. */
export function toDraft(
  { name, secrets, modules, deploy, ...changes }: ActionRequest,
  contents: ActionContents = EMPTY,
): ActionContents {
  if (modules?.length) throw notSupported('A module of an action');
  if (deploy) throw notSupported('Deploying an action while it is created');
  const draft: ActionContents = {
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
 * What becomes of a secret whose name is sent without a value is undocumented, so it is rejected:
 * "A secret's value can only be set upon creation", https://auth0.com/docs/api/management/v2/actions/patch-action
 */
function toSecret({ name, value }: { name?: string; value?: string }): ActionSecret {
  if (!name || value === undefined) throw invalidBody('A secret must have a name and a value.');
  if (name.length > SECRET_NAME_LIMIT_CHARACTERS || value.length > SECRET_VALUE_LIMIT_CHARACTERS) {
    throw invalidBody(`The name or the value of the secret ${name} is too long.`);
  }
  return { name, value, updated_at: new Date().toISOString() };
}
