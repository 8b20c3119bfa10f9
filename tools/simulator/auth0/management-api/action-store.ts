/**
 * Actions and the post-login flow, by Auth0's rules for changing them. What is deployed and bound becomes the flow of the
 * tenant, a moment after the API has responded.
 *
 * https://auth0.com/docs/customize/actions/manage-versions, https://auth0.com/docs/customize/actions/limitations
 * https://github.com/auth0/terraform-provider-auth0/tree/main/test/data/recordings
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type LoadedAction, loadAction } from '../runtime.ts';
import type { Tenant } from '../tenant.ts';
import { ApiError, invalidBody, notSupported } from './api-error.ts';
import { type ActionContents, type ActionRequest, toDraft } from './draft.ts';

export interface ActionVersion extends ActionContents {
  id: string;
  number: number;
  created_at: string;
  loaded: LoadedAction;
}

export interface StoredAction {
  id: string;
  name: string;
  created_at: string;
  updated_at: string;
  /** What an update changes; logins do not run it. */
  draft: ActionContents;
  /** When the build of the draft began and ends, in milliseconds since the epoch. */
  build: { startedAt: number; endsAt: number };
  /** Number of versions, that of a deployment under way included. */
  versions: number;
  /** What a login runs. */
  deployed?: ActionVersion;
}

/** How long Auth0 takes, in milliseconds. */
export interface StoreTimings {
  readonly buildMs: number;
  /** From the response to a deployment until it is in effect. */
  readonly deployMs: number;
}

export interface StoredBinding {
  id: string;
  display_name: string;
  created_at: string;
  updated_at: string;
  action: StoredAction;
}

export interface BindingRequest {
  ref: { type?: 'binding_id' | 'action_id' | 'action_name'; value?: string };
  display_name?: string;
  secrets?: unknown[];
}

export const POST_LOGIN = 'post-login';

const FLOW_LIMIT_ACTIONS = 20;

export class ActionStore {
  readonly actions: StoredAction[] = [];
  bindings: StoredBinding[] = [];

  readonly #tenant: Tenant;
  readonly #timings: StoreTimings;

  constructor(tenant: Tenant, timings: StoreTimings) {
    this.#tenant = tenant;
    this.#timings = timings;
  }

  find(id: string): StoredAction {
    const action = this.actions.find((candidate) => candidate.id === id);
    if (!action) throw new ApiError(404, 'The action does not exist.', 'inexistent_action');
    return action;
  }

  create(request: ActionRequest): StoredAction {
    const created_at = now();
    const draft = toDraft(request);
    const { name = '' } = request;
    this.#assertNameIsFree(name);
    const action = {
      id: randomUUID(),
      name,
      created_at,
      updated_at: created_at,
      draft,
      build: this.#startBuild(),
      versions: 0,
    };
    this.actions.push(action);
    return action;
  }

  update(id: string, request: ActionRequest): StoredAction {
    const action = this.find(id);
    const { name = action.name } = request;
    const draft = toDraft(request, action.draft);
    this.#assertNameIsFree(name, id);
    Object.assign(action, { name, draft, updated_at: now(), build: this.#startBuild() });
    this.#updateTenant();
    return action;
  }

  delete(id: string, force = false): void {
    const action = this.find(id);
    const bindings = this.bindings.filter((binding) => binding.action !== action);
    // https://github.com/auth0/terraform-provider-auth0/issues/64
    if (!force && bindings.length < this.bindings.length) {
      throw new ApiError(409, 'Unable to delete an action bound to a trigger.');
    }
    this.actions.splice(this.actions.indexOf(action), 1);
    this.bindings = bindings;
    this.#updateTenant();
  }

  /** Responds with the version before it is in effect, as Auth0 does. */
  deploy(id: string): { action: StoredAction; version: ActionVersion } {
    const action = this.find(id);
    if (getBuildStatus(action) !== 'built') {
      // https://github.com/auth0/auth0-deploy-cli/issues/395
      throw new ApiError(400, "A draft must be in the 'built' state before it can be deployed.");
    }
    const version = createVersion(action);
    setTimeout(() => this.#putIntoEffect(action, version), this.#timings.deployMs).unref();
    return { action, version };
  }

  /** Builds and deploys without waiting. */
  deployImmediately(action: StoredAction): void {
    action.build.endsAt = Date.now();
    this.#putIntoEffect(action, createVersion(action));
  }

  #putIntoEffect(action: StoredAction, version: ActionVersion): void {
    action.deployed = version;
    this.#updateTenant();
  }

  /** Replaces the whole flow. */
  bind(requests: readonly BindingRequest[]): StoredBinding[] {
    if (requests.length > FLOW_LIMIT_ACTIONS) {
      throw invalidBody(`A trigger takes at most ${FLOW_LIMIT_ACTIONS} actions.`);
    }
    this.bindings = requests.map((request) => this.#toBinding(request));
    this.#updateTenant();
    return this.bindings;
  }

  #toBinding({ ref: { type = 'action_name', value }, display_name, secrets }: BindingRequest): StoredBinding {
    if (secrets) throw notSupported('A secret of a binding');
    const bound = this.bindings.find(({ id }) => type === 'binding_id' && id === value);
    const action =
      bound?.action ??
      this.actions.find(
        ({ id, name }) =>
          (type === 'action_id' && id === value) || (type === 'action_name' && name === value),
      );
    if (!action) throw invalidBody(`There is no ${type} ${value}.`);
    if (!action.deployed) {
      // https://github.com/auth0/auth0-deploy-cli/issues/385
      throw new ApiError(400, 'Trying to create a binding for an action that has not been deployed yet');
    }
    if (!action.deployed.supported_triggers.some(({ id }) => id === POST_LOGIN)) {
      throw invalidBody(`The action ${action.name} does not support the trigger ${POST_LOGIN}.`);
    }
    // Bindings that stay get new ids. It is recorded for references to Actions, and for those to bindings it is the worse
    // of the two possibilities.
    const created_at = now();
    return {
      id: randomUUID(),
      action,
      created_at,
      updated_at: created_at,
      display_name: display_name ?? bound?.display_name ?? action.name,
    };
  }

  #startBuild(): StoredAction['build'] {
    const startedAt = Date.now();
    return { startedAt, endsAt: startedAt + this.#timings.buildMs };
  }

  #assertNameIsFree(name: string, ownId?: string): void {
    if (this.actions.some((action) => action.name === name && action.id !== ownId)) {
      throw new ApiError(409, `An action with the name ${name} exists already.`);
    }
  }

  #updateTenant(): void {
    this.#tenant.bindings = this.bindings.flatMap(({ action: { name, deployed } }) =>
      deployed
        ? [
            {
              name,
              action: deployed.loaded,
              secrets: Object.fromEntries(deployed.secrets.map((secret) => [secret.name, secret.value])),
            },
          ]
        : [],
    );
  }
}

/** Whether a build fails on a syntax error is undocumented, so deploying reports it. */
const load = (name: string, { code, dependencies }: ActionContents): LoadedAction => {
  try {
    return loadAction({ name, code, dependencies: dependencies.map((dependency) => dependency.name) });
  } catch (error) {
    throw new ApiError(400, String(error));
  }
};

const createVersion = (action: StoredAction): ActionVersion => {
  const { name, draft } = action;
  const loaded = load(name, draft);
  action.versions += 1;
  return {
    ...structuredClone(draft),
    id: randomUUID(),
    number: action.versions,
    created_at: now(),
    loaded,
  };
};

/** A build waits for half of its time. */
export const getBuildStatus = ({ build }: StoredAction): 'pending' | 'building' | 'built' => {
  const [elapsedMs, buildMs] = [Date.now() - build.startedAt, build.endsAt - build.startedAt];
  if (elapsedMs >= buildMs) return 'built';
  return elapsedMs >= buildMs / 2 ? 'building' : 'pending';
};

export const isAllDeployed = ({ draft, deployed }: StoredAction): boolean => {
  if (!deployed) return false;
  const { id, number, created_at, loaded, ...contents } = deployed;
  return isDeepStrictEqual(contents, draft);
};

const now = (): string => new Date().toISOString();
