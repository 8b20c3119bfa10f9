import type { VendorResponse } from './vendor-response.ts';

/** https://keen.io/docs/api/ */
export const responses: readonly VendorResponse[] = [
  {
    status: 400,
    meaning: 'Keen does not accept the event',
    remedy: 'check the names of the collections in KEENIO_SIGNUP_COLLECTION and KEENIO_LOGIN_COLLECTION',
  },
  {
    status: 401,
    meaning: 'the write key does not belong to the project',
    remedy: "copy KEENIO_WRITE_KEY again from the project's Access page",
  },
  {
    status: 404,
    meaning: 'Keen does not know the project',
    remedy: 'copy KEENIO_PROJECT_ID again, and check KEENIO_URL if it is set',
  },
];
