/**
 * The `event` of one login.
 *
 * https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-event-object
 */
import { randomBytes } from 'node:crypto';
import type { Event } from '@auth0/actions/post-login/v3';
import { exampleEvent } from './example-event.ts';

export type Protocol = NonNullable<NonNullable<Event['transaction']>['protocol']>;
export type Kind = 'interactive' | 'sso' | 'silent' | 'refresh';

export interface User {
  user_id: string;
  /** Name of the connection the user belongs to. */
  connection: string;
  created_at: string;
  updated_at: string;
  logins_count: number;
  /** Any value: a custom database can return anything. */
  app_metadata: unknown;
  user_metadata: unknown;
  email?: string;
  email_verified: boolean;
  name?: string;
  /** Number of updates of this user's metadata: they count against Auth0's rate limits. */
  metadataWrites: number;
  /** Profiles carry whatever the identity provider sent. */
  [attribute: string]: unknown;
}

type Methods = NonNullable<Event['authentication']>['methods'];

export interface Login {
  tenant: string;
  user: User;
  application: Event['client'];
  connection: Event['connection'];
  organization: Event['organization'];
  kind: Kind;
  protocol: Protocol;
  /** By default those of the connection and the user. */
  methods: readonly string[] | undefined;
  request: Partial<Event['request']>;
  time: Date;
}

/** Auth0's event carries the identity provider's token, which no Action may forward. */
export const IDENTITY_ACCESS_TOKEN = 'access-token-of-the-identity-provider';

// Auth0 documents "browser-based login flows" without a list.
const BROWSER_PROTOCOLS: readonly Protocol[] = [
  'oidc-basic-profile',
  'oidc-implicit-profile',
  'oidc-hybrid-profile',
  'oidc-ciba-web-link',
  'oauth2-device-code',
  'samlp',
  'wsfed',
];

/** In single sign-on and silent authentication the user has authenticated some time before. */
const SESSION_AGE_MS = 45 * 60 * 1000;

const newId = (): string => randomBytes(24).toString('base64url');

export function createEvent(login: Login): Event {
  const { tenant, user, application, connection, organization, kind, protocol, request, time } = login;
  const timestamp = time.toISOString();
  const inBrowser = BROWSER_PROTOCOLS.includes(protocol);
  const { connection: _, logins_count, metadataWrites: __, ...profile } = user;

  return {
    authentication: { methods: toMethods(login) },
    authorization: { roles: [] },
    client: application,
    configuration: {},
    connection,
    ...(organization && { organization }),
    ...(kind === 'refresh' && {
      refresh_token: {
        id: `rt_${newId()}`,
        client_id: application.client_id,
        created_at: timestamp,
        user_id: user.user_id,
      },
    }),
    request: {
      ip: '203.0.113.7',
      asn: 'AS64496',
      hostname: `${tenant}.example.com`,
      language: 'en',
      method: inBrowser ? 'GET' : 'POST',
      user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      body: inBrowser ? {} : { client_id: application.client_id },
      geoip: exampleEvent().request.geoip,
      ...request,
      query: {
        ...(inBrowser && {
          client_id: application.client_id,
          response_type: 'code',
          scope: 'openid profile email',
        }),
        ...(kind === 'silent' && { prompt: 'none' }),
        ...request.query,
      },
    },
    secrets: {},
    security_context: {},
    // Auth0 has an empty object where there is no session.
    session: inBrowser ? { id: `sess_${newId()}` } : ({} as { id: string }),
    stats: { logins_count },
    tenant: { id: tenant },
    transaction: {
      ...(inBrowser && { id: newId() }),
      acr_values: [],
      locale: 'en',
      metadata: {},
      prompt: kind === 'silent' ? ['none'] : [],
      protocol,
      requested_scopes: ['openid', 'profile', 'email'],
      ui_locales: ['en'],
    },
    user: {
      enrolledFactors: [],
      identities: [
        {
          accessToken: IDENTITY_ACCESS_TOKEN,
          connection: connection.name,
          isSocial: connection.strategy === connection.name,
          provider: connection.strategy,
          user_id: user.user_id.slice(user.user_id.indexOf('|') + 1),
        },
      ],
      multifactor: [],
      ...profile,
    } as Event['user'],
  };
}

/** A user with a second factor uses it whenever the user authenticates. */
const toMethods = ({ connection, user, kind, methods, time }: Login): Methods => {
  const isReused = kind === 'sso' || kind === 'silent';
  const timestamp = new Date(time.getTime() - (isReused ? SESSION_AGE_MS : 0)).toISOString();
  const first = connection.strategy === 'auth0' ? 'pwd' : 'federated';
  const hasSecond = Array.isArray(user.multifactor) && user.multifactor.length > 0;
  const names = methods ?? [first, ...(hasSecond ? ['mfa'] : [])];
  return names.map((name) => ({ name, timestamp }));
};
