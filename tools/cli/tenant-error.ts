import { ManagementError, ManagementTimeoutError } from 'auth0';

/** The tenant, or the state it is in, does not allow what was asked for. The message says what to do. */
export class TenantError extends Error {
  override readonly name = 'TenantError';
}

/** What to do about an error of the tenant, in one line; undefined for any other error. */
export const explainTenantError = (error: unknown): string | undefined => {
  if (error instanceof TenantError) return error.message;
  if (error instanceof ManagementError && error.statusCode) {
    return explainStatus(error.statusCode, getMessage(error));
  }
  if (error instanceof ManagementTimeoutError) return `The tenant did not respond in time: ${error.message}`;
  const code = findNetworkCode(error);
  return code && `The tenant cannot be reached (${code}): check AUTH0_DOMAIN and the network`;
};

const explainStatus = (status: number, message: string): string => {
  switch (status) {
    case 401:
      return `The tenant rejected the credentials (401 ${message}): check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, or get a new AUTH0_ACCESS_TOKEN`;
    case 403:
      return (
        getMissingScopeHint(message) ??
        `The tenant rejected the request (403 ${message}): authorize the application for the Management API`
      );
    case 404:
      return `Not found in the tenant (404 ${message}): it may have been deleted in the meantime`;
    case 409:
      return `The tenant reports a conflict (409 ${message}): check what is there, and run the command again`;
    case 429:
      return `The tenant's rate limit is exceeded (429 ${message}): run the command again in a minute`;
    default:
      return status >= 500
        ? `The tenant failed (${status} ${message}): run the command again, and see https://status.auth0.com`
        : `The tenant rejected the request (${status} ${message})`;
  }
};

/** Auth0 says `Insufficient scope, expected any of: read:actions`. */
export const getMissingScopeHint = (message: string): string | undefined => {
  const scopes = /expected any of: (\w+:\w+(?:, ?\w+:\w+)*)/.exec(message)?.[1];
  return (
    scopes &&
    `The scope ${scopes.replace(/, ?/g, ' or ')} is missing: grant it to the application, under Applications > APIs > Auth0 Management API`
  );
};

/** Whether an Action was to be bound before its deployment is in effect. */
export const isNotDeployedYet = (error: unknown): boolean =>
  error instanceof ManagementError &&
  error.statusCode === 400 &&
  /not (been )?deployed/i.test(getMessage(error));

/** Auth0's own words. */
const getMessage = ({ body }: ManagementError): string => {
  const { message, error_description } = Object(body);
  return String(message ?? error_description ?? 'without a reason').replace(/\s+/g, ' ');
};

const NETWORK_CODE =
  /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|UND_ERR_|CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** `ENOTFOUND`, for example: the code of the error or of its cause. */
const findNetworkCode = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code === 'string' && NETWORK_CODE.test(code)) return code;
  return findNetworkCode(error.cause);
};
