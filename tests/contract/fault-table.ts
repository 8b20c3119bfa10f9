/** What can go wrong between a login and a destination, and what is to come of it: the same at every destination. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Certificate, createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import type { Fault } from '../../tools/simulator/vendors/fault.ts';

/** The shortest there can be. */
export const DEADLINE_MS = 250;
/** Where a pause or much data is to fit in. */
const LONG_DEADLINE_MS = 2000;

/** What a login meets. */
export interface Circumstances {
  /** The destination does this, */
  readonly fault?: Fault;
  /** so many times, or until told otherwise; */
  readonly times?: number;
  /** or another server has its place, with this certificate; */
  readonly impostor?: Certificate;
  /** or the Action has this address instead. */
  readonly address?: string;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
  /** It concerns one destination alone, */
  readonly only?: string;
  /** or it takes its time, so that the SignUp has to do. */
  readonly signUpOnly?: true;
}

/** What comes of it. Only what is delivered is marked. */
export interface Expectation {
  readonly outcome: 'delivered' | 'refused' | 'kept';
  /** How many are received. */
  readonly requests: number;
  /** What the log says about the reason, and who must act. */
  readonly line: RegExp;
  /** How long the login waits at least. */
  readonly waitsMs?: number;
}

const delivered = (requests = 1): Expectation => ({ outcome: 'delivered', requests, line: /^$/ });
const refused = (line: RegExp): Expectation => ({ outcome: 'refused', requests: 1, line });
const kept = (requests: number, line: RegExp): Expectation => ({ outcome: 'kept', requests, line });

const VENDOR_TEXT = '{"text":"as the vendor says"}';
const HTML = '<!doctype html><title>A page</title>';
const HALF_JSON = '{"text":';

const answer = (status: number, body = VENDOR_TEXT, headers: Record<string, string> = {}): Fault => ({
  response: { status, body, headers },
});
const retryAfter = (value: string): Fault => answer(429, VENDOR_TEXT, { 'Retry-After': value });
const redirect = (status: number): Fault => answer(status, '', { Location: `${elsewhere.url}/v1/batch` });

/** Another host, which no Action may be led to. */
export const elsewhere = { url: '', connections: [] as unknown[] };
const server = createServer((_, response) => response.end());
server.on('connection', ({ remotePort }) => elsewhere.connections.push(remotePort));
await once(server.listen(0, '127.0.0.1').unref(), 'listening');
elsewhere.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const PAST = { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') };
const OTHER_HOST = { altNames: ['splunk.example.com'] };
const SELF_SIGNED = await createCertificate();
const EXPIRED = await createCertificate(PAST);
const MISPLACED = await createCertificate(OTHER_HOST);
const EXPIRED_AND_MISPLACED = await createCertificate({ ...PAST, ...OTHER_HOST });

const SLOW = { signUpOnly: true } as const;
const NO_CA = { SPLUNK_CA_CERT: '' };
/** Tcpmux: nobody listens there. */
const CLOSED_PORT = 1;
const IN_AN_HOUR = new Date(Date.now() + 3_600_000).toUTCString();
const LONG_AGO = new Date(0).toUTCString();

export const FAULTS: ReadonlyArray<readonly [name: string, Circumstances, Expectation]> = [
  ['400', { fault: answer(400) }, refused(/^400 as the vendor says; check the Action's secrets/)],
  ['401', { fault: answer(401) }, refused(/^401 as the vendor says; check the credentials in the Action's/)],
  ['401 with HTML', { fault: answer(401, HTML) }, refused(/^401 Unauthorized; check the credentials in the/)],
  ['403', { fault: answer(403) }, refused(/^403 as the vendor says; check the credentials in the Action's/)],
  ['404', { fault: answer(404) }, refused(/^404 as the vendor says; check the address in the Action's/)],
  ['413', { fault: answer(413) }, refused(/^413 as the vendor says; check the Action's secrets/)],
  ['302 to another host', { fault: redirect(302) }, refused(/^302 Found; check the address in the Action's/)],
  ['307 to another host', { fault: redirect(307) }, refused(/^307 Temporary Redirect; check the address in/)],

  ['408', { fault: answer(408) }, kept(3, /^408 as the vendor says, after 3 attempts in 0\.\d s; kept/)],
  ['429', { fault: answer(429) }, kept(3, /^429 as the vendor says, after 3 attempts/)],
  ['500, empty', { fault: answer(500, '') }, kept(3, /^500 Internal Server Error, after 3 attempts/)],
  ['502 with HTML', { fault: answer(502, HTML) }, kept(3, /^502 Bad Gateway, after 3 attempts/)],
  ['503', { fault: answer(503) }, kept(3, /^503 as the vendor says, after 3 attempts/)],
  [
    '503, taken',
    { fault: { ...answer(503), processed: true } },
    kept(3, /^503 as the vendor says, after 3 att/),
  ],
  ['503 twice', { fault: answer(503), times: 2 }, delivered(3)],
  ['504 with half a JSON', { fault: answer(504, HALF_JSON) }, kept(3, /^504 \{"text":, after 3 attempts/)],

  ['Retry-After: 0', { fault: retryAfter('0'), times: 1 }, delivered(2)],
  [
    'Retry-After: 1',
    // To see one of them wait is enough.
    { fault: retryAfter('1'), times: 1, deadlineMs: LONG_DEADLINE_MS, only: 'segment-http', ...SLOW },
    { ...delivered(2), waitsMs: 1000 },
  ],
  ['Retry-After beyond the deadline', { fault: retryAfter('1') }, kept(1, /^429 as the vendor says; kept/)],
  ['Retry-After: 3600', { fault: retryAfter('3600') }, kept(1, /^429 as the vendor says; kept/)],
  ['Retry-After in an hour', { fault: retryAfter(IN_AN_HOUR) }, kept(1, /^429 as the vendor says; kept/)],
  ['Retry-After long ago', { fault: retryAfter(LONG_AGO), times: 1 }, delivered(2)],
  ['Retry-After: soon', { fault: retryAfter('soon') }, kept(3, /^429 as the vendor says, after 3 attempts/)],
  ['Retry-After: -1', { fault: retryAfter('-1') }, kept(3, /^429 as the vendor says, after 3 attempts/)],

  ['200 without a body', { fault: { ...answer(200, ''), processed: true } }, delivered()],
  ['200 with HTML', { fault: { ...answer(200, HTML), processed: true } }, delivered()],
  ['200 with half a JSON', { fault: { ...answer(200, HALF_JSON), processed: true } }, delivered()],
  [
    '200 with 50 MB',
    { fault: { bodyBytes: 50_000_000, processed: true }, deadlineMs: LONG_DEADLINE_MS, ...SLOW },
    delivered(),
  ],
  ['200 that breaks off', { fault: { reset: 'body', processed: true } }, delivered()],
  [
    '200 at one byte a second',
    { fault: { trickleBytesPerSecond: 1, processed: true }, ...SLOW },
    { ...delivered(), waitsMs: DEADLINE_MS },
  ],
  [
    'headers at one byte a second',
    { fault: { trickleBytesPerSecond: 1, trickleHead: true, processed: true }, ...SLOW },
    { ...kept(1, /^no answer within 250 ms; kept/), waitsMs: DEADLINE_MS },
  ],
  [
    'a late 503, again and again',
    { fault: { ...answer(503), delayMs: 150 }, ...SLOW },
    { ...kept(2, /^no answer within 250 ms, after 2 attempts in 0\.[23] s; kept/), waitsMs: DEADLINE_MS },
  ],
  [
    'no answer, taken',
    { fault: { hang: true, processed: true }, ...SLOW },
    { ...kept(1, /^no answer within 250 ms; kept/), waitsMs: DEADLINE_MS },
  ],

  [
    'a reset before the body',
    { fault: { reset: 'before' } },
    kept(3, /^cannot connect: ECONNRESET, after 3/),
  ],
  ['a reset after the body', { fault: { reset: 'after' } }, kept(3, /^cannot connect: ECONNRESET, after 3/)],
  [
    'a reset after the body, taken',
    { fault: { reset: 'after', processed: true } },
    kept(3, /^cannot connect: ECONNRESET, after 3 attempts/),
  ],
  [
    'a connection refused',
    { address: `http://127.0.0.1:${CLOSED_PORT}` },
    kept(0, /^cannot connect: ECONNREFUSED, after 3 attempts/),
  ],
  [
    'an unknown host',
    { address: 'https://collector.invalid' },
    kept(0, /^cannot connect: ENOTFOUND; kept for later; check the address in the Action's secrets/),
  ],

  // Only Splunk can be made to trust an authority. The others see first that nobody vouches for the certificate.
  [
    'a self-signed certificate',
    { impostor: SELF_SIGNED, secrets: NO_CA },
    kept(
      0,
      /^cannot connect: DEPTH_ZERO_SELF_SIGNED_CERT; kept for later; check the destination's certificate/,
    ),
  ],
  [
    'an expired certificate',
    { impostor: EXPIRED },
    kept(0, /^cannot connect: CERT_HAS_EXPIRED; kept for later; check the destination's certificate/),
  ],
  [
    'a certificate for another host',
    { impostor: MISPLACED },
    kept(
      0,
      /^cannot connect: (ERR_TLS_CERT_ALTNAME_INVALID|DEPTH_\w+); kept for later; check the destination's/,
    ),
  ],
  ['SPLUNK_CA_CERT', { impostor: SELF_SIGNED, only: 'splunk' }, delivered()],
  [
    'SPLUNK_TLS_VERIFY=false',
    { impostor: EXPIRED_AND_MISPLACED, secrets: { ...NO_CA, SPLUNK_TLS_VERIFY: 'false' }, only: 'splunk' },
    delivered(),
  ],
];

/** What a request with kept Logins meets, behind the success of a login that goes on in any case. */
export interface Behind {
  readonly fault: Fault;
  /** How many are kept. */
  readonly kept: number;
  /** How many of them are not sent again, although they have not arrived. */
  readonly lost: number;
  /** How many requests are received, the login's own included. */
  readonly requests: number;
  readonly line: RegExp;
  readonly deadlineMs: number;
  readonly waitsMs?: number;
  readonly only?: string;
  /** What is different where the destination takes one activity a request. */
  readonly single?: Partial<Behind>;
}

const TWO_KEPT = { kept: 2, lost: 0, requests: 2, line: /^$/, deadlineMs: LONG_DEADLINE_MS };

/** Nothing else can be to blame. */
const FIRST_REFUSED = {
  lost: 1,
  line: /delivered in \d+ ms; 1 kept refused and dropped: 40[01] as the vendor says$/,
};

/** Keen answers so to a batch, and the second one is to blame. */
const KEEN_REFUSAL =
  '{"logins":[{"success":true},{"success":false,"error":{"name":"E","description":"As Keen says"}}]}';

export const FAULTS_BEHIND: ReadonlyArray<readonly [name: string, Behind]> = [
  ['nothing', { ...TWO_KEPT, fault: {}, single: { requests: 3 } }],
  ['400', { ...TWO_KEPT, fault: answer(400), single: FIRST_REFUSED }],
  ['401', { ...TWO_KEPT, fault: answer(401), single: FIRST_REFUSED }],
  ['503', { ...TWO_KEPT, fault: answer(503) }],
  ['503, taken', { ...TWO_KEPT, fault: { ...answer(503), processed: true } }],
  ['no answer', { ...TWO_KEPT, fault: { hang: true }, deadlineMs: DEADLINE_MS, waitsMs: DEADLINE_MS }],
  // On a kept connection that may mean that it was closed long ago, hence the third request.
  ['a reset', { ...TWO_KEPT, fault: { reset: 'after', processed: true }, requests: 3 }],
  [
    '400 for a single one',
    {
      ...TWO_KEPT,
      fault: answer(400),
      kept: 1,
      lost: 1,
      line: /delivered in \d+ ms; 1 kept refused and dropped: 400 as the vendor says$/,
    },
  ],
  [
    '200 with an error inside',
    {
      ...TWO_KEPT,
      fault: { ...answer(200, KEEN_REFUSAL), processed: true },
      line: /delivered in \d+ ms, with 1 kept; 1 kept refused and dropped: (200 )?As Keen says$/,
      only: 'keen',
    },
  ],
  [
    '200 with HTML instead of results',
    { ...TWO_KEPT, fault: { ...answer(200, HTML), processed: true }, only: 'keen' },
  ],
];
