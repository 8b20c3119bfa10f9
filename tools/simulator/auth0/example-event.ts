import type { Event } from '@auth0/actions/post-login/v3';

/**
 * The event that the Test tab of Auth0's editor starts from: a user with 62 logins, created now.
 * Limitations: fields that no Action of this project reads are absent.
 * https://auth0.com/docs/customize/actions/test-actions
 */
export const exampleEvent = (now = new Date().toISOString()): Event => ({
  transaction: {
    id: 'nZniEmn3ejOpcV46_ac1CxJCuO_gAuwR',
    acr_values: [],
    locale: 'en',
    metadata: {},
    // Unlike request.query.prompt, this is not what the application asked for.
    prompt: ['none'],
    protocol: 'oidc-basic-profile',
    redirect_uri: 'http://someuri.com',
    requested_scopes: [],
    ui_locales: ['en'],
  },
  authentication: {
    methods: [
      { name: 'mfa', timestamp: now },
      { name: 'passkey', timestamp: now },
    ],
  },
  authorization: { roles: [] },
  client: { client_id: 'gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR', metadata: {}, name: 'All Applications' },
  configuration: {},
  connection: {
    id: 'con_fpe5kj482KO1eOzQ',
    metadata: {},
    name: 'Username-Password-Authentication',
    strategy: 'auth0',
  },
  organization: {
    display_name: 'My Organization',
    id: 'org_juG7cAQ0CymOcVpV',
    metadata: {},
    name: 'my-organization',
  },
  request: {
    asn: 'AS13335',
    body: {},
    geoip: {
      cityName: 'Bellevue',
      continentCode: 'NA',
      countryCode: 'US',
      countryCode3: 'USA',
      countryName: 'United States of America',
      latitude: 47.61793,
      longitude: -122.19584,
      subdivisionCode: 'WA',
      subdivisionName: 'Washington',
      timeZone: 'America/Los_Angeles',
    },
    hostname: 'example.auth0.com',
    ip: '13.33.86.47',
    language: 'en',
    method: 'GET',
    query: { prompt: 'login', protocol: 'oauth2', response_type: 'code', scope: 'openid profile' },
    user_agent: 'curl/7.64.1',
  },
  secrets: {},
  stats: { logins_count: 62 },
  tenant: { id: 'example' },
  user: {
    app_metadata: {},
    created_at: now,
    email: 'j+smith@example.com',
    email_verified: true,
    enrolledFactors: [],
    family_name: 'Smith',
    given_name: 'John',
    identities: [
      {
        accessToken: 'an access token of the identity provider',
        connection: 'Username-Password-Authentication',
        isSocial: false,
        profileData: {},
        provider: 'auth0',
        user_id: '5f7c8ec7c33c6c004bbafe82',
      },
    ],
    last_password_reset: now,
    multifactor: [],
    name: 'j+smith@example.com',
    nickname: 'j+smith',
    phone_number: '18882352699',
    picture: 'http://www.gravatar.com/avatar/?d=identicon',
    updated_at: now,
    user_id: 'auth0|5f7c8ec7c33c6c004bbafe82',
    user_metadata: {},
    username: 'jsmith',
  },
});
