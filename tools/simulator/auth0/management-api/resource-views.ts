/** What the Management API shows of what is stored, without the values of secrets. */
import type { User } from '../event.ts';
import {
  type ActionVersion,
  isAllDeployed,
  isBuilt,
  POST_LOGIN,
  type StoredAction,
  type StoredBinding,
} from './action-store.ts';
import type { ActionContents } from './draft.ts';

const contentsView = ({ secrets, ...contents }: ActionContents) => ({
  ...contents,
  secrets: secrets.map(({ name, updated_at }) => ({ name, updated_at })),
});

const baseView = (action: StoredAction) => {
  const { id, name, created_at, updated_at, draft } = action;
  const { supported_triggers } = draft;
  return {
    id,
    name,
    created_at,
    updated_at,
    supported_triggers,
    all_changes_deployed: isAllDeployed(action),
  };
};

export const versionView = (action: StoredAction, { loaded, ...version }: ActionVersion) => ({
  ...version,
  ...contentsView(version),
  action_id: action.id,
  action: baseView(action),
  deployed: true,
  status: 'built',
  built_at: version.created_at,
  updated_at: version.created_at,
});

export const actionView = (action: StoredAction) => ({
  ...baseView(action),
  ...contentsView(action.draft),
  status: isBuilt(action) ? 'built' : 'pending',
  ...(isBuilt(action) && { built_at: new Date(action.builtAt).toISOString() }),
  ...(action.deployed && { deployed_version: versionView(action, action.deployed) }),
});

export const bindingView = ({ action, ...binding }: StoredBinding) => ({
  ...binding,
  trigger_id: POST_LOGIN,
  action: actionView(action),
});

export const userView = ({ connection, metadataWrites, ...profile }: User) => profile;
