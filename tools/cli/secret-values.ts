/** The values of an Action's secrets, from a file or from the environment. No message holds one. */
import { readConfig } from '../../lib/config.ts';
import { ConfigError } from '../../lib/errors.ts';
import type { Sink } from '../../lib/sink.ts';
import { getDeclarations, loadSinks } from '../shared/catalog.ts';
import { readJsonObject } from '../shared/json-file.ts';
import { UsageError } from '../shared/usage-error.ts';
import type { Context } from './context.ts';
import { suggest } from './suggestion.ts';

export type Secrets = Readonly<Record<string, string>>;

/** A secret that holds others, as an Action can have 30 at most. */
export const CONFIG = 'CONFIG';

/** The names of the secrets that an Action for these sinks reads, but for `CONFIG`. */
export const getSecretNames = (sinks: readonly Sink[]): readonly string[] =>
  Object.keys(getDeclarations(sinks));

/** The secrets that these sinks read, those in `CONFIG` among them, from a JSON file or else from the environment. */
export const readSecrets = async (
  context: Context,
  sinks: readonly Sink[],
  file: string | undefined,
): Promise<Secrets> => unpackSecrets(await readGivenSecrets(context, sinks, file), sinks);

/** The same as they were given: `CONFIG` stays what it is. */
export const readGivenSecrets = async (
  context: Context,
  sinks: readonly Sink[],
  file: string | undefined,
): Promise<Secrets> => {
  const given = file === undefined ? readEnvironment(context) : await readSecretsFile(context, file);
  return pick(given, [...getSecretNames(sinks), CONFIG]);
};

/** @throws {UsageError} if `CONFIG` is malformed, or sets what is set already. */
export const unpackSecrets = async (given: Secrets, sinks: readonly Sink[]): Promise<Secrets> => {
  if (given[CONFIG] === undefined) return given;
  const { [CONFIG]: _, ...secrets } = readValidConfig(given);
  assertKnown(CONFIG, Object.keys(secrets), getSecretNames(await loadSinks()));
  return pick(secrets, getSecretNames(sinks));
};

const readValidConfig = (given: Secrets): Secrets => {
  try {
    return { ...readConfig(given) };
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
};

/** Many tools have an environment variable of that name. Ours begins as JSON does. */
const readEnvironment = ({ env }: Context): Context['env'] =>
  env[CONFIG]?.trim().startsWith('{') ? env : { ...env, [CONFIG]: undefined };

/** It may hold secrets of several Actions. */
const readSecretsFile = async (context: Context, file: string): Promise<Secrets> => {
  const entries = Object.entries(readJsonObject(context.resolve(file)));
  const names = entries.map(([name]) => name);
  assertKnown(file, names, [...getSecretNames(await loadSinks()), CONFIG]);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (typeof value !== 'string') throw new UsageError(`${file}: ${name} must be a string`);
      return [name, value];
    }),
  );
};

const assertKnown = (source: string, names: readonly string[], known: readonly string[]): void => {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UsageError(`${source}: unknown secret ${unknown}${suggest(unknown, known)}`);
};

const pick = (given: Context['env'], names: readonly string[]): Secrets =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = given[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
