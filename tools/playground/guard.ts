/**
 * Protects the playground from other users and processes of this machine, which do not know the token of this start, and
 * from other web pages in the same browser: none can send it a cross-site request, or reach it under a host name of its
 * own that resolves to 127.0.0.1 (DNS rebinding).
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { createMiddleware } from 'hono/factory';
import { timingSafeEqual } from 'hono/utils/buffer';

const LOOPBACK = /^(127\.0\.0\.1|localhost)(:\d+)?$/;

/**
 * Responds with 403 to other sites and to requests without the token, and with 415 to a change that is not JSON, as a form
 * of another site would send it. The token is in the URL that is opened first, and in a cookie afterwards.
 */
export const createGuard = (token: string) =>
  createMiddleware(async (c, next) => {
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
    const given = c.req.query('token') ?? getCookie(c, toCookieName(host));
    if (given === undefined || !(await timingSafeEqual(given, token))) {
      return c.text('Open the URL that was printed when the playground was started.', 403);
    }
    if (!['GET', 'HEAD'].includes(c.req.method) && c.req.header('Content-Type') !== 'application/json') {
      return c.text('Changes must be sent as application/json.', 415);
    }
    return isOpening(c) ? open(c, toCookieName(host), token) : next();
  });

/** Cookies are shared by all ports of a host. */
const toCookieName = (host: string): string => `playground-${/\d+$/.exec(host)?.[0] ?? ''}`;

const isOpening = (c: Context): boolean => c.req.path === '/' && c.req.query('token') !== undefined;

/** Keeps the token out of the address bar and the history, and the state of the form in it. */
const open = (c: Context, cookieName: string, token: string): Response => {
  // Lax, because the link may be followed from another site, the terminal of an editor for example.
  setCookie(c, cookieName, token, { httpOnly: true, sameSite: 'Lax', path: '/' });
  const { token: _, ...form } = c.req.query();
  const query = String(new URLSearchParams(form));
  return c.redirect(query ? `/?${query}` : '/');
};
