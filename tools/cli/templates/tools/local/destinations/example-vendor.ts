/**
 * Imitates the HTTP API of Example Vendor: the token, and what an event must have.
 * TODO: the vendor's pages that this is taken from.
 * https://example-vendor.example.com/docs/errors
 *
 * TODO: say what is guessed, and what is not reproduced. So far everything is guessed.
 */
import { Hono } from 'hono';
import * as v from 'valibot';
import type { Vendor, VendorEnv } from '../../../../../simulator/vendors/vendor-mock.ts';

const TOKEN = 'y7Rk2TfQ9vXbN4mW';

/** What is required. TODO: the vendor's rules. */
const Body = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    events: v.array(
      v.looseObject({
        id: v.pipe(v.string(), v.uuid()),
        time: v.pipe(v.string(), v.isoTimestamp()),
        type: v.picklist(['SignUp', 'Login']),
        userId: v.pipe(v.string(), v.minLength(1)),
      }),
    ),
  }),
);

const app = new Hono<VendorEnv>();

app.post('/v1/events', async (c) => {
  if (c.req.header('Authorization') !== `Bearer ${TOKEN}`) return c.json({ message: 'Unknown token' }, 401);
  const { success, output, issues } = v.safeParse(Body, await c.req.text());
  if (!success) return c.json({ message: issues[0].message }, 400);
  for (const event of output.events) {
    c.env.accept({ id: event.id, type: event.type, userId: event.userId, payload: event });
  }
  return c.json({ accepted: output.events.length }, 202);
});

export const exampleVendor: Vendor = {
  name: 'example-vendor',
  app,
  recordedTypes: ['SignUp', 'Login'],
  secrets: ({ url }) => ({ EXAMPLE_VENDOR_URL: url, EXAMPLE_VENDOR_TOKEN: TOKEN }),
};
