/** The groups of the `api` object that accept calls and have no effect, as in Auth0's published test harness. */
import type { PostLoginAPI } from '@auth0/actions/post-login/v3';

type Method = (...args: never[]) => unknown;

const nothing = (): void => {};

const toMethods = (names: readonly string[], method: Method): Record<string, Method> =>
  Object.fromEntries(names.map((name) => [name, method]));

export const createNoOpApi = (getApi: () => PostLoginAPI): Record<string, Record<string, Method>> => ({
  accessToken: { setCustomClaim: getApi, ...toMethods(['addScope', 'removeScope'], nothing) },
  authentication: {
    recordMethod: getApi,
    ...toMethods(
      ['challengeWith', 'challengeWithAny', 'enrollWith', 'enrollWithAny', 'setPrimaryUser'],
      nothing,
    ),
  },
  groups: {
    getUserGroups: async () => ({ groups: [] }),
    hasGroupMembership: async () => ({ memberships: {} }),
  },
  idToken: { setCustomClaim: getApi },
  multifactor: { enable: getApi },
  prompt: { render: nothing },
  redirect: {
    canRedirect: () => false,
    encodeToken: () => '',
    sendUserTo: getApi,
    validateToken({ tokenParameterName = 'session_token' }: { tokenParameterName?: string }) {
      throw new Error(
        `There is no parameter called '${tokenParameterName}' available in either the POST body or query string.`,
      );
    },
  },
  refreshToken: toMethods(
    ['deleteMetadata', 'evictMetadata', 'revoke', 'setExpiresAt', 'setIdleExpiresAt', 'setMetadata'],
    nothing,
  ),
  roles: toMethods(
    ['getUserEffectiveRoles', 'getUserEffectiveRolesByIds', 'getUserEffectiveRolesByNames'],
    async () => ({ roles: [] }),
  ),
  rules: { wasExecuted: () => false },
  samlResponse: toMethods(SAML_SETTERS, nothing),
  session: toMethods(
    [
      ...['deleteMetadata', 'evictMetadata', 'revoke', 'setCookieMode', 'setExpiresAt'],
      ...['setIdleExpiresAt', 'setMetadata'],
    ],
    nothing,
  ),
  validation: { error: getApi },
});

const SAML_SETTERS = [
  ...['setAttribute', 'setAudience', 'setAuthnContextClassRef', 'setCert', 'setCreateUpnClaim'],
  ...['setDestination', 'setDigestAlgorithm', 'setEncryptionAlgorithm', 'setEncryptionCert'],
  ...['setEncryptionPublicKey', 'setIncludeAttributeNameFormat', 'setIssuer', 'setKey'],
  ...['setLifetimeInSeconds', 'setMapIdentities', 'setMapUnknownClaimsAsIs', 'setNameIdentifierFormat'],
  ...['setNameIdentifierProbes', 'setPassthroughClaimsWithNoMapping', 'setRecipient', 'setRelayState'],
  ...['setSignatureAlgorithm', 'setSigningCert', 'setSignResponse', 'setTypedAttributes'],
];
