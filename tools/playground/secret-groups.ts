/** What each secret is about, so that people find it. */
import type { settings } from '../../lib/settings.ts';

export const SECRET_GROUPS = ['required', 'delivery', 'privacy', 'event'] as const;

export type SecretGroup = (typeof SECRET_GROUPS)[number];

const GROUPS_OF_SETTINGS: Readonly<Record<keyof typeof settings, SecretGroup>> = {
  EVENTS: 'event',
  EXCLUDE: 'event',
  PROPERTIES: 'event',
  USER_PROPERTIES: 'event',
  USER_ID: 'event',
  ANONYMOUS_ID: 'event',
  GROUPS: 'event',
  RECORD: 'event',
  SIGNUP_WINDOW_DAYS: 'event',
  OMIT_FIELDS: 'privacy',
  HASH_FIELDS: 'privacy',
  HASH_KEY: 'privacy',
  DELIVERY_TIMEOUT_MS: 'delivery',
  ON_FAILURE: 'delivery',
  LOG: 'delivery',
  TLS_CA_CERT: 'delivery',
};

/** Endings of the names of a destination's optional secrets that say where and how an event is sent. */
const DELIVERY =
  /_(URL|HOST|REGION|SITE|ENDPOINT|HEADERS|CHANNEL|CA_CERT|TLS_VERIFY|TOKEN|SECRET|CONTENT_TYPE|PROJECT_ID)$/;

export const getSecretGroup = (name: string, isRequired: boolean): SecretGroup => {
  if (isRequired) return 'required';
  if (isSetting(name)) return GROUPS_OF_SETTINGS[name];
  return DELIVERY.test(name) ? 'delivery' : 'event';
};

const isSetting = (name: string): name is keyof typeof settings => name in GROUPS_OF_SETTINGS;
