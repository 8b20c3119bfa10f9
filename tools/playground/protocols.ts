/** The protocols of logins in which a user takes part. */
export const PROTOCOLS = [
  'oidc-basic-profile',
  'oidc-implicit-profile',
  'oidc-hybrid-profile',
  'oauth2-device-code',
  'oauth2-password',
  'samlp',
  'wsfed',
] as const;
