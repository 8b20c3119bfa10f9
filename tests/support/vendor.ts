/** For the tests of embedded destinations: one that lives as long as its test, and requests to it. */
import { onTestFinished } from 'vitest';
import {
  startVendorMock,
  type Vendor,
  type VendorMock,
  type VendorMockOptions,
} from '../../tools/simulator/vendors/vendor-mock.ts';

/** The one of the current test. */
export let destination: VendorMock;

export const start = async (vendor: Vendor, options?: VendorMockOptions): Promise<void> => {
  const started = await startVendorMock(vendor, options);
  onTestFinished(() => started.close());
  destination = started;
};

export const JSON_TYPE = { 'Content-Type': 'application/json' };

/** A header that is undefined is not sent, and what is neither text nor bytes is sent as JSON. */
export const post = (
  path: string,
  headers: Record<string, string | undefined>,
  body: unknown,
): Promise<Response> =>
  fetch(destination.url + path, {
    method: 'POST',
    headers: JSON.parse(JSON.stringify({ ...JSON_TYPE, ...headers })),
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });

/** Each of them once. */
export const acceptedIds = (): string[] =>
  destination.events.filter((event) => !event.duplicate).map(({ id }) => id);
