/**
 * Imitates Splunk's HTTP Event Collector: tokens, channels, the rules for an event, batches, and the codes it answers.
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
 * https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector
 *
 * Stricter than Splunk: a content type other than application/json is answered 415. Splunk does not mind, but
 * receivers of the same protocol do (https://github.com/vectordotdev/vector/issues/18138).
 *
 * Not reproduced: raw events, tokens in the query or in Basic authentication, disabled tokens, polling for
 * acknowledgements, and times in exponent notation, which Splunk refuses.
 */
import { type Context, Hono } from 'hono';
import {
  type Answer,
  asText,
  isObject,
  parseObject,
  type Vendor,
  type VendorEnv,
  type VendorEvent,
} from './vendor-mock.ts';

const TOKEN = '5f1d9a6e-0c4b-4e55-9d7b-2f0f5b0a7c11';
/** A token with indexer acknowledgement demands a channel. */
export const ACKNOWLEDGED_TOKEN = '8a3c7e20-61d4-4c0f-b6a5-94e1c2d7f322';
const INDEXES = ['main', 'auth0'];

const OURS = 'Splunk, or what is in front of it, does not read what the Action sends: report it';
const ROOM = "Splunk's administrators must give it room: more indexers, or larger queues";
const ENABLE =
  'a Splunk administrator must enable the token in Settings > Data inputs > HTTP Event Collector';
const COPY = 'copy SPLUNK_HEC_TOKEN again from Settings > Data inputs > HTTP Event Collector';
const ALLOW = 'a Splunk administrator must allow the token this index, or correct SPLUNK_INDEX';
const CHANNEL = 'the token has indexer acknowledgement: set SPLUNK_CHANNEL to a GUID of your own';
const NO_CHANNEL = 'the token has no indexer acknowledgement: remove SPLUNK_CHANNEL';
const NO_ACK = 'take a token without indexer acknowledgement, which the Action does not ask for';
const REPAIR = "Splunk's administrators must repair acknowledgements, or switch them off for the token";

/**
 * Code → status, text, and what it means where that is not plain.
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
 */
const ANSWERS = {
  0: [200, 'Success'],
  1: [403, 'Token disabled', ENABLE],
  2: [401, 'Token is required', 'something between here and Splunk takes the Authorization header away'],
  3: [401, 'Invalid authorization', 'SPLUNK_HEC_TOKEN must be the bare token, as Splunk shows it'],
  4: [403, 'Invalid token', COPY],
  5: [400, 'No data', OURS],
  6: [400, 'Invalid data format', OURS],
  7: [400, 'Incorrect index', ALLOW],
  8: [500, 'Internal server error', "Splunk's administrators find the cause in splunkd.log"],
  9: [503, 'Server is busy', ROOM],
  10: [400, 'Data channel is missing', CHANNEL],
  11: [400, 'Invalid data channel', 'set SPLUNK_CHANNEL to another GUID'],
  12: [400, 'Event field is required', OURS],
  13: [400, 'Event field cannot be blank', OURS],
  14: [400, 'ACK is disabled', NO_CHANNEL],
  15: [400, 'Error in handling indexed fields', OURS],
  16: [400, 'Query string authorization is not enabled', 'take the query out of SPLUNK_HEC_URL'],
  17: [200, 'HEC is healthy'],
  18: [503, 'HEC is unhealthy, queues are full', ROOM],
  19: [503, 'HEC is unhealthy, ack service unavailable', REPAIR],
  20: [503, 'HEC is unhealthy, queues are full, ack service unavailable', ROOM],
  21: [400, 'Invalid token', COPY],
  22: [400, 'Token disabled', ENABLE],
  23: [503, 'Server is shutting down', 'run this again when Splunk is back'],
  24: [200, 'HEC queue is approaching its capacity limit', ROOM],
  25: [200, 'HEC ACK is approaching its capacity limit', NO_ACK],
  26: [429, 'HEC queue is at capacity', ROOM],
  27: [429, 'HEC ACK channel is at capacity', NO_ACK],
} as const;
type Code = keyof typeof ANSWERS;

const GUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const DECIMAL = /^\d+(\.\d+)?$/;

const answer = (c: Context, code: Code, details: Record<string, number> = {}): Response => {
  const [status, text] = ANSWERS[code];
  return c.json({ text, code, ...details }, status);
};

const app = new Hono<VendorEnv>();

app.on(
  'POST',
  ['/services/collector', '/services/collector/event', '/services/collector/event/1.0'],
  async (c) => {
    const [scheme, token] = (c.req.header('Authorization') ?? '').split(' ');
    if (!scheme) return answer(c, 2);
    if (scheme !== 'Splunk' || !token) return answer(c, 3);
    if (token !== TOKEN && token !== ACKNOWLEDGED_TOKEN) return answer(c, 4);
    if (c.req.header('Content-Type') !== 'application/json') return c.text('Unsupported Media Type', 415);

    const acknowledged = token === ACKNOWLEDGED_TOKEN;
    const channel = c.req.header('X-Splunk-Request-Channel') ?? c.req.query('channel');
    if (acknowledged && !channel) return answer(c, 10);
    if (channel && !GUID.test(channel)) return answer(c, 11);

    const envelopes = split(await c.req.text());
    if (envelopes.length === 0) return answer(c, 5);
    for (const [number, json] of envelopes.entries()) {
      const event = toEvent(json);
      // What stands before the bad event is stored, what follows is not: https://github.com/moby/moby/issues/35862
      if (typeof event === 'number') return answer(c, event, { 'invalid-event-number': number });
      c.env.accept(event);
    }
    return answer(c, 0, acknowledged ? { ackId: 0 } : {});
  },
);

app.on('GET', ['/services/collector/health', '/services/collector/health/1.0'], (c) => answer(c, 17));

/** The JSON objects that stand one after the other in a batch, with any white space between them. */
const split = (batch: string): string[] => {
  const objects: string[] = [];
  let start = 0;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < batch.length; at += 1) {
    const character = batch[at];
    if (quoted && character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === '{') depth += 1;
    else if (!quoted && character === '}') {
      depth -= 1;
      if (depth > 0) continue;
      objects.push(batch.slice(start, at + 1));
      start = at + 1;
    }
  }
  const rest = batch.slice(start).trim();
  return rest ? [...objects, rest] : objects;
};

/** The event in an envelope, or the code Splunk refuses it with. */
const toEvent = (json: string): VendorEvent | Code => {
  const envelope = parseObject(json);
  if (!envelope) return 6;
  const { event, time, fields, index } = envelope;
  if (event === undefined) return 12;
  if (event === '' || event === null || (isObject(event) && Object.keys(event).length === 0)) return 13;
  if (time !== undefined && typeof time !== 'number' && !DECIMAL.test(asText(time))) return 6;
  if (index !== undefined && !INDEXES.includes(asText(index))) return 7;
  if (fields !== undefined && (!isObject(fields) || Object.values(fields).some(isObject))) return 15;

  const { id, message, userId } = isObject(event) ? event : {};
  const type = message === 'SignUp' || message === 'Login' ? message : 'other';
  return { id: asText(id), type, userId: asText(userId), payload: envelope };
};

const answers: readonly Answer[] = [
  // From the end, because the text of 20 begins as that of 18.
  ...Object.entries(ANSWERS)
    .reverse()
    .flatMap(([code, [status, text, means]]) =>
      means ? { status, text, means: `${text} (HEC code ${code}): ${means}` } : [],
    ),
  // Splunk Web, port 8000, sends everyone to its login page.
  {
    status: 303,
    means: 'this is Splunk Web: SPLUNK_HEC_URL must have the port of the collector, 8088 by default',
  },
  {
    status: 404,
    means: 'no HTTP Event Collector here: check host and port in SPLUNK_HEC_URL, and that HEC is enabled',
  },
];

export const splunk: Vendor = {
  name: 'splunk',
  app,
  records: ['SignUp', 'Login'],
  tls: true,
  answers,
  secrets: ({ url, caCertificate }) => ({
    SPLUNK_HEC_URL: url,
    SPLUNK_HEC_TOKEN: TOKEN,
    ...(caCertificate && { SPLUNK_CA_CERT: caCertificate }),
  }),
};
