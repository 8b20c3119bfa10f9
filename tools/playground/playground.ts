/** What the page shows and changes: the local tenant, what its Actions do, and what the destinations have. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { diffJson } from 'diff';
import type { Action } from '../../lib/record.ts';
import type { Sink } from '../../lib/sink.ts';
import { UsageError } from '../cli/command.ts';
import { loadActions } from '../shared/catalog.ts';
import type { ActionRun, Flow, LoginRequest } from '../simulator/auth0/flow.ts';
import type { LoadedAction } from '../simulator/auth0/runtime.ts';
import { Tenant } from '../simulator/auth0/tenant.ts';
import { loadBuilt } from '../simulator/built-actions.ts';
import { addPersonas } from '../simulator/personas.ts';
import { getCredentials } from '../simulator/redact-secrets.ts';
import { vendors } from '../simulator/vendors/all-vendors.ts';
import { startVendorMock, type VendorMock } from '../simulator/vendors/vendor-mock.ts';
import { MODES, type Mode } from './modes.ts';
import { type Exchange, observe } from './observe.ts';
import { drawLogin } from './random-logins.ts';
import type { ActionState, DestinationState, LoginDetails, LoginRow, State } from './state.ts';
import {
  activityState,
  deadlineOf,
  entriesOf,
  type Observed,
  percentilesOf,
  problemOf,
  runDetails,
  runRow,
  secretStates,
} from './views.ts';

const LISTED_LOGINS = 40;
const REMEMBERED_LOGINS = 400;
const REMEMBERED_LATENCIES = 1000;
const CONCURRENT_LOGINS = 4;

/** Beside those that lead to the embedded destinations: every login shall have a line. */
const DEFAULTS = { LOG: 'all' };

/** An Action of the flow, or one that is to be had. */
interface Deployed extends Action {
  readonly action: LoadedAction;
  /** Those that lead to the embedded destinations. */
  readonly embedded: Readonly<Record<string, string>>;
  secrets: Record<string, string>;
}

interface RememberedLogin {
  readonly row: LoginRow;
  readonly flow: Flow;
  readonly observed: readonly Observed[];
}

export class Playground {
  /** Emits `change` after each change that is made here; what destinations receive late comes without one. */
  readonly changes = new EventEmitter().setMaxListeners(0);

  readonly #destinations: readonly VendorMock[];
  readonly #actions: readonly Action[];
  readonly #modes = new Map<string, Mode>();
  readonly #latencies = new Map<string, number[]>();
  readonly #observing = new AsyncLocalStorage<Observed[]>();
  #tenant = new Tenant();
  #deployed: Deployed[] = [];
  #bound: string[] = [];
  #logins: RememberedLogin[] = [];
  #loginsCount = 0;
  #run: { done: number; readonly total: number } | null = null;

  private constructor(destinations: readonly VendorMock[], actions: readonly Action[]) {
    this.#destinations = destinations;
    this.#actions = actions;
    this.reset();
  }

  static async open(): Promise<Playground> {
    const destinations = vendors.map((service) => startVendorMock(service, { tls: service.tls ?? false }));
    return new Playground(await Promise.all(destinations), await loadActions());
  }

  async close(): Promise<void> {
    this.#run = null;
    await Promise.all(this.#destinations.map((destination) => destination.close()));
  }

  /** As it was in the beginning, with fresh instances of the Actions. */
  reset(): void {
    for (const destination of this.#destinations) destination.reset();
    this.#modes.clear();
    this.#latencies.clear();
    this.#tenant = new Tenant();
    addPersonas(this.#tenant);
    this.#deployed = this.#actions.map((action) => this.#deploy(action));
    this.#logins = [];
    this.#loginsCount = 0;
    this.#run = null;
    this.#arrange(this.#destinations.map(({ name }) => name));
  }

  addUser(name: string, connection: string): string {
    check(this.#tenant.connections, 'connection', connection);
    const localPart = name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '.');
    const user_id = `${connection}|${localPart}-${this.#tenant.users.size + 1}`;
    this.#tenant.addUser({ user_id, connection, name, email: `${localPart}@example.com` });
    this.#changed();
    return user_id;
  }

  /** Returns the number of the login. */
  async logIn(request: LoginRequest): Promise<number> {
    const observed: Observed[] = [];
    const tenant = this.#tenant;
    check(tenant.users, 'user', request.user);
    check(tenant.applications, 'application', request.application);
    check(tenant.connections, 'connection', request.connection);
    check(tenant.organizations, 'organization', request.organization);
    const flow = await this.#observing.run(observed, () => tenant.login(request));
    // Of a tenant that has been reset meanwhile nothing is told.
    if (tenant !== this.#tenant) return 0;
    this.#loginsCount += 1;
    const row = this.#rowOf(this.#loginsCount, flow, observed);
    this.#logins.unshift({ row, flow, observed });
    this.#logins.length = Math.min(this.#logins.length, REMEMBERED_LOGINS);
    this.#changed();
    return row.id;
  }

  /** Many logins, some at the same time, of users who are there and of new ones. Another call ends the one before. */
  async logInMany(total: number): Promise<void> {
    const run = { done: 0, total };
    this.#run = run;
    this.#changed();
    let started = 0;
    const busy = new Set<string>();
    const addUser = (name: string, connection: string) => this.addUser(name, connection);
    const logInNext = async () => {
      while (started < total && this.#run === run) {
        started += 1;
        const login = drawLogin(this.#tenant, busy, addUser);
        busy.add(login.user);
        await this.logIn(login);
        busy.delete(login.user);
        run.done += 1;
        this.#changed();
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_LOGINS }, logInNext));
    if (this.#run === run) this.stopMany();
  }

  stopMany(): void {
    this.#run = null;
    this.#changed();
  }

  setMode(name: string, mode: Mode): void {
    this.#destination(name).injectFault(MODES[mode].fault);
    this.#modes.set(name, mode);
    this.#changed();
  }

  /** The next login has these values: null takes one away, and what is not named stays. All of it or nothing. */
  configure(names: readonly string[], values: Readonly<Record<string, string | null>>): void {
    const deployed = names.map((name) => this.#action(name));
    for (const { name, sinks } of deployed) {
      const unknown = Object.keys(values).filter((secret) => !(secret in entriesOf(sinks)));
      if (unknown.length > 0) throw new UsageError(`${name} has no secret ${unknown.join(', ')}`);
    }
    for (const action of deployed) {
      const given = Object.entries({ ...action.secrets, ...values });
      action.secrets = Object.fromEntries(
        given.filter((entry): entry is [string, string] => entry[1] !== null),
      );
    }
    this.#changed();
  }

  /** Back to the embedded destination. */
  restoreSecrets(name: string): void {
    const deployed = this.#action(name);
    deployed.secrets = { ...deployed.embedded };
    this.#changed();
  }

  /** By one place, if there is one in that direction. */
  move(name: string, by: -1 | 1): void {
    const from = this.#bound.indexOf(name);
    if (from < 0) throw new UsageError(`${name} is not bound`);
    const others = this.#bound.toSpliced(from, 1);
    this.#arrange(others.toSpliced(Math.max(from + by, 0), 0, name));
  }

  /** At the end of the flow. */
  bind(name: string): void {
    this.#arrange([...this.#bound.filter((other) => other !== name), name]);
  }

  unbind(name: string): void {
    this.#arrange(this.#bound.filter((other) => other !== this.#action(name).name));
  }

  /** The flow, in the order of execution. */
  #arrange(names: readonly string[]): void {
    const bound = names.map((name) => this.#action(name));
    this.#tenant.bindings = bound.map((deployed) => ({
      name: deployed.name,
      action: deployed.action,
      get secrets() {
        return deployed.secrets;
      },
    }));
    this.#bound = bound.map(({ name }) => name);
    this.#changed();
  }

  state(): State {
    const others = this.#deployed.map(({ name }) => name).filter((name) => !this.#bound.includes(name));
    const { users, applications, connections, organizations } = this.#tenant;
    return {
      users: Array.from(users.values(), ({ user_id, name, connection, logins_count }) => ({
        id: user_id,
        name: name ?? user_id,
        connection,
        logins: logins_count,
      })),
      applications: Array.from(applications.values(), ({ client_id, name, metadata }) => ({
        id: client_id,
        name,
        isLeftOut: metadata.analytics === 'off',
      })),
      connections: [...connections.keys()],
      organizations: Array.from(organizations.values(), ({ id, display_name }) => ({
        id,
        name: display_name,
      })),
      actions: [...this.#bound, ...others].map((name) => this.#actionState(this.#action(name))),
      destinations: this.#destinations.map((destination) => this.#destinationState(destination)),
      modes: Object.entries(MODES).map(([value, { label }]) => ({ value, label })),
      logins: this.#logins.slice(0, LISTED_LOGINS).map(({ row }) => row),
      loginsCount: this.#loginsCount,
      run: this.#run && { ...this.#run },
    };
  }

  /** Undefined for a login that is no longer remembered. */
  details(id: number): LoginDetails | undefined {
    const login = this.#logins.find(({ row }) => row.id === id);
    if (!login) return undefined;
    const { row, flow, observed } = login;
    return {
      ...row,
      ...(flow.errorDescription !== undefined && { errorDescription: flow.errorDescription }),
      appMetadata: diffJson(Object(flow.appMetadataBefore), Object(flow.appMetadataAfter)),
      runs: row.actions.map((run, index) =>
        runDetails(run, flow.actions[index] as ActionRun, observed[index] as Observed),
      ),
    };
  }

  #changed(): void {
    this.changes.emit('change');
  }

  #deploy({ name, sinks }: Action): Deployed {
    const embedded = Object.assign(
      {},
      DEFAULTS,
      ...sinks.map((sink) => this.#destination(sink.name).secrets),
    );
    return { name, sinks, action: this.#observed(name, sinks), embedded, secrets: { ...embedded } };
  }

  #observed(name: string, sinks: readonly Sink[]): LoadedAction {
    const action = loadBuilt(name);
    return {
      execute: async (event, api) => {
        const given = structuredClone(event);
        const { result, exchanges } = await observe(() => action.execute(event, api));
        this.#observing
          .getStore()
          ?.push({ event: given, exchanges, credentials: getCredentials(sinks, given.secrets) });
        return result;
      },
    };
  }

  #rowOf(id: number, flow: Flow, observed: readonly Observed[]): LoginRow {
    for (const { exchanges } of observed) this.#measure(exchanges);
    return {
      id,
      at: flow.startedAt,
      user: this.#nameOf(flow.user),
      application: this.#tenant.applications.get(flow.application)?.name ?? flow.application,
      kind: flow.kind,
      isDenied: flow.outcome === 'access_denied',
      durationMs: flow.durationMs,
      actions: flow.actions.map((run, index) =>
        runRow(run, observed[index]?.exchanges ?? [], deadlineOf(this.#action(run.name).secrets)),
      ),
    };
  }

  #measure(exchanges: readonly Exchange[]): void {
    for (const { url, durationMs } of exchanges) {
      const destination = this.#destinations.find((candidate) => url.startsWith(candidate.url));
      if (!destination || durationMs === undefined) continue;
      const latencies = this.#latencies.get(destination.name) ?? [];
      this.#latencies.set(destination.name, [...latencies, durationMs].slice(-REMEMBERED_LATENCIES));
    }
  }

  #actionState({ name, sinks, secrets, embedded }: Deployed): ActionState {
    return {
      name,
      isBound: this.#bound.includes(name),
      records: sinks.map((sink) => sink.name),
      problem: sinks.map((sink) => problemOf(sink, secrets)).join(''),
      deadlineMs: deadlineOf(secrets),
      secrets: secretStates(sinks, secrets, embedded),
    };
  }

  #destinationState({ name, url, requests }: VendorMock): DestinationState {
    return {
      name,
      mode: this.#modes.get(name) ?? 'up',
      isBypassed: !Object.values(this.#action(name).secrets).includes(url),
      latency: percentilesOf(this.#latencies.get(name) ?? []),
      ...activityState(requests, (userId) => this.#nameOf(userId)),
    };
  }

  #nameOf(userId: string): string {
    return this.#tenant.users.get(userId)?.name ?? userId;
  }

  #action(name: string): Deployed {
    const deployed = this.#deployed.find((candidate) => candidate.name === name);
    if (!deployed) throw new UsageError(`There is no Action ${name}`);
    return deployed;
  }

  #destination(name: string): VendorMock {
    const destination = this.#destinations.find((candidate) => candidate.name === name);
    if (!destination) throw new UsageError(`There is no destination ${name}`);
    return destination;
  }
}

/** What is not named need not be there. */
const check = (known: ReadonlyMap<string, unknown>, what: string, key: string | undefined): void => {
  if (key !== undefined && !known.has(key)) throw new UsageError(`There is no ${what} ${key}`);
};
