/**
 * The visitor before the login: what the application passed along to `/authorize`, plainly or as `ext-…` parameters.
 * https://auth0.com/docs/get-started/authentication-and-authorization-flow
 */
import { toId } from './ids.ts';
import type { LoginEvent } from './login-event.ts';
import { getAt, type Path } from './properties.ts';

export interface Visitor {
  /** The id that the vendor's browser SDK gave the visitor. */
  readonly anonymousId?: string | undefined;
  /** The session of the vendor's browser SDK. */
  readonly sessionId?: string | undefined;
  /** URL of the page that led to the application. */
  readonly referrer?: string | undefined;
  /** `utm_source`, `gclid` … → value. */
  readonly campaign: Readonly<Record<string, string>>;
}

/** https://support.google.com/analytics/answer/10917952, and the click ids of the large advertising networks. */
const CAMPAIGN_PARAMETERS = [
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_term',
  'utm_content',
  'utm_id',
  'gclid',
  'gbraid',
  'wbraid',
  'dclid',
  'fbclid',
  'msclkid',
  'ttclid',
  'twclid',
  'li_fat_id',
];

export const toVisitor = (event: LoginEvent, anonymousIdPath: Path): Visitor => {
  const read = (name: string) =>
    string(getAt(event, ['request', 'query', name])) ??
    string(getAt(event, ['request', 'query', `ext-${name}`]));
  const campaign = CAMPAIGN_PARAMETERS.flatMap((name) => {
    const value = read(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    anonymousId: toId(getAt(event, anonymousIdPath)) ?? toId(getAt(event, ['anonymous_session', 'user_id'])),
    sessionId: read('session_id'),
    referrer: read('referrer'),
    campaign: Object.fromEntries(campaign),
  };
};

const string = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
