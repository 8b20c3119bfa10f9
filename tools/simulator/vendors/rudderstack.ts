/**
 * Mocks the data plane of a self-hosted RudderStack, which accepts Segment's protocol and responds in its own way, behind
 * a proxy that gives it a path. As RudderStack does, it adds the sender's IP address to each call as `request_ip`, which
 * its destinations take for the user's where `context.ip` is missing.
 *
 * Limitations: no single calls, no rate limits, no limit of size, no destinations.
 *
 * https://www.rudderstack.com/docs/api/http-api/
 * https://github.com/rudderlabs/rudder-server/blob/master/gateway/response/response.go
 * https://github.com/rudderlabs/rudder-server/blob/master/gateway/processor/request_ip_processor.go
 */
import { type Context, Hono } from 'hono';
import { auth } from 'hono/utils/basic-auth';
import { asString, isObject, parseObject } from '../json.ts';
import { acceptCall } from './segment.ts';
import type { Vendor, VendorEnv } from './vendor-mock.ts';

const WRITE_KEY = '2RkTqLxV0cYbM5sDkR9eWn2uHjA';
export const DISABLED_WRITE_KEY = '2RkTqM4gX7dQw8ZpTnB1yFvKsLc';

const dataPlane = new Hono<VendorEnv>();

// Whatever the content type: RudderStack's own Node SDK sends that of a form.
dataPlane.post('/v1/batch', async (c) => {
  // Unlike Segment, it does not read a key in the body.
  const writeKey = auth(c.req.raw)?.username;
  if (!writeKey) return reject(c, 401, 'failed to read writekey from header');
  if (writeKey === DISABLED_WRITE_KEY) return reject(c, 404, 'source is disabled');
  if (writeKey !== WRITE_KEY) return reject(c, 401, 'invalid write key');
  const body = parseObject(await c.req.text());
  if (!body) return reject(c, 400, 'invalid json');
  const { batch } = body;
  if (!Array.isArray(batch) || !batch.every(isObject))
    return reject(c, 400, 'event is not a valid rudder event');
  if (batch.length === 0) return reject(c, 400, 'empty batch payload');
  if (!batch.every(({ userId, anonymousId }) => asString(userId).trim() || asString(anonymousId).trim()))
    return reject(c, 400, 'request neither has anonymousId nor userId');

  for (const call of batch) acceptCall(c.env, { request_ip: c.env.remoteAddress, ...call });
  return c.text('ok');
});

/** Go's http.Error ends its text with a line break. */
const reject = (c: Context, status: 400 | 401 | 404, message: string): Response =>
  c.text(`${message}\n`, status);

export const rudderstack: Vendor = {
  name: 'rudderstack',
  app: new Hono<VendorEnv>().route('/rudder', dataPlane),
  recordedTypes: ['SignUp', 'Login'],
  secrets: ({ url }) => ({ SEGMENT_WRITE_KEY: WRITE_KEY, SEGMENT_HOST: `${url}/rudder/` }),
};
