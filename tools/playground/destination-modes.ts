/** The modes of a destination: healthy, or with a fault. */
import type { Fault } from '../simulator/vendors/fault.ts';
import type { NetworkFault } from './network-faults.ts';

export type DestinationMode = keyof typeof DESTINATION_MODES;

interface Mode {
  readonly label: string;
  readonly description: string;
  /** What the mock vendor does. */
  readonly fault?: Fault;
  /** Why it is not reached. */
  readonly network?: NetworkFault;
}

const BODY = JSON.stringify({ message: 'Injected by the playground' });
const PAGE = '<!doctype html><title>Sign in</title><h1>Sign in to the proxy</h1>';

export const DESTINATION_MODES = {
  up: { label: 'Up', description: '' },
  rejects: {
    label: 'Rejects credentials, 401',
    description: 'Every request gets 401, as with a revoked key.',
    fault: { response: { status: 401, body: BODY } },
  },
  fails: {
    label: 'Fails, 500',
    description: 'Every request gets 500.',
    fault: { response: { status: 500, body: BODY } },
  },
  throttles: {
    label: 'Throttles, 429',
    description: 'Every request gets 429 with Retry-After: 60.',
    fault: { response: { status: 429, headers: { 'Retry-After': '60' }, body: BODY } },
  },
  html: {
    label: 'HTML page, 200',
    description: "A proxy's sign-in page responds in its place, with 200.",
    fault: { response: { status: 200, headers: { 'Content-Type': 'text/html' }, body: PAGE } },
  },
  refused: {
    label: 'Connection refused',
    description: 'Nothing listens on its port.',
    network: 'refused',
  },
  unresolvable: {
    label: 'DNS failure',
    description: 'Its host name does not exist.',
    network: 'unresolvable',
  },
  expired: {
    label: 'Expired certificate',
    description: 'Its TLS certificate expired yesterday.',
    network: 'expired',
  },
  slow: {
    label: 'Slow, 1 s',
    description: 'It accepts, but takes a second to respond.',
    fault: { delayMs: 1000 },
  },
  hangs: {
    label: 'Hangs',
    description: 'It accepts the connection and never responds.',
    fault: { hang: true },
  },
  resets: {
    label: 'Resets connections',
    description: 'It reads the request, and closes the connection without a response.',
    fault: { reset: 'after' },
  },
  trickles: {
    label: 'Trickles, 1 byte/s',
    description: 'It responds one byte per second, too slowly for the deadline.',
    fault: { trickleBytesPerSecond: 1, trickleHead: true },
  },
} as const satisfies Record<string, Mode>;

/** With the parts that a mode may have. */
export const getMode = (name: DestinationMode): Mode => DESTINATION_MODES[name];
