/** What the Management API shows of what is stored, without the values of secrets. */
import type { User } from '../event.ts';
import {
  type ActionVersion,
  getBuildStatus,
  isAllDeployed,
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

const versionView = ({ loaded, ...version }: ActionVersion) => ({
  ...version,
  ...contentsView(version),
  status: 'built',
  updated_at: version.created_at,
});

/** A deployment is not in effect when the API responds to it. */
export const deploymentView = (action: StoredAction, version: ActionVersion) => ({
  ...versionView(version),
  deployed: false,
  action: { ...baseView(action), all_changes_deployed: false },
});

const deployedView = ({ deployed }: StoredAction) =>
  deployed && {
    deployed_version: { ...versionView(deployed), deployed: true, built_at: deployed.created_at },
  };

export const actionView = (action: StoredAction) => {
  const status = getBuildStatus(action);
  return {
    ...baseView(action),
    ...contentsView(action.draft),
    status,
    ...(status === 'built' && { built_at: new Date(action.build.endsAt).toISOString() }),
    ...deployedView(action),
  };
};

/** The Action of a binding has no draft, and its `all_changes_deployed` says nothing: it is always false. */
export const bindingView = ({ action, ...binding }: StoredBinding) => ({
  ...binding,
  trigger_id: POST_LOGIN,
  action: { ...baseView(action), all_changes_deployed: false, ...deployedView(action) },
});

export const userView = ({ connection, metadataWrites, ...profile }: User) => profile;
