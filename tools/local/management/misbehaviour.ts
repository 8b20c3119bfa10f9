import { ApiError, answerOf } from './api-error.ts';

/** How the API misbehaves; parts can be combined. */
export interface ManagementFault {
  /** Waits before anything else. */
  delayMs?: number;
  /** What somebody else does before the request is handled. */
  meanwhile?: () => void;
  /** Answers so, in Auth0's words, instead of handling the request. A 429 says to come back in a second. */
  status?: number;
  headers?: Record<string, string>;
}

export interface Misbehaviour {
  fault: ManagementFault;
  times: number;
  after: number;
  like: RegExp;
}

export const faultOf = (misbehaviour: Misbehaviour | undefined, request: string): ManagementFault => {
  if (!misbehaviour?.like.test(request) || misbehaviour.after-- > 0) return {};
  return misbehaviour.times-- > 0 ? misbehaviour.fault : {};
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
