/** Vendors in virtual time, which respond as their mocks do or fail. */
import fc from 'fast-check';
import { segment } from '../../actions/segment.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import type { Vendor, VendorEvent } from '../../tools/simulator/vendors/vendor-mock.ts';
import { VendorStore } from '../../tools/simulator/vendors/vendor-store.ts';
import { type Request as NetworkRequest, never, type Response, sleep, useNetwork } from './network.ts';

/** What becomes of one request. */
export type Behavior =
  | { readonly kind: 'processed'; readonly delayMs: number }
  /** The vendor accepts the request, and its response is lost. */
  | { readonly kind: 'lost'; readonly delayMs: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'error'; readonly delayMs: number; readonly code: string }
  | ({ readonly kind: 'response'; readonly delayMs: number } & Response);

export interface SentRequest {
  readonly vendor: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined if the vendor did not process it. */
  status?: number;
}

export interface Accepted {
  readonly vendor: string;
  readonly id: string;
  readonly type: string;
  readonly userId: string;
}

/** The secrets that lead to a vendor's mock on this network. */
export const getVendorSecrets = (name: string): Record<string, string> =>
  getVendor(name).secrets({ url: `https://${name}.invalid`, caCertificate: undefined });

const getVendor = (name: string): Vendor => {
  const vendor = vendors.find((candidate) => candidate.name === name);
  if (!vendor) throw new Error(`no mock of ${name}`);
  return vendor;
};

let modulesLoading = 0;

/** Segment's sink loads its SDK when it sends: in a test that takes real time, in which virtual time must not pass. */
export const segmentSink: typeof segment = {
  ...segment,
  async send(...request) {
    const work = segment.send(...request);
    modulesLoading += 1;
    const loading = import('@segment/analytics-node').finally(() => {
      modulesLoading -= 1;
    });
    await Promise.all([work, loading]);
  },
};

/** The mocks of all vendors, in each test of the file. */
export class Network {
  sent: SentRequest[] = [];
  accepted: Accepted[] = [];
  #script: Behavior[] = [];
  #inProgress = 0;

  constructor() {
    useNetwork((request) => this.#respond(request));
  }

  /** Forgets everything. The next requests fare so, those after them are processed. */
  reset(script: readonly Behavior[] = []): void {
    this.sent = [];
    this.accepted = [];
    this.#script = [...script];
  }

  /** From now on every request is processed. */
  heal(): void {
    this.#script = [];
  }

  readonly isBusy = (): boolean => this.#inProgress + modulesLoading > 0;

  async #respond({ url, headers, body, signal }: NetworkRequest): Promise<Response> {
    const behavior = this.#script.shift() ?? { kind: 'processed', delayMs: 0 };
    const vendor = getVendor(url.hostname.replace(/\.invalid$/, ''));
    const sent: SentRequest = { vendor: vendor.name, body, headers };
    this.sent.push(sent);
    if (behavior.kind === 'hang') return never();
    await sleep(behavior.delayMs);
    if (signal.aborted) return never();
    if (behavior.kind === 'error') throw Object.assign(new Error('failed'), { code: behavior.code });
    if (behavior.kind === 'response') return behavior;
    const response = await this.#process(vendor, sent, url);
    sent.status = response.status;
    return behavior.kind === 'lost' ? never() : response;
  }

  async #process(
    vendor: Vendor,
    { headers, body }: SentRequest,
    { pathname, search }: URL,
  ): Promise<Response> {
    this.#inProgress += 1;
    try {
      const request = new Request(`http://${vendor.name}.invalid${pathname}${search}`, {
        method: 'POST',
        headers,
        body,
      });
      const accept = ({ id, type, userId }: VendorEvent) => {
        const isNew = !this.accepted.some((event) => event.vendor === vendor.name && event.id === id);
        this.accepted.push({ vendor: vendor.name, id, type, userId });
        return isNew;
      };
      const env = { accept, store: new VendorStore(), remoteAddress: '127.0.0.1' };
      const response = await vendor.app.fetch(request, env);
      const text = await response.text();
      return { status: response.status, headers: Object.fromEntries(response.headers), body: text };
    } finally {
      this.#inProgress -= 1;
    }
  }
}

const delayMs = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 1, arbitrary: fc.integer({ min: 300, max: 12_000 }) },
);

const status = fc.oneof(
  fc.constantFrom(
    200,
    201,
    202,
    204,
    301,
    303,
    400,
    401,
    403,
    404,
    405,
    408,
    410,
    413,
    425,
    429,
    500,
    502,
    503,
    504,
  ),
  fc.integer({ min: 200, max: 599 }),
);

const body = fc.oneof(
  fc.constantFrom(
    '',
    '{}',
    '"OK"',
    'null',
    '[]',
    '<!doctype html><html><body>Sign in</body></html>',
    '{"success":true}',
    '{"code":200}',
    '{"code":0,"text":"Success"}',
    '{"status":"OK"}',
    '{"status":1}',
    '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too large"}}',
    '{"signups":[{"success":false,"error":{"description":"bad"}}],"logins":[{"success":false}]}',
    '{"code":400,"failed_records":[{"index":0,"message":"bad"},{"index":7,"message":"bad"}]}',
    '{"code":429,"throttled_events":[0]}',
    '{"code":400,"silenced_events":[0],"events_with_invalid_fields":{"time":[0,1]}}',
    '{"errors":[{"message":"bad"},{"message":"worse"}]}',
    '{"detail":{"error":{"message":[[["deep"]]]}}}',
    'x'.repeat(100_000),
    `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
    `${'{"error":'.repeat(5000)}1${'}'.repeat(5000)}`,
  ),
  fc.json(),
  fc.string({ unit: 'binary' }),
);

const headers = fc.record(
  {
    'content-type': fc.constantFrom('application/json', 'text/html; charset=utf-8', 'text/plain', ''),
    'retry-after': fc.constantFrom('0', '1', '120', '-1', '1e9', 'soon', 'Sat, 31 Jan 2026 12:00:01 GMT'),
  },
  { requiredKeys: [] },
);

const processed = fc.record({ kind: fc.constant('processed'), delayMs });
const lost = fc.record({ kind: fc.constant('lost'), delayMs });
const hang = fc.constant({ kind: 'hang' });
const error = fc.record({
  kind: fc.constant('error'),
  delayMs,
  code: fc.constantFrom(
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    'CERT_HAS_EXPIRED',
    'HPE_INVALID_CONSTANT',
  ),
});
export const response = fc.record({
  kind: fc.constant<'response'>('response'),
  delayMs,
  status,
  headers,
  body,
  bodyMs: fc.constantFrom(0, 0, 0, 10, 200, 5000, Infinity),
});

/** How a request can fare. */
export const behavior = fc.oneof(
  { weight: 4, arbitrary: processed },
  { weight: 1, arbitrary: lost },
  { weight: 1, arbitrary: hang },
  { weight: 2, arbitrary: error },
  { weight: 4, arbitrary: response },
) as fc.Arbitrary<Behavior>;

const failure = fc.record({
  kind: fc.constant('response'),
  delayMs,
  status: fc.constantFrom(400, 401, 404, 408, 429, 500, 502, 503),
  headers,
  body: fc.constantFrom('', '{"error":"down"}', '<html>Bad Gateway</html>'),
  bodyMs: fc.constantFrom(0, 0, 200, Infinity),
});
const page = fc.record({
  kind: fc.constant('response'),
  delayMs,
  status: fc.constant(200),
  headers: fc.constant({ 'content-type': 'text/html' }),
  body: fc.constant('<html>Sign in</html>'),
  bodyMs: fc.constantFrom(0, Infinity),
});

/** How it can fare where nothing but the vendor responds as the vendor. */
export const honestBehavior = fc.oneof(
  { weight: 5, arbitrary: processed },
  { weight: 1, arbitrary: lost },
  { weight: 1, arbitrary: hang },
  { weight: 2, arbitrary: error },
  { weight: 3, arbitrary: failure },
  { weight: 1, arbitrary: page },
) as fc.Arbitrary<Behavior>;
