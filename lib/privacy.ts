/** Omits and hashes fields of an activity, once for every destination. */
import { createHmac } from 'node:crypto';
import { type Activity, toSendable, toSignUp } from './activity.ts';
import type { Settings } from './settings.ts';

type Privacy = Pick<Settings, 'OMIT_FIELDS' | 'HASH_FIELDS' | 'HASH_KEY'>;

/** What is recorded of a login: as the SignUp or Login that it is, with privacy applied, fit to be sent. */
export const toRecorded = (login: Activity, type: Activity['type'], privacy: Privacy): Activity => {
  const activity = applyPrivacy(login, privacy);
  return toSendable(type === 'SignUp' ? toSignUp(activity) : activity);
};

/**
 * The activity without the fields to omit, and with the HMAC-SHA256 of those to hash, in hex. Another field of the user
 * or the request that has the same value goes the same way: the name of a database user is the e-mail address.
 */
export const applyPrivacy = (
  activity: Activity,
  { OMIT_FIELDS, HASH_FIELDS, HASH_KEY = '' }: Privacy,
): Activity => {
  const { user, request } = activity;
  const fields = {
    userId: user.id,
    name: user.name,
    email: user.email,
    ip: request.ip,
    userAgent: request.userAgent,
  };
  const getValues = (names: ReadonlyArray<keyof typeof fields>) =>
    new Set(names.flatMap((name) => fields[name]?.toLowerCase() ?? []));
  const omitted = getValues(OMIT_FIELDS);
  const hashed = getValues(HASH_FIELDS);
  if (omitted.size + hashed.size === 0) return activity;

  const hash = (value: string) => createHmac('sha256', HASH_KEY).update(value).digest('hex');
  const protect = <T>(value: T): T | string | undefined => {
    if (typeof value !== 'string') return value;
    if (omitted.has(value.toLowerCase())) return undefined;
    return hashed.has(value.toLowerCase()) ? hash(value) : value;
  };
  const protectAll = <T extends object>(group: T): T =>
    Object.fromEntries(Object.entries(group).map(([name, value]) => [name, protect(value)])) as T;
  return {
    ...activity,
    // An activity always belongs to somebody, so the id is never omitted.
    user: { ...protectAll(user), id: hashed.has(user.id.toLowerCase()) ? hash(user.id) : user.id },
    request: protectAll(request),
  };
};
