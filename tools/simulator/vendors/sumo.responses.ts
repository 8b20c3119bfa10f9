import type { VendorResponse } from './vendor-response.ts';

/** https://help.sumologic.com/docs/send-data/hosted-collectors/http-source/troubleshooting/ */
export const responses: readonly VendorResponse[] = [
  {
    status: 401,
    meaning: 'the code in the URL is missing or not valid',
    remedy: 'copy SUMO_URL again: a new URL of the source invalidates the one before it',
  },
  { status: 404, meaning: 'no HTTP source is at this URL', remedy: 'copy SUMO_URL again' },
  {
    status: 408,
    meaning: 'Sumo Logic has accepted the request, and may have stored the event',
    remedy: 'try again later, and count distinct values of id',
  },
  {
    status: 429,
    meaning: 'the account is over its rate limit',
    remedy: 'try again later, or ask Sumo Logic for a higher limit',
  },
];
