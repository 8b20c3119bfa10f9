/** The modes of a destination: healthy, or with a fault. */
import type { Fault } from '../simulator/vendors/fault.ts';

export type DestinationMode = keyof typeof DESTINATION_MODES;

const BODY = JSON.stringify({ message: 'Injected by the playground' });

export const DESTINATION_MODES = {
  up: { label: 'Up', fault: undefined },
  rejects: { label: 'Rejects credentials, 401', fault: { response: { status: 401, body: BODY } } },
  fails: { label: 'Fails, 500', fault: { response: { status: 500, body: BODY } } },
  throttles: {
    label: 'Throttles, 429',
    fault: { response: { status: 429, headers: { 'Retry-After': '60' }, body: BODY } },
  },
  html: {
    label: 'HTML page, 200',
    fault: {
      response: { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>Please log in</html>' },
    },
  },
  slow: { label: 'Slow, 1 s', fault: { delayMs: 1000 } },
  hangs: { label: 'Hangs', fault: { hang: true } },
  resets: { label: 'Resets connections', fault: { reset: 'after' } },
  trickles: { label: 'Trickles, 1 byte/s', fault: { trickleBytesPerSecond: 1, trickleHead: true } },
} as const satisfies Record<string, { label: string; fault: Fault | undefined }>;
