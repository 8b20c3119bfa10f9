/** How a destination can be on the page. */
import type { Fault } from '../simulator/vendors/fault.ts';

export type Mode = keyof typeof MODES;

const VENDOR_TEXT = JSON.stringify({ message: 'told to injectFault' });

export const MODES = {
  up: { label: 'Up', fault: undefined },
  refuses: { label: 'Refuses the credential', fault: { response: { status: 401, body: VENDOR_TEXT } } },
  fails: { label: 'Fails, 500', fault: { response: { status: 500, body: VENDOR_TEXT } } },
  throttles: {
    label: 'Throttles, 429',
    fault: { response: { status: 429, headers: { 'Retry-After': '60' }, body: VENDOR_TEXT } },
  },
  slow: { label: 'Slow, 1 s', fault: { delayMs: 1000 } },
  hangs: { label: 'Hangs', fault: { hang: true } },
  resets: { label: 'Resets', fault: { reset: 'after' } },
  drips: { label: 'Drips', fault: { trickleBytesPerSecond: 1, trickleHead: true } },
} as const satisfies Record<string, { label: string; fault: Fault | undefined }>;
