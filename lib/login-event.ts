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
    readonly given_name?: unknown;
    readonly family_name?: unknown;
    readonly username?: unknown;
    readonly email?: unknown;
    readonly email_verified?: unknown;
    readonly phone_number?: unknown;
    readonly picture?: unknown;
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
  readonly organization?:
    | { readonly id?: unknown; readonly name?: unknown; readonly display_name?: unknown }
    | undefined;
  readonly authentication?: { readonly methods?: unknown } | undefined;
  readonly session?: { readonly id?: unknown } | undefined;
  readonly request?:
    | {
        readonly ip?: unknown;
        readonly user_agent?: unknown;
        readonly language?: unknown;
        readonly hostname?: unknown;
        readonly asn?: unknown;
        readonly query?: { readonly prompt?: unknown };
        readonly geoip?: {
          readonly continentCode?: unknown;
          readonly countryCode?: unknown;
          readonly countryName?: unknown;
          readonly subdivisionCode?: unknown;
          readonly subdivisionName?: unknown;
          readonly cityName?: unknown;
          readonly latitude?: unknown;
          readonly longitude?: unknown;
          readonly timeZone?: unknown;
        };
      }
    | undefined;
  readonly transaction?: { readonly id?: unknown; readonly protocol?: unknown } | undefined;
}

export interface LoginApi {
  readonly user: { setAppMetadata(key: string, value: unknown): unknown };
  readonly access: { deny(reason: string): unknown };
}
