/**
 * Mocks a webhook receiver that follows the specifications: it verifies the token and a signature, symmetric or asymmetric,
 * tolerates five minutes between the clocks, requires the mandatory attributes of a CloudEvent, rejects batches, and
 * deduplicates by `webhook-id`.
 *
 * Limitations: no binary mode, no CloudEvents handshake by OPTIONS, and no rate limits.
 *
 * Unspecified, so guessed: the statuses 400 and 401, all messages, and the response to a duplicate (the same as to the first).
 *
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#verifying-signatures
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#22-delivery-response
 */
import { createHmac, createPrivateKey, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { Hono } from 'hono';
import * as v from 'valibot';
import { parseObject } from '../json.ts';
import { getMediaType } from './media-type.ts';
import type { Vendor, VendorEnv, VendorEvent } from './vendor-mock.ts';

const SECRET = 'whsec_y8C1ha3bGscWL4H/jEDWmG5G2hi2GOVS';
/** A private Ed25519 key, whose public key the receiver has. */
export const ASYMMETRIC_SECRET = 'whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=';
const TOKEN = 'c9a1f0e4b7d24d3c8f5e';

/** Before the key in PKCS #8. https://www.rfc-editor.org/rfc/rfc8410#section-7 */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const TOLERANCE_S = 5 * 60;
const CONTENT_TYPES = ['application/cloudevents+json', 'application/json'];
const TYPES = new Map<string, VendorEvent['type']>([
  ['com.auth0.user.signup', 'SignUp'],
  ['com.auth0.user.login', 'Login'],
]);

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#type-system */
const attribute = v.pipe(
  v.string(),
  v.regex(/^[^\p{Cc}\p{Cs}]+$/u, 'must be a string without control characters'),
);

/** Without the characters that https://www.rfc-editor.org/rfc/rfc3986 allows nowhere in a reference. */
const uriReference = v.pipe(attribute, v.regex(/^[^\s"<>\\^`{|}]+$/, 'must be a URI reference'));

const CloudEvent = v.pipe(
  v.looseObject({
    specversion: v.literal('1.0'),
    id: attribute,
    source: uriReference,
    type: attribute,
    subject: v.optional(attribute),
    time: v.optional(v.pipe(v.string(), v.isoTimestamp())),
    datacontenttype: v.optional(v.pipe(attribute, v.regex(/^[\w.+-]+\/[\w.+-]+/, 'must be a media type'))),
    dataschema: v.optional(uriReference),
  }),
  v.check(
    (event) => Object.keys(event).every((name) => /^([a-z\d]+|data_base64)$/.test(name)),
    'invalid attribute name',
  ),
);

const app = new Hono<VendorEnv>();

app.post('/', async (c) => {
  if (c.req.header('Authorization') !== `Bearer ${TOKEN}`) return c.json({ message: 'Unknown token' }, 401);
  const contentType = getMediaType(c) ?? '';
  if (!CONTENT_TYPES.includes(contentType)) return c.json({ message: 'Unsupported Media Type' }, 415);

  const body = Buffer.from(await c.req.arrayBuffer());
  const id = c.req.header('webhook-id') ?? '';
  const timestamp = c.req.header('webhook-timestamp') ?? '';
  const signatures = c.req.header('webhook-signature') ?? '';
  if (!id || !/^\d+$/.test(timestamp) || !signatures) return c.json({ message: 'Missing headers' }, 400);
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_S)
    return c.json({ message: 'Message timestamp too old or too new' }, 400);
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  if (!signatures.split(' ').some((signature) => isSignature(signature, content)))
    return c.json({ message: 'No matching signature' }, 401);

  const { success, output, issues } = v.safeParse(CloudEvent, parseObject(body.toString()));
  if (!success) {
    return c.json(
      { message: `Not a CloudEvent: ${v.getDotPath(issues[0]) ?? ''} ${issues[0].message}` },
      400,
    );
  }
  const event = { id: output.id, type: TYPES.get(output.type) ?? 'other', userId: output.subject ?? '' };
  c.env.accept({ ...event, payload: output }, id);
  return c.json({ received: true });
});

const toKey = (secret: string): Buffer => Buffer.from(secret.replace(/^whs[a-z]+_/, ''), 'base64');

const pkcs8 = Buffer.concat([PKCS8_PREFIX, toKey(ASYMMETRIC_SECRET)]);
const publicKey = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));

const isSignature = (candidate: string, content: Buffer): boolean => {
  const [version, signature = ''] = candidate.split(',');
  if (version === 'v1a') return verify(null, content, publicKey, Buffer.from(signature, 'base64'));
  const expected = createHmac('sha256', toKey(SECRET)).update(content).digest('base64');
  return isEqual(candidate, `v1,${expected}`);
};

const isEqual = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

export const webhook: Vendor = {
  name: 'webhook',
  app,
  recordedTypes: ['SignUp', 'Login'],
  secrets: ({ url }) => ({ WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET, WEBHOOK_TOKEN: TOKEN }),
};
