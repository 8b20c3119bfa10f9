/** Where the values of a payload come from: told by their equality with those of the example. */
import type { Activity } from '../../../lib/activity.ts';
import { parseSecrets } from '../../../lib/settings.ts';
import type { Sink } from '../../../lib/sink.ts';
import { EVENT, examplePayload, exampleSecrets, LOGIN, SENT_AT, SIGN_UP } from './example.ts';
import { code, list } from './markdown.ts';

type Leaf = string | number | boolean | Date;

/**
 * Path → value, of all values that hold no others. `attributes["user.id"]` is the item of a list whose `key` is that;
 * `methods[]` is every other item of a list, with the value of the last.
 */
export const getLeaves = (value: unknown, path = ''): ReadonlyMap<string, Leaf> => {
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return new Map(value === undefined || value === null ? [] : [[path, value as Leaf]]);
  }
  const parts = Object.entries(value).flatMap(([name, part]) => {
    if (!Array.isArray(value)) return [...getLeaves(part, path === '' ? name : `${path}.${name}`)];
    const key: unknown = Object(part).key;
    const item = typeof key === 'string' ? `${path}["${key}"]` : `${path}[]`;
    return [...getLeaves(typeof key === 'string' ? Object(part).value : part, item)];
  });
  return new Map(parts);
};

/** The forms in which vendors want a value. */
const toForms = (value: Leaf): readonly unknown[] => {
  if (!(value instanceof Date)) return [value, String(value)];
  const ms = value.getTime();
  return [value.toISOString(), ms, ms / 1000, `${ms}000000`];
};

/** There are but two booleans, so that of the same name is meant. */
const isSame = (leafPath: string, leaf: Leaf, valuePath: string, value: unknown): boolean =>
  typeof leaf === 'boolean'
    ? leaf === value && valuePath.split(/\W+/).includes(leafPath.slice(leafPath.lastIndexOf('.') + 1))
    : toForms(leaf).includes(value);

const EVENT_LEAVES = getLeaves({ event: EVENT });

/** What is not read from Auth0's event as it is. */
const DERIVED: Readonly<Record<string, string>> = {
  id: 'the id of the event',
  time: 'the time of the event',
  type: '`SignUp` or `Login`',
  sentAt: 'the time of the request',
  'authentication.mfa': 'whether `event.authentication.methods[].name` has `mfa`',
};

/** Fields whose values are chosen by the operator. */
const CHOSEN = /^(user\.)?properties\./;

/** A field of an activity → the field of Auth0's event that it is read from, and the example's value, if it is. */
export const EVENT_FIELDS: ReadonlyMap<string, { readonly name: string; readonly example: string }> = new Map(
  Array.from(getLeaves(LOGIN)).flatMap(([path, value]) => {
    if (CHOSEN.test(path) || path in DERIVED) return [];
    const form = value instanceof Date ? value.toISOString() : value;
    const [name, example] = Array.from(EVENT_LEAVES).find(([, leaf]) => leaf === form) ?? [];
    return name === undefined ? [] : [[path, { name, example: String(example) }]];
  }),
);

const describeField = (path: string): string => {
  const [chosen] = CHOSEN.exec(path) ?? [];
  if (chosen) return `setting \`${chosen === 'properties.' ? 'PROPERTIES' : 'USER_PROPERTIES'}\``;
  return DERIVED[path] ?? code(EVENT_FIELDS.get(path)?.name ?? path);
};

export interface PayloadField {
  readonly path: string;
  /** Markdown. */
  readonly origin: string;
  /** The fields of the activity that it is made of. */
  readonly activityFields: readonly string[];
}

/** Every field that a sink sends of the example, in the order of its payload. */
export const getPayloadFields = (sink: Sink): readonly PayloadField[] => {
  const logins = getLeaves(examplePayload(sink, LOGIN));
  const signUps = getLeaves(examplePayload(sink, SIGN_UP));
  return [...new Set([...logins.keys(), ...signUps.keys()])].map((path) => {
    const eventName = describeEventName(sink, signUps.get(path), logins.get(path));
    if (eventName !== undefined) return { path, origin: eventName, activityFields: ['type'] };
    // Of a SignUp, its time and the creation of the profile are equal, so a Login comes first.
    const [activity, value] = logins.has(path) ? [LOGIN, logins.get(path)] : [SIGN_UP, signUps.get(path)];
    const fields = Array.from(getLeaves({ ...activity, sentAt: SENT_AT }));
    const [equal] = fields.find(([name, field]) => isSame(name, field, path, value)) ?? [];
    if (equal !== undefined) return { path, origin: describeField(equal), activityFields: [equal] };
    const [part] = fields.find(([, field]) => isPartOf(field, value)) ?? [];
    const parts = part === undefined ? findInfluences(sink, activity, path) : [part];
    if (parts.length > 0)
      return { path, origin: `made of ${list(parts.map(describeField))}`, activityFields: parts };
    const values = new Set([signUps.get(path), logins.get(path)].filter((found) => found !== undefined));
    return { path, origin: describeChoice(sink, [...values]), activityFields: [] };
  });
};

const isPartOf = (part: Leaf, whole: unknown): boolean =>
  typeof part === 'string' && typeof whole === 'string' && part.length > 3 && whole.includes(part);

/** The fields without which another value would be sent at a path. */
const findInfluences = (sink: Sink, activity: Activity, path: string): readonly string[] =>
  [...EVENT_FIELDS.keys()].filter(
    (field) =>
      getLeaves(examplePayload(sink, without(activity, field.split('.')))).get(path) !==
      getLeaves(examplePayload(sink, activity)).get(path),
  );

const without = <T extends object>(value: T, [name = '', ...rest]: readonly string[]): T => {
  const key = name.replace('[]', '');
  const part: unknown = Reflect.get(value, key);
  const isLeaf = rest.length === 0 || typeof part !== 'object' || part === null;
  return { ...value, [key]: isLeaf ? undefined : without(part, rest) };
};

type Values = ReadonlyArray<readonly [name: string, value: unknown]>;

const getSecrets = (sink: Sink): Values => Object.entries(parseSecrets(sink, exampleSecrets(sink)));

/** The secrets that name the event; undefined for what is no name of an event. */
const describeEventName = (sink: Sink, signUp: unknown, login: unknown): string | undefined => {
  const find = (suffix: string, value: unknown) =>
    getSecrets(sink).find(([name, secret]) => name.endsWith(suffix) && secret === value)?.[0];
  const names = [find('_SIGNUP_EVENT', signUp), find('_LOGIN_EVENT', login)];
  return names.includes(undefined)
    ? undefined
    : `secret ${names.map((name) => code(name ?? '')).join(' or ')}`;
};

/** What the operator chooses, or the sink. */
const describeChoice = (sink: Sink, values: readonly Leaf[]): string => {
  const names = values.flatMap((value) => getSecrets(sink).find(([, secret]) => secret === value)?.[0] ?? []);
  const choices = names.length === values.length ? names : values.map((value) => JSON.stringify(value));
  return `${choices === names ? 'secret ' : ''}${choices.map(code).join(' or ')}`;
};
