/**
 * What is read of Auth0's post-login event, and called of its api. Auth0's own types are assignable to these.
 * Custom databases and identity providers put anything anywhere, so a value is `unknown` until it is checked.
 *
 * https://auth0.com/docs/actions/reference/post-login/post-login-event-object
 * https://auth0.com/docs/actions/reference/post-login/post-login-api-object
 */
export interface LoginEvent {
  /** The Action's secrets: name → value. */
  readonly secrets?: object | undefined;
  readonly user: {
    readonly user_id?: unknown;
    readonly name?: unknown;
    readonly email?: unknown;
    readonly created_at?: unknown;
    readonly last_login?: unknown;
    readonly app_metadata?: unknown;
  };
  readonly stats?: { readonly logins_count?: unknown } | undefined;
  readonly tenant?: { readonly id?: unknown } | undefined;
  readonly client?:
    | { readonly client_id?: unknown; readonly name?: unknown; readonly metadata?: { analytics?: unknown } }
    | undefined;
  readonly connection?: { readonly name?: unknown; readonly strategy?: unknown } | undefined;
  readonly organization?: { readonly id?: unknown; readonly name?: unknown } | undefined;
  readonly request?:
    | {
        readonly ip?: unknown;
        readonly user_agent?: unknown;
        readonly query?: { readonly prompt?: unknown };
        readonly geoip?: { readonly countryCode?: unknown; readonly cityName?: unknown };
      }
    | undefined;
  readonly transaction?: { readonly id?: unknown; readonly protocol?: unknown } | undefined;
}

export interface LoginApi {
  readonly user: { setAppMetadata(key: string, value: unknown): unknown };
  readonly access: { deny(reason: string): unknown };
}
