/**
 * `CONFIG`: one secret that holds a JSON object of others, because an Action can have 30 at most.
 * https://auth0.com/docs/customize/actions/limitations
 */
import { ConfigError } from './errors.ts';
import { readSecret } from './secrets.ts';

/**
 * The secrets, with those that `CONFIG` holds.
 * @throws {ConfigError} if it is no JSON object of strings, or sets a secret that is set already.
 */
export const readConfig = (secrets: object | undefined): object => {
  const text = readSecret(secrets, 'CONFIG');
  if (text === undefined) return secrets ?? {};
  const config = parse(text);
  const twice = Object.keys(config).filter((name) => readSecret(secrets, name) !== undefined);
  if (twice.length > 0)
    throw new ConfigError(new Map(twice.map((name) => [name, 'is set twice, as a secret and in CONFIG'])));
  return { ...secrets, ...config };
};

const parse = (text: string): Record<string, string> => {
  try {
    const config: unknown = JSON.parse(text);
    if (typeof config !== 'object' || config === null || Array.isArray(config))
      throw new TypeError('no object');
    const entries = Object.entries(config).map(([name, value]) => {
      if (!['string', 'number', 'boolean'].includes(typeof value)) throw new TypeError(`${name} is no value`);
      return [name, String(value)];
    });
    return Object.fromEntries(entries);
  } catch {
    throw new ConfigError(new Map([['CONFIG', 'must be a JSON object of strings']]));
  }
};
