/** The values of an Action's secrets, from a file or from the environment. No message holds one. */
import { settings } from '../../lib/settings.ts';
import type { Sink } from '../../lib/sink.ts';
import { loadSinks } from '../shared/catalog.ts';
import { readJsonObject } from '../shared/json-file.ts';
import { UsageError } from '../shared/usage-error.ts';
import type { Context } from './context.ts';
import { suggest } from './suggestion.ts';

export type Secrets = Readonly<Record<string, string>>;

/** Every secret that an Action for these sinks reads. */
export const getSecretNames = (sinks: readonly Sink[]): readonly string[] =>
  Object.keys(Object.assign({}, settings, ...sinks.map(({ secrets }) => secrets)));

/** The secrets that these sinks read, among those of a JSON file; without a file, among environment variables. */
export const readSecrets = async (
  context: Context,
  sinks: readonly Sink[],
  file: string | undefined,
): Promise<Secrets> => {
  const given = file === undefined ? context.env : await readSecretsFile(context, file);
  return Object.fromEntries(
    getSecretNames(sinks).flatMap((name) => {
      const value = given[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
};

/** It may hold secrets of several Actions. */
const readSecretsFile = async (context: Context, file: string): Promise<Secrets> => {
  const known = getSecretNames(await loadSinks());
  const entries = Object.entries(readJsonObject(context.resolve(file)));
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (!known.includes(name))
        throw new UsageError(`${file}: unknown secret ${name}${suggest(name, known)}`);
      if (typeof value !== 'string') throw new UsageError(`${file}: ${name} must be a string`);
      return [name, value];
    }),
  );
};
