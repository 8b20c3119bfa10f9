/**
 * The query of a request to /authorize, as Auth0 hands it to the Actions in `event.request.query`.
 *
 * Limitations: of what Auth0 validates there are only the limits of `ext-` parameters.
 *
 * https://support.auth0.com/center/s/article/Limit-of-ext-parameters-on-universal-login-page
 */
const EXT_LIMIT = 10;
const EXT_NAME = /^ext-[\w-]{1,28}$/;
const EXT_VALUE = /^[-\w.*~@+ /:]{1,255}$/;

/** @throws {Error} in Auth0's words. Then no login takes place. */
export const parseAuthorizeUrl = (url: string): Record<string, string> => {
  const parameters = [...new URL(url).searchParams];
  const extParameters = parameters.filter(([name]) => name.startsWith('ext-'));
  const fail = (problem: string): never => {
    throw new Error(`error parsing ext params: ${problem}`);
  };
  if (extParameters.length > EXT_LIMIT)
    fail(`must have less than or equal to ${EXT_LIMIT} keys with "ext-" prefix`);
  for (const [name, value] of extParameters) {
    if (!EXT_NAME.test(name)) fail(`"${name}" is not allowed`);
    if (!EXT_VALUE.test(value))
      fail(`"${name}" with value ${value} fails to match the required pattern: ${EXT_VALUE}`);
  }
  return Object.fromEntries(parameters);
};
