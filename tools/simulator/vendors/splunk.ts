/**
 * Mocks Splunk's HTTP Event Collector (HEC): tokens, channels, the validation of events, batches, and its error codes.
 *
 * Limitations: no raw events, no tokens in the query or in Basic authentication, no disabled tokens, no polling for
 * acknowledgements, and a time in exponent notation, which Splunk rejects, is accepted.
 *
 * As Splunk does, it reads a body whatever its content type: that of its own logging library is a form's. Other receivers
 * of the same protocol reject all but application/json (https://github.com/vectordotdev/vector/issues/18138).
 *
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
 * https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector
 */
import { type Context, Hono } from 'hono';
import { asString, isObject, parseObject } from '../json.ts';
import { codes } from './splunk.responses.ts';
import type { Vendor, VendorEnv, VendorEvent } from './vendor-mock.ts';

const TOKEN = '5f1d9a6e-0c4b-4e55-9d7b-2f0f5b0a7c11';
/** A token with indexer acknowledgement requires a channel. */
export const ACKNOWLEDGED_TOKEN = '8a3c7e20-61d4-4c0f-b6a5-94e1c2d7f322';
const INDEXES = ['main', 'auth0'];

type Code = (typeof codes)[number]['code'];

const GUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const DECIMAL = /^\d+(\.\d+)?$/;

const respond = (c: Context, code: Code, details: Record<string, number> = {}): Response => {
  const { status, text } = codes[code];
  return c.json({ text, code, ...details }, status);
};

const app = new Hono<VendorEnv>();

app.on(
  'POST',
  ['/services/collector', '/services/collector/event', '/services/collector/event/1.0'],
  async (c) => {
    const [scheme, token] = (c.req.header('Authorization') ?? '').split(' ');
    if (!scheme) return respond(c, 2);
    if (scheme !== 'Splunk' || !token) return respond(c, 3);
    if (token !== TOKEN && token !== ACKNOWLEDGED_TOKEN) return respond(c, 4);

    const acknowledged = token === ACKNOWLEDGED_TOKEN;
    const channel = c.req.header('X-Splunk-Request-Channel') ?? c.req.query('channel');
    if (acknowledged && !channel) return respond(c, 10);
    if (channel && !GUID.test(channel)) return respond(c, 11);

    const envelopes = split(await c.req.text());
    if (envelopes.length === 0) return respond(c, 5);
    for (const [number, json] of envelopes.entries()) {
      const event = toEvent(json);
      // The events before the invalid one are stored, those after it are not: https://github.com/moby/moby/issues/35862
      if (typeof event === 'number') return respond(c, event, { 'invalid-event-number': number });
      c.env.accept(event);
    }
    return respond(c, 0, acknowledged ? { ackId: 0 } : {});
  },
);

app.on('GET', ['/services/collector/health', '/services/collector/health/1.0'], (c) => respond(c, 17));

/** Splits a batch into its JSON objects, which any white space may separate. */
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

/** The event in an envelope, or the code that Splunk rejects it with. */
const toEvent = (json: string): VendorEvent | Code => {
  const envelope = parseObject(json);
  if (!envelope) return 6;
  const { event, time, fields, index } = envelope;
  if (event === undefined) return 12;
  if (event === '' || event === null || (isObject(event) && Object.keys(event).length === 0)) return 13;
  if (time !== undefined && typeof time !== 'number' && !DECIMAL.test(asString(time))) return 6;
  if (index !== undefined && !INDEXES.includes(asString(index))) return 7;
  if (fields !== undefined && (!isObject(fields) || Object.values(fields).some(isObject))) return 15;

  const { id, message, userId } = isObject(event) ? event : {};
  const type = message === 'SignUp' || message === 'Login' ? message : 'other';
  return { id: asString(id), type, userId: asString(userId), payload: envelope };
};

export const splunk: Vendor = {
  name: 'splunk',
  app,
  recordedTypes: ['SignUp', 'Login'],
  tls: true,
  secrets: ({ url, caCertificate }) => ({
    SPLUNK_HEC_URL: url,
    SPLUNK_HEC_TOKEN: TOKEN,
    ...(caCertificate && { SPLUNK_CA_CERT: caCertificate }),
  }),
};
