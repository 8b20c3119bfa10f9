/**
 * What this project uses of `@auth0/actions/post-login/v3`, for where that package is not installed:
 * tsconfig.json prefers the package. The event is declared whole, the api only as far as an Action here,
 * or the local tenant, touches it.
 *
 * https://auth0.com/docs/actions/reference/post-login/post-login-event-object
 * https://auth0.com/docs/actions/reference/post-login/post-login-api-object
 */

// biome-ignore lint/suspicious/noExplicitAny: Auth0's own types leave these values open.
type Open = { [key: string]: any };
type Strings = { [key: string]: string };

interface GeoIp extends Open {
  cityName?: string;
  continentCode?: string;
  countryCode?: string;
  countryCode3?: string;
  countryName?: string;
  latitude?: number;
  longitude?: number;
  subdivisionCode?: string;
  subdivisionName?: string;
  timeZone?: string;
}

interface Device {
  initial_asn?: string;
  initial_ip?: string;
  initial_user_agent?: string;
  last_asn?: string;
  last_ip?: string;
  last_user_agent?: string;
}

type Protocol =
  | 'oidc-basic-profile'
  | 'oidc-implicit-profile'
  | 'oidc-hybrid-profile'
  | 'oidc-ciba'
  | 'oidc-ciba-web-link'
  | 'oauth2-device-code'
  | 'oauth2-resource-owner'
  | 'oauth2-resource-owner-jwt-bearer'
  | 'oauth2-password'
  | 'oauth2-webauthn'
  | 'oauth2-access-token'
  | 'oauth2-refresh-token'
  | 'oauth2-token-exchange'
  | 'samlp'
  | 'wsfed'
  | 'wstrust-usernamemixed';

export interface Secrets {
  [secretName: string]: string;
}

// biome-ignore lint/complexity/noBannedTypes: Auth0 declares it as an empty object.
export type Configuration = {};

export interface Event {
  agent?: { agent_id: string; agent_metadata: Open; name: string };
  authentication?: {
    methods: Array<{ name: string; timestamp: string }>;
    riskAssessment?: {
      confidence: 'low' | 'medium' | 'high' | 'neutral';
      version: string;
      assessments: Open;
      supplemental?: Open;
    };
  };
  authorization?: { roles: string[] };
  client: {
    client_id: string;
    metadata: Strings;
    name: string;
    refresh_token?: { policies?: Array<{ audience?: string; scope?: string[] }> };
  };
  readonly configuration: Configuration;
  connection: { id: string; metadata?: Strings; name: string; strategy: string };
  custom_domain?: { domain: string; domain_metadata: Strings };
  organization?: Open & { display_name: string; id: string; metadata: Strings; name: string };
  prompt?: { fields?: Open; id: string; vars?: Open };
  refresh_token?: {
    client_id?: string;
    created_at: string;
    device?: Device;
    expires_at?: string;
    id: string;
    idle_expires_at?: string;
    last_exchanged_at?: string;
    metadata?: Open;
    resource_servers?: Array<{ audience: string; scopes: string }>;
    rotating?: boolean;
    session_id?: string;
    session_transfer?: { parent_refresh_token?: { id?: string } };
    user_id?: string;
  };
  request: {
    asn?: string;
    body: Open;
    geoip: GeoIp;
    hostname?: string;
    ip: string;
    language?: string;
    method: string;
    query: Open;
    user_agent?: string;
  };
  resource_server?: { identifier: string };
  readonly secrets: Secrets;
  security_context?: { ja3?: string; ja4?: string };
  session?: {
    actor?: { sub: string } & { [key: string]: string | number | boolean | null };
    authenticated_at?: string;
    clients?: Array<{ client_id: string }>;
    cookie?: { mode: 'persistent' | 'non-persistent' };
    created_at?: string;
    device?: Device;
    expires_at?: string;
    id: string;
    idle_expires_at?: string;
    last_interacted_at?: string;
    metadata?: Open;
    session_transfer?: { parent_refresh_token?: { id?: string; metadata?: Open } };
    updated_at?: string;
    user_id?: string;
  };
  session_transfer_token?: {
    client_id: string;
    request: { asn?: string; geoip?: GeoIp; ip: string; user_agent?: string };
    scope: string[];
  };
  stats: { logins_count: number };
  tenant: { id: string };
  transaction?: Open & {
    acr_values?: string[];
    actor_token_type?: string;
    correlation_id?: string;
    id?: string;
    linking_id?: string;
    locale?: string;
    login_hint?: string;
    metadata: { [key: string]: string | number | boolean };
    prompt?: string[];
    protocol?: Protocol;
    redirect_uri?: string;
    requested_authorization_details?: Array<Open & { type: string }>;
    requested_scopes?: string[];
    response_mode?: 'query' | 'fragment' | 'form_post' | 'web_message';
    response_type?: Array<'code' | 'token' | 'id_token'>;
    state?: string;
    subject_token_type?: string;
    ui_locales?: string[];
  };
  user: Open & {
    app_metadata: Open;
    created_at: string;
    email?: string;
    email_verified: boolean;
    enrolledFactors?: Array<Open & { options?: Open; type: string }>;
    family_name?: string;
    given_name?: string;
    identities: Array<
      Open & {
        connection?: string;
        isSocial?: boolean;
        profileData?: Strings;
        provider?: string;
        user_id?: string;
      }
    >;
    last_password_reset?: string;
    multifactor?: string[];
    name?: string;
    nickname?: string;
    phone_number?: string;
    phone_verified?: boolean;
    picture?: string;
    updated_at: string;
    user_id: string;
    user_metadata: Open;
    username?: string;
  };
}

interface CacheRecord {
  expires_at: number;
  value: string;
}

type CacheError =
  | 'MaxSideEffectsExceeded'
  | 'CacheKeySizeExceeded'
  | 'CacheValueSizeExceeded'
  | 'CacheSizeExceeded'
  | 'ItemAlreadyExpired'
  | 'InvalidExpiry'
  | 'FailedToSetCacheRecord'
  | 'FailedToDeleteCacheRecord'
  | 'CacheKeyDoesNotExist';

export interface PostLoginAPI {
  readonly access: { deny(reason: string): PostLoginAPI };
  readonly accessToken: { setCustomClaim(name: string, value: unknown): PostLoginAPI };
  readonly cache: {
    delete(key: string): { type: 'success' } | { type: 'error'; code: CacheError };
    get(key: string): CacheRecord | undefined;
    set(
      key: string,
      value: string,
      options?: { expires_at?: number; ttl?: number },
    ): { type: 'success'; record: CacheRecord } | { type: 'error'; code: CacheError };
  };
  readonly idToken: { setCustomClaim(name: string, value: unknown): PostLoginAPI };
  readonly transaction: { setMetadata(key: string, value: string | number | boolean | null): void };
  readonly user: {
    setAppMetadata(key: string, value: unknown): PostLoginAPI;
    setUserMetadata(key: string, value: unknown): PostLoginAPI;
  };
}
