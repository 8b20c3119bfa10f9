import { ApiError, answerOf } from './api-error.ts';

/** A fault of the API; its parts can be combined. */
export interface ManagementFault {
  /** Waits before anything else. */
  delayMs?: number;
  /** A change made by another client before the request is handled. */
  meanwhile?: () => void;
  /** Answers so, in Auth0's words, instead of handling the request. A 429 says to come back in a second. */
  status?: number;
  headers?: Record<string, string>;
}

export interface ActiveFault {
  fault: ManagementFault;
  count: number;
  skip: number;
  request: RegExp;
}

export const faultOf = (activeFault: ActiveFault | undefined, request: string): ManagementFault => {
  if (!activeFault?.request.test(request) || activeFault.skip-- > 0) return {};
  return activeFault.count-- > 0 ? activeFault.fault : {};
};

export const faultAnswer = (status: number, headers: ManagementFault['headers']): Response => {
  if (status === 429) {
    const error = new ApiError(429, 'Global limit has been reached', 'too_many_requests');
    return answerOf(error, { ...rateLimit(), ...headers });
  }
  return answerOf(new ApiError(status, 'An internal server error occurred'), headers);
};

/** https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy */
const rateLimit = () => ({
  'X-RateLimit-Limit': '10',
  'X-RateLimit-Remaining': '0',
  'X-RateLimit-Reset': String(Math.floor(Date.now() / 1000) + 1),
});
