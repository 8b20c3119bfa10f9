/** The values of an Action's secrets, from the environment or from a file. No message holds one. */
import type { Action } from '../../lib/record.ts';
import { settings } from '../../lib/secrets.ts';
import { readJsonObject, UsageError } from './command.ts';

/** All that an Action reads. */
export const secretNames = ({ sinks }: Action): readonly string[] =>
  Object.keys(Object.assign({}, settings.entries, ...sinks.map(({ secrets }) => secrets.entries)));

/** Of the environment variables of the same names. */
export const readEnvironment = (action: Action): Record<string, string> =>
  Object.fromEntries(
    secretNames(action).flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** Of a JSON object of texts. */
export const readSecretsFile = (file: string, action: Action): Record<string, string> => {
  const names = secretNames(action);
  const entries = Object.entries(readJsonObject(file));
  const unknown = entries.filter(([name]) => !names.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `${action.name} has no secret ${unknown.map(([name]) => name).join(', ')}. It has ${names.join(', ')}`,
    );
  }
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (typeof value !== 'string') throw new UsageError(`${file}: ${name} must be a text`);
      return [name, value];
    }),
  );
};
