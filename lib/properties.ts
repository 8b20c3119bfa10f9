/**
 * Properties that the operator chooses, from anywhere in Auth0's event: `plan=user.app_metadata.plan,env='prod'`. What
 * they lead to comes from users or the network, so it is checked and bounded.
 */
import type { Format } from './formats.ts';
import type { LoginEvent } from './login-event.ts';

export type PropertyValue = string | number | boolean | Date | readonly string[];

export type Properties = Readonly<Record<string, PropertyValue>>;

/** A property as it is declared: a path into the event, or a constant. */
export interface PropertySource {
  readonly name: string;
  readonly path?: Path;
  readonly constant?: string;
}

/** The keys that lead to a value. */
export type Path = readonly string[];

/** Bounds on what a login can add to an event: the strictest destination rejects a whole event of 32 kB. */
export const PROPERTY_LIMIT = 40;
const NAME_LIMIT_CHARS = 64;
const VALUE_LIMIT_CHARS = 512;
const LIST_LIMIT = 20;
const TOTAL_LIMIT_CHARS = 8192;

/** Parts of the event without credentials. `request.body` holds the password of a password grant. */
const ROOTS = [
  'agent',
  'anonymous_session',
  'authentication',
  'authorization',
  'client',
  'connection',
  'custom_domain',
  'experiment',
  'organization',
  'request',
  'resource_server',
  'security_context',
  'session',
  'stats',
  'tenant',
  'transaction',
  'user',
];
const FORBIDDEN = [['secrets'], ['refresh_token'], ['user', 'identities'], ['request', 'body']];
const CREDENTIAL = /token|secret|password|assertion|credential/i;

const NO_PATH = 'needs a path like user.app_metadata.plan';

/** The keys of a path such as `user.app_metadata.plan`, or what is wrong with it. What is no path can be a credential. */
export const parsePath = (text: string): { readonly value: Path } | { readonly problem: string } => {
  const path = text.split('.');
  const isForbidden = FORBIDDEN.some((keys) => keys.every((key, index) => path[index] === key));
  const isPath = path.length > 1 && path.every((key) => /^[\w:$-]{1,64}$/.test(key));
  if (!isPath || !(isForbidden || ROOTS.includes(path[0] ?? ''))) return { problem: NO_PATH };
  return isForbidden || path.some((key) => CREDENTIAL.test(key))
    ? { problem: `cannot read ${text.slice(0, 80)}` }
    : { value: path };
};

/** A path into the event. */
export const eventPath: Format<Path> = { sensitive: false, parse: parsePath };

/** `name=path,name='constant',…` */
export const propertyList: Format<readonly PropertySource[]> = {
  sensitive: false,
  parse(input) {
    const sources: PropertySource[] = [];
    for (let rest = input; rest.trim() !== ''; ) {
      const match = /^\s*([^=,\s]+)\s*=\s*(?:'([^']*)'|([^,'\s]+))\s*(?:,|$)/.exec(rest);
      const entry = `entry ${sources.length + 1}`;
      if (!match) return { problem: `must be name=path,name='constant', unlike ${entry}` };
      const [{ length }, name = '', constant, pathText = ''] = match;
      rest = rest.slice(length);
      if (!isPropertyName(name)) return { problem: `has an invalid name in ${entry}` };
      if (sources.some((source) => source.name === name)) return { problem: `names ${name} twice` };
      if (constant !== undefined) {
        sources.push({ name, constant });
        continue;
      }
      const path = parsePath(pathText);
      if ('problem' in path)
        return { problem: path.problem === NO_PATH ? `${NO_PATH} in ${entry}` : path.problem };
      sources.push({ name, path: path.value });
    }
    if (sources.length > PROPERTY_LIMIT) return { problem: `has more than ${PROPERTY_LIMIT} properties` };
    return { value: sources };
  },
};

const isPropertyName = (name: string): boolean =>
  name.length <= NAME_LIMIT_CHARS && /^[A-Za-z_][\w-]*$/.test(name);

/** The value at a path; undefined if there is none. Own properties alone count: a prototype belongs to nobody. */
export const getAt = (event: LoginEvent, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined,
    event,
  );

/** The values of declared properties. */
export const readProperties = (
  event: LoginEvent,
  sources: readonly PropertySource[],
): Record<string, unknown> =>
  Object.fromEntries(sources.map(({ name, path, constant }) => [name, path ? getAt(event, path) : constant]));

/** What of the given properties can be sent: values of a kind that destinations know, within the bounds. */
export const toProperties = (given: Readonly<Record<string, unknown>>): Properties => {
  const properties: Record<string, PropertyValue> = {};
  let chars = 0;
  for (const [name, item] of Object.entries(given).slice(0, PROPERTY_LIMIT)) {
    const value = isPropertyName(name) ? toPropertyValue(item) : undefined;
    if (value === undefined) continue;
    chars += name.length + JSON.stringify(value).length;
    if (chars > TOTAL_LIMIT_CHARS) break;
    properties[name] = value;
  }
  return properties;
};

const toPropertyValue = (value: unknown): PropertyValue | undefined => {
  if (typeof value === 'string') return value === '' ? undefined : toBounded(value);
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value;
  if (!Array.isArray(value)) return undefined;
  const strings = value.filter((item) => typeof item === 'string' && item !== '');
  return strings.length > 0 ? strings.slice(0, LIST_LIMIT).map(toBounded) : undefined;
};

const toBounded = (text: string): string => text.slice(0, VALUE_LIMIT_CHARS).toWellFormed();
