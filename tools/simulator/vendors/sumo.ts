/**
 * Mocks a Sumo Logic HTTP source: the code in the URL, one log a line, its metadata in headers, and the timestamp of a
 * log, which is the first in its text. As Sumo Logic does, it stores a line that is no JSON.
 *
 * Limitations: no metrics, no multi-line detection, no processing rules, no token in a header (a beta), no check which
 * fields exist (Sumo Logic drops the unknown), and no quota. Sumo Logic deduplicates nothing: here a duplicate is known
 * by its `id`.
 *
 * Undocumented, so guessed: an empty body of every response, and 404 for another path.
 *
 * https://help.sumologic.com/docs/send-data/hosted-collectors/http-source/logs-metrics/upload-logs/
 * https://help.sumologic.com/docs/send-data/hosted-collectors/http-source/troubleshooting/
 */
import { Hono } from 'hono';
import { asString, parseObject } from '../json.ts';
import type { Vendor, VendorEnv } from './vendor-mock.ts';

const CODE = 'ZaVnC4dhaV2M7xTqK9pLw3rYb6sGfE1oUj5iHkNcRmD8zX0QvAtPyB';
const SOURCE = `/receiver/v1/http/${CODE}`;

const TIMESTAMP = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;

const app = new Hono<VendorEnv>();

app.post('/receiver/v1/http/*', async (c) => {
  if (c.req.path !== SOURCE) return c.body(null, 401);
  const metadata = {
    _sourceCategory: c.req.header('X-Sumo-Category'),
    _sourceName: c.req.header('X-Sumo-Name'),
    ...readFields(c.req.header('X-Sumo-Fields')),
  };
  for (const line of (await c.req.text()).split('\n')) {
    if (line.trim() === '') continue;
    const log = parseObject(line) ?? {};
    const type = log.type === 'SignUp' || log.type === 'Login' ? log.type : 'other';
    const [messageTime] = TIMESTAMP.exec(line) ?? [];
    const payload = { _raw: line, _messageTime: messageTime, ...metadata, ...log };
    c.env.accept({ id: asString(log.id), type, userId: asString(log.userId), payload });
  }
  return c.body(null, 200);
});

/** `env=prod,team=identity` */
const readFields = (header = ''): Record<string, string> =>
  Object.fromEntries(
    header.split(',').flatMap((pair) => (pair.includes('=') ? [pair.trim().split('=')] : [])),
  );

export const sumo: Vendor = {
  name: 'sumo',
  app,
  recordedTypes: ['SignUp', 'Login'],
  secrets: ({ url }) => ({ SUMO_URL: `${url}${SOURCE}` }),
};
