/**
 * Imitates Datadog's intake of logs: the API key, the limits of a request, and the span of time in which a log may be
 * dated. Like Datadog it answers 202 to a log outside of it, which is then silently missing from the events.
 * https://docs.datadoghq.com/api/latest/logs/#send-logs
 * https://docs.datadoghq.com/logs/log_configuration/processors/log_date_remapper/
 *
 * Not documented, so guessed: all texts, 413 for more than 1000 logs, and 400 for a log that is no object.
 *
 * Not reproduced: plain text and logplex, pipelines, indexes with their filters and quotas, rate limits, and logs over
 * 1 MB, which Datadog cuts off. Datadog deduplicates nothing; here a repeated log is known by its `id`.
 */
import { type Context, Hono } from 'hono';
import {
  type Answer,
  asText,
  isObject,
  type JsonObject,
  type Vendor,
  type VendorEnv,
} from './vendor-mock.ts';

const API_KEY = '6d0f2b7a91c84e35a7f0b9d2e4c61f83';

const BODY_LIMIT_BYTES = 5_000_000;
const LOGS_LIMIT = 1000;
const MS_PER_HOUR = 60 * 60 * 1000;
/** Which of them it finds first dates the log. */
const DATES = ['timestamp', 'date', '_timestamp', 'Timestamp', 'eventTime', 'published_date'];

const app = new Hono<VendorEnv>();

app.post('/api/v2/logs', async (c) => {
  const key = c.req.header('DD-API-KEY');
  if (!key) return refuse(c, 401, 'Unauthorized', 'API key is missing');
  if (key !== API_KEY) return refuse(c, 403, 'Forbidden', 'API key is invalid');
  if (c.req.header('Content-Type')?.split(';')[0] !== 'application/json')
    return refuse(c, 415, 'Unsupported Media Type', 'Send application/json');
  const body = await c.req.text();
  if (Buffer.byteLength(body) > BODY_LIMIT_BYTES)
    return refuse(c, 413, 'Request Entity Too Large', 'The body is over 5 MB');
  const logs = parseLogs(body);
  if (!logs) return refuse(c, 400, 'Bad Request', 'Not a log, nor a list of them');
  if (logs.length > LOGS_LIMIT)
    return refuse(c, 413, 'Request Entity Too Large', `More than ${LOGS_LIMIT} logs`);

  for (const log of logs.filter(isDatedInTime)) {
    const name = isObject(log.evt) ? asText(log.evt.name) : '';
    const type = name === 'SignUp' || name === 'Login' ? name : 'other';
    const userId = isObject(log.usr) ? asText(log.usr.id) : '';
    c.env.accept({ id: asText(log.id), type, userId, payload: log });
  }
  return c.json({}, 202);
});

const refuse = (c: Context, status: 400 | 401 | 403 | 413 | 415, title: string, detail: string): Response =>
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

/** From 18 hours back to 2 hours ahead; a log without a date that can be read gets that of its arrival. */
const isDatedInTime = (log: JsonObject): boolean => {
  const date = DATES.map((name) => log[name]).find((value) => value !== undefined);
  const dated = new Date(typeof date === 'number' ? date : asText(date));
  const now = new Date();
  const hours = (now.getTime() - dated.getTime()) / MS_PER_HOUR;
  return Number.isNaN(hours) || (hours <= 18 && hours >= -2);
};

const OURS = 'Datadog does not take what the Action sends: report it';

const answers: readonly Answer[] = [
  { status: 400, means: OURS },
  { status: 401, means: 'something between here and Datadog takes the DD-API-KEY header away' },
  {
    status: 403,
    means:
      'the site does not know the key: copy DATADOG_API_KEY again from Organization Settings > API Keys, and check DATADOG_SITE',
  },
  { status: 404, means: "the server does not take Datadog's logs: check DATADOG_URL" },
  { status: 413, means: OURS },
  { status: 429, means: 'Datadog takes no more for now: try again, or ask its support for a higher limit' },
];

export const datadog: Vendor = {
  name: 'datadog',
  app,
  records: ['SignUp', 'Login'],
  answers,
  secrets: ({ url }) => ({ DATADOG_API_KEY: API_KEY, DATADOG_URL: url }),
};
