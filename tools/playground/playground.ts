/** The playground: a local tenant with the built Actions, and mock vendors that can be broken. Nothing leaves this machine. */
import { EventEmitter } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import type { Problems } from '../../lib/secrets.ts';
import { type Action, loadActions } from '../shared/catalog.ts';
import { UsageError } from '../shared/usage-error.ts';
import type { LoginRequest } from '../simulator/auth0/flow.ts';
import { Tenant } from '../simulator/auth0/tenant.ts';
import { loadBuilt } from '../simulator/built-actions.ts';
import { addPersonas } from '../simulator/personas.ts';
import { vendors } from '../simulator/vendors/all-vendors.ts';
import { startVendorMock, type VendorMock } from '../simulator/vendors/vendor-mock.ts';
import { DESTINATION_MODES, type DestinationMode, getMode } from './destination-modes.ts';
import type { LoginBody } from './login-body.ts';
import { LoginHistory } from './login-history.ts';
import { NetworkFaults } from './network-faults.ts';
import { observeExecutions, toObserved } from './observed-action.ts';
import { type PlaygroundAction, PostLoginFlow } from './post-login-flow.ts';
import { createRandomLogin } from './random-logins.ts';
import type { DestinationLinks, LoginDetails, State } from './state.ts';
import { toActionState } from './views/action-view.ts';
import { toDestinationState } from './views/destination-view.ts';
import { type Names, toLoginDetails, toLoginRow } from './views/login-view.ts';

/** Few, as in most tenants: a log, a customer data platform, product analytics, and a server of one's own. */
export const FIRST_FLOW = ['splunk', 'segment', 'mixpanel', 'webhook'];

const REPOSITORY = 'https://github.com/auth0-login-analytics/auth0-login-analytics';

const LISTED_LOGINS = 40;
const CONCURRENT_LOGINS = 4;

/** In addition to the secrets that point to the mock vendors: every login gets a log line. */
const DEFAULT_SECRETS = { LOG: 'all' };

export class Playground {
  /** Emits `change` after each change by a user. What destinations receive later comes without one. */
  readonly changes = new EventEmitter().setMaxListeners(0);

  readonly #mocks: readonly VendorMock[];
  readonly #network: NetworkFaults;
  readonly #catalog: readonly Action[];
  readonly #boundNames: readonly string[];
  #tenant = new Tenant();
  #flow = new PostLoginFlow(this.#tenant, [], []);
  #history = new LoginHistory();
  #personas = 0;
  #modes = new Map<string, DestinationMode>();
  #randomLogins: { done: number; readonly total: number } | null = null;

  private constructor(
    mocks: readonly VendorMock[],
    network: NetworkFaults,
    catalog: readonly Action[],
    boundNames: readonly string[],
  ) {
    this.#mocks = mocks;
    this.#network = network;
    this.#catalog = catalog;
    this.#boundNames = boundNames;
    this.reset();
  }

  /** @param boundNames the Actions of the flow at first. */
  static async open(boundNames: readonly string[] = FIRST_FLOW): Promise<Playground> {
    const mocks = await Promise.all(
      vendors.map((vendor) => startVendorMock(vendor, { tls: vendor.tls ?? false })),
    );
    return new Playground(mocks, await NetworkFaults.open(mocks), await loadActions(), boundNames);
  }

  async close(): Promise<void> {
    this.#randomLogins = null;
    await Promise.all([this.#network.close(), ...this.#mocks.map((mock) => mock.close())]);
  }

  /** Restores the initial state, with fresh instances of the Actions. */
  reset(): void {
    for (const mock of this.#mocks) mock.reset();
    this.#network.reset();
    this.#tenant = new Tenant();
    addPersonas(this.#tenant);
    this.#personas = this.#tenant.users.size;
    const actions = this.#catalog.map((action) => this.#loadAction(action));
    this.#flow = new PostLoginFlow(this.#tenant, actions, this.#boundNames);
    this.#history = new LoginHistory();
    this.#modes = new Map();
    this.#randomLogins = null;
    this.#notify();
  }

  /** Adds a user to the tenant, and returns the user_id. */
  addUser(name: string, connection: string): string {
    assertKnown(this.#tenant.connections, 'connection', connection);
    const localPart = name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '.');
    const user_id = `${connection}|${localPart}-${this.#tenant.users.size + 1}`;
    this.#tenant.addUser({ user_id, connection, name, email: `${localPart}@example.com` });
    this.#notify();
    return user_id;
  }

  /** Returns the id of the login; undefined if everything was reset meanwhile. */
  async logIn(request: LoginRequest): Promise<number | undefined> {
    const tenant = this.#tenant;
    const history = this.#history;
    assertKnown(tenant.users, 'user', request.user);
    assertKnown(tenant.applications, 'application', request.application);
    assertKnown(tenant.connections, 'connection', request.connection);
    assertKnown(tenant.organizations, 'organization', request.organization);
    const { result, observations } = await observeExecutions(() => tenant.login(request));
    if (history !== this.#history) return undefined;
    const id = history.add(result, observations);
    this.#notify();
    return id;
  }

  /** Logs a user in as the form asks, with metadata of the user's. */
  logInAs(body: LoginBody): Promise<number | undefined> {
    const { query, userMetadata = {}, appMetadata = {}, ...login } = body;
    const user = this.#tenant.users.get(login.user);
    if (user) {
      user.user_metadata = { ...Object(user.user_metadata), ...userMetadata };
      user.app_metadata = { ...Object(user.app_metadata), ...appMetadata };
    }
    return this.logIn({ ...login, ...(query && { request: { query } }) });
  }

  /** What would be wrong with the secrets of an Action after a change, and is not yet. */
  findProblems(action: string, changes: Readonly<Record<string, string | null>>): Problems {
    return this.#flow.findProblems(action, changes);
  }

  /** Logs users in at random, some concurrently. Another call ends the previous one. */
  async logInAtRandom(total: number): Promise<void> {
    const progress = { done: 0, total };
    this.#randomLogins = progress;
    this.#notify();
    let started = 0;
    const busyUsers = new Set<string>();
    const addUser = (name: string, connection: string) => this.addUser(name, connection);
    const logInNext = async () => {
      while (started < total && this.#randomLogins === progress) {
        started += 1;
        const login = createRandomLogin(this.#tenant, busyUsers, addUser);
        busyUsers.add(login.user);
        await this.logIn(login);
        busyUsers.delete(login.user);
        progress.done += 1;
        this.#notify();
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_LOGINS }, logInNext));
    if (this.#randomLogins === progress) this.stopRandomLogins();
  }

  stopRandomLogins(): void {
    this.#randomLogins = null;
    this.#notify();
  }

  setMode(destination: string, mode: DestinationMode): void {
    const mock = this.#mocks.find(({ name }) => name === destination);
    if (!mock) throw new UsageError(`There is no destination ${destination}`);
    const { fault, network } = getMode(mode);
    mock.injectFault(fault);
    this.#network.set(mock, network);
    this.#modes.set(destination, mode);
    this.#notify();
  }

  /** Changes the secrets or the order of the Actions, for the next login. */
  editFlow(edit: (flow: PostLoginFlow) => void): void {
    edit(this.#flow);
    this.#notify();
  }

  getState(): State {
    const { users, applications, connections, organizations } = this.#tenant;
    const { logins, count } = this.#history;
    return {
      documentation: `${REPOSITORY}#readme`,
      users: Array.from(users.values(), ({ user_id, name, connection, logins_count }) => ({
        id: user_id,
        name: name ?? user_id,
        connection,
        logins: logins_count,
      })),
      applications: Array.from(applications.values(), ({ client_id, name, metadata }) => ({
        id: client_id,
        name,
        isExcluded: metadata.analytics === 'off',
      })),
      connections: [...connections.keys()],
      organizations: Array.from(organizations.values(), ({ id, display_name }) => ({
        id,
        name: display_name,
      })),
      actions: this.#flow.actions.map((action) => toActionState(action, this.#flow.isBound(action.name))),
      destinations: this.#mocks.map((mock) =>
        toDestinationState(mock, {
          mode: this.#modes.get(mock.name) ?? 'up',
          links: this.#getLinks(mock.name),
          secrets: this.#flow.getAction(mock.name).secrets,
          logins,
          status: this.#history.statuses.get(mock.name),
          getUserName: this.#names.getUserName,
        }),
      ),
      modes: Object.entries(DESTINATION_MODES).map(([value, { label, description }]) => ({
        value,
        label,
        description,
      })),
      logins: logins.slice(0, LISTED_LOGINS).map((login) => toLoginRow(login, this.#names)),
      loginsCount: count,
      edits: this.#describeEdits(),
      randomLogins: this.#randomLogins && { ...this.#randomLogins },
    };
  }

  /** Every login that is stored, newest first. */
  getAllDetails(): readonly LoginDetails[] {
    return this.#history.logins.map((login) => toLoginDetails(login, this.#names));
  }

  /** Undefined if the login is no longer stored. */
  getDetails(id: number): LoginDetails | undefined {
    const login = this.#history.find(id);
    return login && toLoginDetails(login, this.#names);
  }

  readonly #names: Names = {
    getUserName: (userId) => this.#tenant.users.get(userId)?.name ?? userId,
    getApplicationName: (clientId) => this.#tenant.applications.get(clientId)?.name ?? clientId,
  };

  #describeEdits(): readonly string[] {
    const actions = this.#flow.actions;
    const bound = actions.filter(({ name }) => this.#flow.isBound(name)).map(({ name }) => name);
    const edited = actions.filter(
      ({ secrets, defaultSecrets }) => !isDeepStrictEqual(secrets, defaultSecrets),
    );
    const broken = [...this.#modes].filter(([, mode]) => mode !== 'up');
    const users = this.#tenant.users.size - this.#personas;
    return [
      ...edited.map(({ name }) => `the secrets of ${name}`),
      ...(bound.join() === this.#boundNames.join() ? [] : ['the changes to the flow']),
      ...(broken.length > 0 ? [`the modes of ${broken.map(([name]) => name).join(', ')}`] : []),
      ...(users > 0 ? [`${users} added ${users === 1 ? 'user' : 'users'}`] : []),
    ];
  }

  #getLinks(destination: string): DestinationLinks {
    const sink = this.#flow.getAction(destination).sinks[0];
    return {
      documentation: `${REPOSITORY}/blob/main/docs/destinations/${destination}.md`,
      vendor: sink?.docs[0] ?? '',
    };
  }

  #notify(): void {
    this.changes.emit('change');
  }

  #loadAction({ name, sinks }: Action): PlaygroundAction {
    const targets = this.#mocks.filter((mock) => sinks.some((sink) => sink.name === mock.name));
    const defaultSecrets = Object.assign({}, DEFAULT_SECRETS, ...targets.map(({ secrets }) => secrets));
    const action = toObserved(loadBuilt(name), sinks, this.#network);
    return { name, sinks, action, defaultSecrets, secrets: defaultSecrets };
  }
}

const assertKnown = (known: ReadonlyMap<string, unknown>, kind: string, key: string | undefined): void => {
  if (key !== undefined && !known.has(key)) throw new UsageError(`There is no ${kind} ${key}`);
};
