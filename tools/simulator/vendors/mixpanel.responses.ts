import type { VendorResponse } from './vendor-response.ts';

/** https://docs.mixpanel.com/troubleshooting/errors */
export const responses: readonly VendorResponse[] = [
  {
    status: 401,
    meaning: 'Mixpanel does not know the token, or the service account may not write to the project',
    remedy:
      "copy MIXPANEL_TOKEN again from the project's settings, and check MIXPANEL_PROJECT_ID and MIXPANEL_REGION",
  },
  {
    status: 403,
    meaning: 'the service account may not import events',
    remedy: 'make it an owner or admin of the project',
  },
  { status: 404, meaning: 'the server is not a proxy for Mixpanel', remedy: 'check MIXPANEL_HOST' },
  {
    status: 429,
    meaning: 'the project is over its rate limit',
    remedy: 'try again later, or ask Mixpanel for a higher limit',
  },
];
