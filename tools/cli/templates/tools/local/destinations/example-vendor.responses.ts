import type { VendorResponse } from '../../../../../simulator/vendors/vendor-response.ts';

/** https://example-vendor.example.com/docs/errors */
export const responses: readonly VendorResponse[] = [
  {
    status: 400,
    meaning: 'Example Vendor does not accept what the Action sends',
    remedy: 'report it as a bug of the Action',
  },
  {
    status: 401,
    meaning: 'Example Vendor does not know the token',
    remedy: 'copy EXAMPLE_VENDOR_TOKEN again from its settings',
  },
  { status: 404, meaning: 'no events are accepted at this URL', remedy: 'check EXAMPLE_VENDOR_URL' },
];
