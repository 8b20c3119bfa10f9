/** Omits and hashes fields of an activity, once for every destination. */
import { createHmac } from 'node:crypto';
import { type Activity, toSendable, toSignUp } from './activity.ts';
import type { Settings } from './settings.ts';

export type Privacy = Pick<Settings, 'OMIT_FIELDS' | 'HASH_FIELDS' | 'HASH_KEY'>;

/** What is recorded of a login: as the SignUp or Login that it is, with privacy applied, fit to be sent. */
export const toRecorded = (login: Activity, type: Activity['type'], privacy: Privacy): Activity => {
  const activity = applyPrivacy(login, privacy);
  return toSendable(type === 'SignUp' ? toSignUp(activity) : activity);
};

/**
 * The activity without the fields to omit, and with the HMAC-SHA256 of those to hash, in hex. Another field or property
 * that has the same value goes the same way: the name of a database user is the e-mail address.
 */
export const applyPrivacy = (
  activity: Activity,
  { OMIT_FIELDS, HASH_FIELDS, HASH_KEY = '' }: Privacy,
): Activity => {
  const omitted = getStrings(activity, OMIT_FIELDS);
  const hashed = getStrings(activity, HASH_FIELDS);
  const hash = (value: unknown) => createHmac('sha256', HASH_KEY).update(String(value)).digest('hex');

  const protect = (value: unknown, name: string): unknown => {
    if (OMIT_FIELDS.includes(getFieldName(name))) return undefined;
    if (Array.isArray(value))
      return value.map((item) => protect(item, '')).filter((item) => item !== undefined);
    if (typeof value === 'object' && value !== null && !(value instanceof Date)) return protectAll(value);
    if (typeof value === 'string' && omitted.has(value.toLowerCase())) return undefined;
    const isHashed =
      HASH_FIELDS.includes(name) || (typeof value === 'string' && hashed.has(value.toLowerCase()));
    return isHashed && value !== undefined ? hash(value) : value;
  };
  const protectAll = <T extends object>(group: T): T =>
    Object.fromEntries(Object.entries(group).map(([name, value]) => [name, protect(value, name)])) as T;

  const { user, request, visitor, properties } = activity;
  // An activity always belongs to somebody, so no id is omitted. Auth0's identifies the SignUp: it must not depend on
  // what else this login holds.
  const auth0Id = HASH_FIELDS.includes('userId') ? hash(user.auth0Id) : user.auth0Id;
  const chosenId = hashed.has(user.id.toLowerCase()) ? hash(user.id) : user.id;
  return {
    ...activity,
    user: { ...protectAll(user), id: user.id === user.auth0Id ? auth0Id : chosenId, auth0Id },
    request: protectAll(request),
    visitor: protectAll(visitor),
    properties: protectAll(properties),
  };
};

/** The name by which the operator knows a field. */
const getFieldName = (name: string): string =>
  name === 'latitude' || name === 'longitude' ? 'coordinates' : name;

/** The strings in fields and properties of these names, in lower case. */
const getStrings = (
  { user, request, properties }: Activity,
  names: readonly string[],
): ReadonlySet<string> => {
  const groups: ReadonlyArray<Readonly<Record<string, unknown>>> = [
    user,
    request,
    properties,
    user.properties,
  ];
  const named = names.flatMap((name) =>
    name === 'userId' ? [user.id, user.auth0Id] : groups.map((group) => group[name]),
  );
  return new Set(named.flat().flatMap((value) => (typeof value === 'string' ? value.toLowerCase() : [])));
};
