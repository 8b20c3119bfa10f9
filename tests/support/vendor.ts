/** One mock vendor that lives as long as its test, and requests to it. */
import { onTestFinished } from 'vitest';
import {
  startVendorMock,
  type Vendor,
  type VendorMock,
  type VendorMockOptions,
} from '../../tools/simulator/vendors/vendor-mock.ts';

/** The mock vendor of the current test. */
export let mock: VendorMock;

export const startMock = async (vendor: Vendor, options?: VendorMockOptions): Promise<void> => {
  const started = await startVendorMock(vendor, options);
  onTestFinished(() => started.close());
  mock = started;
};

export const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Sends strings and bytes as they are, anything else as JSON, and leaves out headers that are undefined. */
export const post = (
  path: string,
  headers: Record<string, string | undefined>,
  body: unknown,
): Promise<Response> =>
  fetch(mock.url + path, {
    method: 'POST',
    headers: JSON.parse(JSON.stringify({ ...JSON_TYPE, ...headers })),
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });

export const acceptedIds = (): string[] =>
  mock.events.filter((event) => !event.duplicate).map(({ id }) => id);

/** Whether each event was a duplicate, in order. */
export const duplicates = (): boolean[] => mock.events.map(({ duplicate }) => duplicate);
