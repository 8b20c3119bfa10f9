/** The Actions of the playground with their secrets, and the order in which the tenant runs those that are bound. */
import { getRequiredSecrets, type Problems } from '../../lib/secrets.ts';
import { settings } from '../../lib/settings.ts';
import type { Sink } from '../../lib/sink.ts';
import { UsageError } from '../shared/usage-error.ts';
import type { LoadedAction } from '../simulator/auth0/runtime.ts';
import type { Tenant } from '../simulator/auth0/tenant.ts';
import { declareSecrets, findProblems } from './secrets.ts';

export interface PlaygroundAction {
  readonly name: string;
  readonly sinks: readonly Sink[];
  readonly action: LoadedAction;
  /** The secrets that point to the mock vendors. */
  defaultSecrets: Readonly<Record<string, string>>;
  /** Apply from the next login on. */
  secrets: Readonly<Record<string, string>>;
}

export class PostLoginFlow {
  readonly #tenant: Tenant;
  readonly #actions: readonly PlaygroundAction[];

  constructor(tenant: Tenant, actions: readonly PlaygroundAction[], boundNames: readonly string[]) {
    this.#tenant = tenant;
    this.#actions = actions;
    this.#bindInOrder(boundNames);
  }

  /** The bound Actions in the order of execution, and then the others. */
  get actions(): readonly PlaygroundAction[] {
    const bound = this.#boundNames.map((name) => this.getAction(name));
    return [...bound, ...this.#actions.filter(({ name }) => !this.isBound(name))];
  }

  getAction(name: string): PlaygroundAction {
    const action = this.#actions.find((candidate) => candidate.name === name);
    if (!action) throw new UsageError(`There is no Action ${name}`);
    return action;
  }

  isBound(name: string): boolean {
    return this.#boundNames.includes(name);
  }

  /** Moves an Action by one position, if there is one in that direction. */
  move(name: string, by: -1 | 1): void {
    const from = this.#boundNames.indexOf(name);
    if (from < 0) throw new UsageError(`${name} is not bound`);
    const others = this.#boundNames.toSpliced(from, 1);
    this.#bindInOrder(others.toSpliced(Math.max(from + by, 0), 0, name));
  }

  /** Adds an Action at the end of the flow. */
  bind(name: string): void {
    this.#bindInOrder([...this.#boundNames.filter((other) => other !== name), name]);
  }

  unbind(name: string): void {
    const action = this.getAction(name);
    this.#bindInOrder(this.#boundNames.filter((other) => other !== action.name));
  }

  /** Changes secrets of several Actions, or of none if one of them is unknown or malformed. Null removes a secret. */
  setSecrets(names: readonly string[], changes: Readonly<Record<string, string | null>>): void {
    const actions = names.map((name) => this.getAction(name));
    for (const { name, sinks } of actions) {
      const declared = declareSecrets(sinks);
      const unknown = Object.keys(changes).filter((secret) => !(secret in declared));
      if (unknown.length > 0) throw new UsageError(`${name} has no secret ${unknown.join(', ')}`);
    }
    const problems = Object.assign({}, ...names.map((name) => this.findProblems(name, changes)));
    const malformed = Object.entries(problems).map((problem) => problem.join(' '));
    if (malformed.length > 0) throw new UsageError(`Not saved: ${malformed.join('; ')}`);
    for (const action of actions) action.secrets = withChanges(action.secrets, changes);
  }

  /** What would be wrong after a change, and is not yet. A secret may be removed, so that one sees what happens then. */
  findProblems(name: string, changes: Readonly<Record<string, string | null>>): Problems {
    const { sinks, secrets } = this.getAction(name);
    const before = findProblems(sinks, secrets);
    const after = Object.entries(findProblems(sinks, withChanges(secrets, changes)));
    return Object.fromEntries(
      after.filter(([secret, problem]) => changes[secret] !== null && before[secret] !== problem),
    );
  }

  restoreDefaultSecrets(name: string): void {
    const action = this.getAction(name);
    action.secrets = action.defaultSecrets;
  }

  /**
   * Replaces the bound Actions by the one that delivers to all of their destinations at the same time. It gets their
   * secrets, and the settings of the first.
   */
  combine(): void {
    const bound = this.#boundNames.map((name) => this.getAction(name));
    const combined = this.#actions.find(({ sinks }) => sinks.length > 1);
    if (!combined || bound.length === 0) throw new UsageError('There is nothing to combine');
    const given = Object.assign({}, ...bound.map(({ secrets }) => secrets));
    const sinks = combined.sinks.filter((sink) =>
      getRequiredSecrets(sink.secrets).every((name) => name in given),
    );
    const toSecrets = (key: 'secrets' | 'defaultSecrets'): Record<string, string> =>
      Object.assign(
        pick(bound[0]?.[key] ?? {}, Object.keys(settings)),
        ...sinks.map((sink) => {
          const single = bound.find(({ name }) => name === sink.name);
          return pick((single ?? combined)[key], Object.keys(sink.secrets));
        }),
      );
    combined.secrets = toSecrets('secrets');
    combined.defaultSecrets = toSecrets('defaultSecrets');
    this.#bindInOrder([combined.name]);
  }

  get #boundNames(): readonly string[] {
    return this.#tenant.bindings.map(({ name }) => name);
  }

  #bindInOrder(names: readonly string[]): void {
    this.#tenant.bindings = names.map((name) => {
      const bound = this.getAction(name);
      return {
        name,
        action: bound.action,
        get secrets() {
          return bound.secrets;
        },
      };
    });
  }
}

const pick = (secrets: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(secrets).filter(([name]) => names.includes(name)));

const withChanges = (
  secrets: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ ...secrets, ...changes }).filter(
      (entry): entry is [string, string] => entry[1] !== null,
    ),
  );
