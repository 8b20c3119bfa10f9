/**
 * Mocks Datadog's Logs API: the API key, the limits of a request, and the age that a log may have. As Datadog does, it
 * responds 202 to a log that is too old or too new, and silently drops it. Of each user it stores what the detection of
 * impossible travel reads: `usr` and the standard attributes of `network.client.geoip`, and none of another type.
 *
 * Limitations: no plain text, no logplex, no pipelines, no indexes with their filters and quotas, no rate limits, and
 * logs over 1 MB are not truncated. Datadog deduplicates nothing: here a duplicate log is known by its `id`.
 *
 * Undocumented, so guessed: all messages, 413 for more than 1000 logs, and 400 for a log that is not an object.
 *
 * https://docs.datadoghq.com/api/latest/logs/#send-logs
 * https://docs.datadoghq.com/standard-attributes/
 * https://docs.datadoghq.com/logs/log_configuration/processors/log_date_remapper/
 */
import { type Context, Hono } from 'hono';
import * as v from 'valibot';
import { asString, isObject, type JsonObject } from '../json.ts';
import { getMediaType } from './media-type.ts';
import type { Vendor, VendorEnv } from './vendor-mock.ts';
import { setProperties } from './vendor-store.ts';

const API_KEY = '6d0f2b7a91c84e35a7f0b9d2e4c61f83';

const BODY_LIMIT_BYTES = 5_000_000;
const LOGS_LIMIT = 1000;
const MS_PER_HOUR = 60 * 60 * 1000;
/** The first of them that a log has is its date. */
const DATES = ['timestamp', 'date', '_timestamp', 'Timestamp', 'eventTime', 'published_date'];

const text = v.fallback(v.optional(v.string()), undefined);
const degrees = v.fallback(v.optional(v.number()), undefined);
const group = <E extends v.ObjectEntries>(entries: E) => v.fallback(v.optional(v.object(entries)), undefined);

const Geoip = v.object({
  continent: group({ code: text, name: text }),
  country: group({ iso_code: text, name: text }),
  subdivision: group({ iso_code: text, name: text }),
  city: group({ name: text }),
  location: group({ latitude: degrees, longitude: degrees }),
  timezone: text,
});

const app = new Hono<VendorEnv>();

app.post('/api/v2/logs', async (c) => {
  const key = c.req.header('DD-API-KEY');
  if (!key) return reject(c, 401, 'Unauthorized', 'API key is missing');
  if (key !== API_KEY) return reject(c, 403, 'Forbidden', 'API key is invalid');
  if (getMediaType(c) !== 'application/json')
    return reject(c, 415, 'Unsupported Media Type', 'Send application/json');
  const body = await c.req.text();
  if (Buffer.byteLength(body) > BODY_LIMIT_BYTES)
    return reject(c, 413, 'Request Entity Too Large', 'The body is over 5 MB');
  const logs = parseLogs(body);
  if (!logs) return reject(c, 400, 'Bad Request', 'Neither a log nor a list of logs');
  if (logs.length > LOGS_LIMIT)
    return reject(c, 413, 'Request Entity Too Large', `More than ${LOGS_LIMIT} logs`);

  for (const log of logs.filter(isTimely)) {
    const name = isObject(log.evt) ? asString(log.evt.name) : '';
    const type = name === 'SignUp' || name === 'Login' ? name : 'other';
    const userId = isObject(log.usr) ? asString(log.usr.id) : '';
    c.env.accept({ id: asString(log.id), type, userId, payload: log });
    if (userId) setProperties(c.env.store.profiles, userId, { usr: log.usr, geoip: getGeoip(log) });
  }
  return c.json({}, 202);
});

const reject = (c: Context, status: 400 | 401 | 403 | 413 | 415, title: string, detail: string): Response =>
  c.json({ errors: [{ status: String(status), title, detail }] }, status);

/** One log, or a list of them. */
const parseLogs = (json: string): JsonObject[] | undefined => {
  try {
    const logs = [JSON.parse(json)].flat();
    return logs.every(isObject) ? logs : undefined;
  } catch {
    return undefined;
  }
};

const getGeoip = ({ network }: JsonObject): v.InferOutput<typeof Geoip> | undefined => {
  const client = isObject(network) && isObject(network.client) ? network.client : {};
  const { success, output } = v.safeParse(Geoip, client.geoip);
  return success ? output : undefined;
};

/** Between 18 hours ago and 2 hours ahead; a log without a valid date gets that of its arrival. */
const isTimely = (log: JsonObject): boolean => {
  const date = DATES.map((name) => log[name]).find((value) => value !== undefined);
  const loggedAt = new Date(typeof date === 'number' ? date : asString(date));
  const now = new Date();
  const hours = (now.getTime() - loggedAt.getTime()) / MS_PER_HOUR;
  return Number.isNaN(hours) || (hours <= 18 && hours >= -2);
};

export const datadog: Vendor = {
  name: 'datadog',
  app,
  recordedTypes: ['SignUp', 'Login'],
  secrets: ({ url }) => ({ DATADOG_API_KEY: API_KEY, DATADOG_URL: url }),
};
