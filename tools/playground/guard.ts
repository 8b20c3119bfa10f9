/**
 * The page is for who sits at this machine. A web page from elsewhere must neither drive it nor read from it: not by
 * a request across sites, and not under a name of its own that leads here (DNS rebinding).
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
import { createMiddleware } from 'hono/factory';

const LOOPBACK = /^(127\.0\.0\.1|localhost)(:\d+)?$/;

/** Answers 403 to anybody else, and 415 to a change that is not sent as JSON, as a form of another site would be. */
export const guard = createMiddleware(async (c, next) => {
  const host = c.req.header('Host') ?? '';
  const origin = c.req.header('Origin');
  const site = c.req.header('Sec-Fetch-Site') ?? 'none';
  const isFollowedLink = c.req.path === '/' && c.req.header('Sec-Fetch-Mode') === 'navigate';
  if (!LOOPBACK.test(host)) return c.text('This page is served on loopback addresses only.', 403);
  if (origin !== undefined && origin !== `http://${host}`) return c.text('Other origins are refused.', 403);
  if (!['same-origin', 'none'].includes(site) && !isFollowedLink) {
    return c.text('Requests from other sites are refused.', 403);
  }
  if (!['GET', 'HEAD'].includes(c.req.method) && c.req.header('Content-Type') !== 'application/json') {
    return c.text('A change is sent as application/json.', 415);
  }
  return next();
});
