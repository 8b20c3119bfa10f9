import type { VendorResponse } from './vendor-response.ts';

/** https://amplitude.com/docs/apis/analytics/http-v2#response-format */
export const responses: readonly VendorResponse[] = [
  {
    status: 400,
    text: 'Invalid API key',
    meaning: 'Amplitude does not know the API key',
    remedy: "copy AMPLITUDE_API_KEY again from the project's settings, and check AMPLITUDE_REGION",
  },
  { status: 404, meaning: 'the server is not a proxy for Amplitude', remedy: 'check AMPLITUDE_HOST' },
  {
    status: 429,
    meaning: 'the project is over its rate limit',
    remedy: 'try again later, or ask Amplitude for a higher limit',
  },
];
