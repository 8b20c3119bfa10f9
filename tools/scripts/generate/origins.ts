/** Where the values of a payload come from: told by their equality with those of the example. */
import { parseSecrets } from '../../../lib/settings.ts';
import type { Sink } from '../../../lib/sink.ts';
import { EVENT, examplePayload, exampleSecrets, LOGIN, SENT_AT, SIGN_UP } from './example.ts';
import { code } from './markdown.ts';

type Leaf = string | number | boolean | Date;

/** Path → value, of all values that hold no others. `attributes["user.id"]` is the item of a list whose `key` is that. */
export const getLeaves = (value: unknown, path = ''): ReadonlyMap<string, Leaf> => {
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return new Map(value === undefined || value === null ? [] : [[path, value as Leaf]]);
  }
  const parts = Object.entries(value).flatMap(([name, part]) => {
    const key: unknown = Array.isArray(value) ? Object(part).key : undefined;
    if (typeof key === 'string') return [...getLeaves(Object(part).value, `${path}["${key}"]`)];
    return [...getLeaves(part, path === '' ? name : `${path}.${name}`)];
  });
  return new Map(parts);
};

/** The forms in which vendors want a value. */
const toForms = (value: Leaf): readonly unknown[] => {
  if (!(value instanceof Date)) return [value, String(value)];
  const ms = value.getTime();
  return [value.toISOString(), ms, ms / 1000, `${ms}000000`];
};

const findEqual = (leaves: ReadonlyMap<string, Leaf>, value: unknown): string | undefined =>
  Array.from(leaves).find(([, leaf]) => toForms(leaf).includes(value))?.[0];

const EVENT_LEAVES = getLeaves({ event: EVENT });

/** A field of an activity → the field of Auth0's event that it is read from, and the example's value, if it is. */
export const EVENT_FIELDS: ReadonlyMap<string, { readonly name: string; readonly example: string }> = new Map(
  Array.from(getLeaves(LOGIN)).flatMap(([path, value]) => {
    const found = findEqual(EVENT_LEAVES, value instanceof Date ? value.toISOString() : value);
    if (found === undefined) return [];
    const name = found.replaceAll(/\.\d+(?=\.)/g, '[]');
    return [[path, { name, example: String(EVENT_LEAVES.get(found)) }]];
  }),
);

/** What is not read from Auth0's event as it is. */
const DERIVED: Readonly<Record<string, string>> = {
  id: 'the id of the event',
  time: 'the time of the event',
  type: '`SignUp` or `Login`',
  sentAt: 'the time of the request',
};

const describeField = (path: string): string => DERIVED[path] ?? code(EVENT_FIELDS.get(path)?.name ?? path);

export interface PayloadField {
  readonly path: string;
  /** Markdown. */
  readonly origin: string;
  /** The field of the activity that it holds, alone or with something around it. */
  readonly activityField?: string;
}

/** Every field that a sink sends of the example, in the order of its payload. */
export const getPayloadFields = (sink: Sink): readonly PayloadField[] => {
  const logins = getLeaves(examplePayload(sink, LOGIN));
  const signUps = getLeaves(examplePayload(sink, SIGN_UP));
  return [...new Set([...logins.keys(), ...signUps.keys()])].map((path) => {
    // Of a SignUp, its time and the creation of the profile are equal, so a Login comes first.
    const [activity, value] = logins.has(path) ? [LOGIN, logins.get(path)] : [SIGN_UP, signUps.get(path)];
    const fields = getLeaves({ ...activity, sentAt: SENT_AT });
    const equal = findEqual(fields, value);
    if (equal !== undefined) return { path, origin: describeField(equal), activityField: equal };
    const [part] = Array.from(fields).find(([, field]) => isPartOf(field, value)) ?? [];
    if (part !== undefined) return { path, origin: `made of ${describeField(part)}`, activityField: part };
    const values = new Set([signUps.get(path), logins.get(path)].filter((found) => found !== undefined));
    return { path, origin: describeChoice(sink, [...values]) };
  });
};

const isPartOf = (part: Leaf, whole: unknown): boolean =>
  typeof part === 'string' && typeof whole === 'string' && part.length > 3 && whole.includes(part);

/** What the operator chooses, or the sink. */
const describeChoice = (sink: Sink, values: readonly Leaf[]): string => {
  const secrets = Object.entries(parseSecrets(sink, exampleSecrets(sink)));
  const names = values.flatMap((value) => secrets.find(([, secret]) => secret === value)?.[0] ?? []);
  const choices = names.length === values.length ? names : values.map((value) => JSON.stringify(value));
  return `${choices === names ? 'secret ' : ''}${choices.map(code).join(' or ')}`;
};
