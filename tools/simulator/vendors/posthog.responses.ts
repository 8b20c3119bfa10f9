import type { VendorResponse } from './vendor-response.ts';

/** https://posthog.com/docs/api/capture#responses */
export const responses: readonly VendorResponse[] = [
  {
    status: 200,
    meaning: 'PostHog responds the same to an unknown key, in the wrong region and over its quota',
    remedy: "look into the project's Activity, https://posthog.com/docs/data/events",
  },
  {
    status: 400,
    meaning: 'PostHog does not accept what the Action sends',
    remedy: 'report it as a bug of the Action',
  },
  {
    status: 401,
    meaning: 'this is not the API key of a project, which begins with phc_',
    remedy: "copy POSTHOG_API_KEY again from the project's settings",
  },
  { status: 404, meaning: 'PostHog does not capture events at this URL', remedy: 'check POSTHOG_HOST' },
  {
    status: 413,
    meaning: 'PostHog, or a proxy in front of it, does not accept an event of this size',
    remedy: 'check POSTHOG_HOST',
  },
];
