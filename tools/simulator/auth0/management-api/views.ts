/** What the Management API shows of what is stored: of secrets never the values. */
import type { User } from '../tenant.ts';
import {
  isAllDeployed,
  isBuilt,
  POST_LOGIN,
  type StoredAction,
  type StoredBinding,
  type Version,
} from './action-store.ts';
import type { Contents } from './draft.ts';

const contentsView = ({ secrets, ...contents }: Contents) => ({
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

export const versionView = (action: StoredAction, { loaded, ...version }: Version) => ({
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
