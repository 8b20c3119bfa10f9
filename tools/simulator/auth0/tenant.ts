/**
 * An Auth0 tenant on this machine, as far as post-login Actions notice: its users, applications, connections,
 * organizations, bound Actions, and one flow per login.
 *
 * Limitations: no redirects, no MFA, no tokens, no sessions that last, no account linking, no rate limits, no size limit of
 * a profile, no limit to the number of Actions and secrets, and app_metadata is not merged into the root of `event.user`.
 *
 * https://auth0.com/docs/customize/actions/limitations
 * https://auth0.com/docs/manage-users/user-accounts/metadata/manage-user-metadata
 * https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-api-object
 * https://github.com/auth0/auth0-actions, the published test harness
 */
import { isDeepStrictEqual } from 'node:util';
import type { Event } from '@auth0/actions/post-login/v3';
import { type Cache, createCache } from './cache.ts';
import { createEvent, type User } from './event.ts';
import type { Flow, LoginRequest } from './flow.ts';
import { applyChanges, createApi, type MetadataChange } from './post-login-api.ts';
import type { Execution, LoadedAction } from './runtime.ts';
import { TenantLog } from './tenant-log.ts';

type Organization = NonNullable<Event['organization']>;

export interface BoundAction {
  action: LoadedAction;
  name: string;
  secrets: Record<string, string>;
}

const FLOW_LIMIT_MS = 20_000;

export class Tenant {
  readonly users = new Map<string, User>();
  readonly applications = new Map<string, Event['client']>();
  readonly connections = new Map<string, Event['connection']>();
  readonly organizations = new Map<string, Organization>();
  /** In the order of execution. */
  bindings: BoundAction[] = [];
  readonly log = new TenantLog();

  readonly #name: string;
  readonly #flowLimitMs: number;
  readonly #now: () => Date;
  readonly #cache: Cache;

  constructor({
    name = 'local-tenant',
    flowLimitMs = FLOW_LIMIT_MS,
    now = () => new Date(),
  }: { name?: string; flowLimitMs?: number; now?: () => Date } = {}) {
    this.#name = name;
    this.#flowLimitMs = flowLimitMs;
    this.#now = now;
    this.#cache = createCache(() => now().getTime());
  }

  addUser(user: Partial<User> & Pick<User, 'user_id' | 'connection'>): User {
    const createdAt = this.#now().toISOString();
    const added: User = {
      created_at: createdAt,
      updated_at: user.created_at ?? createdAt,
      email_verified: true,
      logins_count: 0,
      app_metadata: {},
      user_metadata: {},
      metadataWrites: 0,
      ...user,
    };
    this.users.set(added.user_id, added);
    return added;
  }

  addApplication(application: Pick<Event['client'], 'client_id' | 'name'> & Partial<Event['client']>): void {
    this.applications.set(application.client_id, { metadata: {}, ...application });
  }

  addConnection(connection: Event['connection']): void {
    this.connections.set(connection.name, connection);
  }

  addOrganization(organization: { id: string; name: string } & Partial<Organization>): void {
    this.organizations.set(organization.id, {
      display_name: organization.name,
      metadata: {},
      ...organization,
    });
  }

  bind(...actions: BoundAction[]): void {
    this.bindings.push(...actions);
  }

  /** The stored state, not a copy. */
  user(userId: string): User {
    return getStored(this.users, userId);
  }

  async login(request: LoginRequest): Promise<Flow> {
    const { kind = 'interactive' } = request;
    const protocol = kind === 'refresh' ? 'oauth2-refresh-token' : (request.protocol ?? 'oidc-basic-profile');
    const user = this.user(request.user);
    const application = getStored(this.applications, request.application);
    const connection = getStored(this.connections, request.connection ?? user.connection);
    const organization = request.organization
      ? getStored(this.organizations, request.organization)
      : undefined;
    const time = this.#now();

    // Counted before the Actions, whatever their outcome, but only where the user authenticates:
    // https://community.auth0.com/t/how-logins-count-work/91318
    if (kind === 'interactive') user.logins_count += 1;

    const event = createEvent({
      tenant: this.#name,
      user,
      application,
      connection,
      organization,
      kind,
      protocol,
      methods: request.methods,
      request: request.request ?? {},
      time,
    });
    const flow: Flow = {
      user: user.user_id,
      application: application.client_id,
      ...(event.transaction?.id !== undefined && { transaction: event.transaction.id }),
      kind,
      protocol,
      startedAt: time.toISOString(),
      durationMs: 0,
      outcome: 'completed',
      appMetadataBefore: user.app_metadata,
      appMetadataAfter: user.app_metadata,
      actions: [],
    };
    const startedAt = performance.now();
    writeMetadata(user, await this.#execute(event, flow));
    flow.appMetadataAfter = user.app_metadata;
    flow.durationMs = performance.now() - startedAt;
    this.log.record(flow, event, this.#now());
    return flow;
  }

  /** Executes the bound Actions into `flow`; returns the metadata to store. */
  async #execute(event: Event, flow: Flow): Promise<MetadataChange[]> {
    const deadline = performance.now() + this.#flowLimitMs;
    const changes: MetadataChange[] = [];

    for (const { action, name, secrets } of [...this.bindings]) {
      const ownEvent = structuredClone({ ...event, secrets });
      const { api, effects } = createApi(ownEvent, this.#cache);
      const { error, ...execution } = await withTimeLimit(deadline, action.execute(ownEvent, api));
      // Read once: what work that is not awaited asks for later is lost.
      const { metadata, transactionMetadata, denied } = effects;

      flow.actions.push({
        name,
        ...execution,
        ...(error && { error: error.message }),
        setAppMetadata: metadata.flatMap(({ field, key, value }) =>
          field === 'app_metadata' ? [{ key, value }] : [],
        ),
      });
      const reason = error?.message ?? denied;
      if (reason !== undefined) {
        Object.assign(flow, { outcome: 'access_denied', errorDescription: reason, deniedBy: name });
      }
      if (error) return [];
      changes.push(...metadata);
      if (denied !== undefined) break;

      Object.assign(event.user, applyChanges(event.user, metadata));
      event.transaction = { ...event.transaction, metadata: transactionMetadata };
    }
    return changes;
  }
}

/** Updates what is stored at the end of the flow: another flow of the user may have ended meanwhile. */
const writeMetadata = (user: User, changes: readonly MetadataChange[]): void => {
  const changed = applyChanges(user, changes);
  const { app_metadata, user_metadata } = user;
  const removes = changes.some(({ value }) => value === null);
  // Auth0 skips an update that changes nothing, unless it removes a key.
  if (!removes && isDeepStrictEqual(changed, { app_metadata, user_metadata })) return;
  Object.assign(user, changed);
  user.metadataWrites += 1;
};

const withTimeLimit = (deadline: number, execution: Promise<Execution>): Promise<Execution> => {
  const limitMs = Math.max(0, deadline - performance.now());
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Execution>((resolve) => {
    const error = new Error('The Actions of the flow exceeded their time limit');
    timer = setTimeout(() => resolve({ error, logs: '', outcomes: [], durationMs: limitMs }), limitMs);
  });
  return Promise.race([execution, timeout]).finally(() => clearTimeout(timer));
};

const getStored = <T>(entities: ReadonlyMap<string, T>, key: string): T => {
  const entity = entities.get(key);
  if (entity === undefined) throw new Error(`The tenant does not know ${key}`);
  return entity;
};
