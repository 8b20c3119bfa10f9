/** How a destination can be on the page. */
import type { Fault } from '../destination.ts';

export type Mode = keyof typeof MODES;

const VENDOR_TEXT = JSON.stringify({ message: 'told to misbehave' });

export const MODES = {
  up: { label: 'Up', fault: undefined },
  refuses: { label: 'Refuses the credential', fault: { answer: { status: 401, body: VENDOR_TEXT } } },
  fails: { label: 'Fails, 500', fault: { answer: { status: 500, body: VENDOR_TEXT } } },
  throttles: {
    label: 'Throttles, 429',
    fault: { answer: { status: 429, headers: { 'Retry-After': '60' }, body: VENDOR_TEXT } },
  },
  slow: { label: 'Slow, 1 s', fault: { delayMs: 1000 } },
  hangs: { label: 'Hangs', fault: { hang: true } },
  resets: { label: 'Resets', fault: { reset: 'after' } },
  drips: { label: 'Drips', fault: { dripBytesPerSecond: 1, dripHead: true } },
} as const satisfies Record<string, { label: string; fault: Fault | undefined }>;
