/**
 * Protects the playground from other web pages in the same browser: none can send it a cross-site request, or reach it
 * under a host name of its own that resolves to 127.0.0.1 (DNS rebinding).
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
import { createMiddleware } from 'hono/factory';

const LOOPBACK = /^(127\.0\.0\.1|localhost)(:\d+)?$/;

/** Responds with 403 to other sites, and with 415 to a change that is not JSON, as a form of another site would send it. */
export const guard = createMiddleware(async (c, next) => {
  const host = c.req.header('Host') ?? '';
  const origin = c.req.header('Origin');
  const site = c.req.header('Sec-Fetch-Site') ?? 'none';
  const isFollowedLink = c.req.path === '/' && c.req.header('Sec-Fetch-Mode') === 'navigate';
  if (!LOOPBACK.test(host)) return c.text('The playground is available on loopback addresses only.', 403);
  if (origin !== undefined && origin !== `http://${host}`) {
    return c.text('Requests from other origins are rejected.', 403);
  }
  if (!['same-origin', 'none'].includes(site) && !isFollowedLink) {
    return c.text('Requests from other sites are rejected.', 403);
  }
  if (!['GET', 'HEAD'].includes(c.req.method) && c.req.header('Content-Type') !== 'application/json') {
    return c.text('Changes must be sent as application/json.', 415);
  }
  return next();
});
