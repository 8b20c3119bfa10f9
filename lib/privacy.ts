/** Omits and hashes fields of an activity, once for every destination. */
import { createHmac } from 'node:crypto';
import type { Activity } from './activity.ts';
import type { Settings } from './settings.ts';

/** The activity without the fields to omit, and with the HMAC-SHA256 of those to hash, in hex. */
export const applyPrivacy = (
  activity: Activity,
  { OMIT_FIELDS, HASH_FIELDS, HASH_KEY = '' }: Pick<Settings, 'OMIT_FIELDS' | 'HASH_FIELDS' | 'HASH_KEY'>,
): Activity => {
  const hash = (value: string) => createHmac('sha256', HASH_KEY).update(value).digest('hex');
  const protectField = (
    field: (typeof HASH_FIELDS)[number],
    value: string | undefined,
  ): string | undefined => {
    if (value === undefined || OMIT_FIELDS.some((omitted) => omitted === field)) return undefined;
    return HASH_FIELDS.includes(field) ? hash(value) : value;
  };
  const { user, request } = activity;
  return {
    ...activity,
    user: {
      ...user,
      // An activity is always somebody's.
      id: HASH_FIELDS.includes('userId') ? hash(user.id) : user.id,
      name: protectField('name', user.name),
      email: protectField('email', user.email),
    },
    request: {
      ...request,
      ip: protectField('ip', request.ip),
      userAgent: protectField('userAgent', request.userAgent),
    },
  };
};
