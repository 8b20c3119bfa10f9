/** auth0-login-analytics.json: Actions for a chosen set of destinations. It holds no secret and belongs into git. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readJsonObject } from './json-file.ts';
import { type ActionEntry, isClone, ROOT, readManifest } from './manifest.ts';
import { UsageError } from './usage-error.ts';

export const SETS_FILE = 'auth0-login-analytics.json';

export const DEFAULT_SET_NAME = 'analytics';

/** An Action for several destinations, as the operator has named it. */
export interface ActionSet {
  readonly name: string;
  /** Names of destinations, in the order in which they are reported. */
  readonly destinations: readonly string[];
}

/** With a longer name, the log line that names all malformed secrets would not fit into what Auth0 stores. */
const NAME_LIMIT_CHARS = 32;

/** The sets in a folder, in the order of its file; none if there is no file. */
export const readSets = (folder: string): readonly ActionSet[] => {
  const file = path.join(folder, SETS_FILE);
  if (!existsSync(file)) return [];
  const { actions, ...unknown } = readJsonObject(file);
  const [extra] = Object.keys(unknown);
  if (extra !== undefined)
    throw new UsageError(`${SETS_FILE}: unknown field ${extra}, the only one is actions`);
  if (typeof actions !== 'object' || actions === null || Array.isArray(actions)) {
    throw new UsageError(
      `${SETS_FILE}: actions must be an object, from the name of an Action to destinations`,
    );
  }
  return Object.entries(actions).map(([name, destinations]) => {
    if (!isListOfNames(destinations)) {
      throw new UsageError(
        `${SETS_FILE}: ${name} must be a list of destinations, like ["splunk", "mixpanel"]`,
      );
    }
    assertUsableName(name);
    return { name, destinations };
  });
};

/** Adds a set to the file of a folder, or replaces the one of its name. Returns whether that changed the file. */
export const writeSet = (folder: string, { name, destinations }: ActionSet): boolean => {
  const sets = readSets(folder).map((set) => [set.name, set.destinations] as const);
  const actions = { ...Object.fromEntries(sets), [name]: destinations };
  const file = path.join(folder, SETS_FILE);
  const content = `${JSON.stringify({ actions }, null, 2)}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return false;
  writeFileSync(file, content);
  return true;
};

/** `splunk,segment-http`, of a command line. */
export const toSet = (name: string, list: string): ActionSet => {
  assertUsableName(name);
  return { name, destinations: list.split(',').flatMap((destination) => destination.trim() || []) };
};

/** @throws {UsageError} unless it can be the name of a file and of an Action, and is no other's. */
export const assertUsableName = (name: string): void => {
  if (!/^[a-z][a-z\d]*(-[a-z\d]+)*$/.test(name) || name.length > NAME_LIMIT_CHARS) {
    throw new UsageError(
      `the name ${name} cannot be used: a name consists of lower-case words with hyphens, like login-analytics, and has at most ${NAME_LIMIT_CHARS} characters`,
    );
  }
  if (name === 'index' || readManifest().actions.some((entry) => entry.name === name)) {
    throw new UsageError(`the name ${name} is reserved: choose another, ${name}-analytics for example`);
  }
};

/** What there is to deploy for a set: its dependencies are those of its destinations. */
export const toEntry = ({ name, destinations }: ActionSet): ActionEntry => {
  const { actions } = readManifest();
  const members = actions.filter((entry) => destinations.includes(entry.name));
  const installed = members.flatMap(({ dependencies }) => dependencies);
  const versions = new Map(installed.map((dependency) => [dependency.name, dependency]));
  if (!isClone) replaceByPackage(versions);
  const { runtime = '', deployed = true, supported_triggers = [] } = actions[0] ?? {};
  return {
    name,
    code: `dist/sets/${name}.js`,
    runtime,
    deployed,
    supported_triggers,
    dependencies: [...versions.values()],
    destinations,
  };
};

/** Without the source of the project, an Action requires its package, which brings axios. */
const replaceByPackage = (
  versions: Map<string, { readonly name: string; readonly version: string }>,
): void => {
  const { name, version, dependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  for (const dependency of Object.keys(dependencies)) versions.delete(dependency);
  versions.set(name, { name, version });
};

const isListOfNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
