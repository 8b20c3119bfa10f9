import type { Context } from 'hono';

/** The content type of the request without its parameters. */
export const getMediaType = (c: Context): string | undefined =>
  c.req.header('Content-Type')?.split(';')[0]?.trim();
