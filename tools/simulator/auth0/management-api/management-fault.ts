import { ApiError, toResponse } from './api-error.ts';

/** A failure of the API. Its parts can be combined. */
export interface ManagementFault {
  /** Waits before anything else. */
  delayMs?: number;
  /** A change that another client makes before the request is handled. */
  meanwhile?: () => void;
  /** Responds with this error instead of handling the request. A 429 asks to wait for a second. */
  status?: number;
  headers?: Record<string, string>;
}

export const toFaultResponse = (status: number, headers: ManagementFault['headers']): Response => {
  if (status === 429) {
    const error = new ApiError(429, 'Global limit has been reached', 'too_many_requests');
    return toResponse(error, { ...getRateLimitHeaders(), ...headers });
  }
  return toResponse(new ApiError(status, 'An internal server error occurred'), headers);
};

/** https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy */
const getRateLimitHeaders = () => ({
  'X-RateLimit-Limit': '10',
  'X-RateLimit-Remaining': '0',
  'X-RateLimit-Reset': String(Math.floor(Date.now() / 1000) + 1),
});
