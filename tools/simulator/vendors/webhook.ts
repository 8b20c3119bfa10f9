/**
 * Imitates a receiver of webhooks as the specifications want it: verifies token and signature, tolerates five minutes
 * between the clocks, demands what a CloudEvent must have, takes no batches, and knows a repetition by `webhook-id`.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#verifying-signatures
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#22-delivery-response
 *
 * Not specified, so guessed: the statuses 400 and 401, all texts, and the answer to a repetition (as to a first one).
 *
 * Not reproduced: asymmetric signatures, binary mode, the handshake of CloudEvents by OPTIONS, and rate limits.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import * as v from 'valibot';
import { type Answer, parseObject, type Vendor, type VendorEnv, type VendorEvent } from './vendor-mock.ts';

const SECRET = 'whsec_y8C1ha3bGscWL4H/jEDWmG5G2hi2GOVS';
const TOKEN = 'c9a1f0e4b7d24d3c8f5e';

const TOLERANCE_S = 5 * 60;
const CONTENT_TYPES = ['application/cloudevents+json', 'application/json'];
const TYPES = new Map<string, VendorEvent['type']>([
  ['com.auth0.user.signup', 'SignUp'],
  ['com.auth0.user.login', 'Login'],
]);

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#type-system */
const attribute = v.pipe(v.string(), v.regex(/^[^\p{Cc}\p{Cs}]+$/u, 'must be a text'));

/** RFC 3986 leaves out of a reference what stands here. */
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
  v.check((event) => Object.keys(event).every((name) => /^([a-z\d]+|data_base64)$/.test(name)), 'bad name'),
);

const app = new Hono<VendorEnv>();

app.post('/', async (c) => {
  if (c.req.header('Authorization') !== `Bearer ${TOKEN}`) return c.json({ message: 'Unknown token' }, 401);
  const contentType = c.req.header('Content-Type')?.split(';')[0] ?? '';
  if (!CONTENT_TYPES.includes(contentType)) return c.json({ message: 'Unsupported Media Type' }, 415);

  const body = Buffer.from(await c.req.arrayBuffer());
  const id = c.req.header('webhook-id') ?? '';
  const timestamp = c.req.header('webhook-timestamp') ?? '';
  const signatures = c.req.header('webhook-signature') ?? '';
  if (!id || !/^\d+$/.test(timestamp) || !signatures) return c.json({ message: 'Missing headers' }, 400);
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_S)
    return c.json({ message: 'Message timestamp too old or too new' }, 400);
  const signature = createHmac('sha256', Buffer.from(SECRET.slice('whsec_'.length), 'base64'))
    .update(`${id}.${timestamp}.`)
    .update(body)
    .digest('base64');
  if (!signatures.split(' ').some((candidate) => isEqual(candidate, `v1,${signature}`)))
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

const isEqual = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

const answers: readonly Answer[] = [
  {
    status: 200,
    means:
      'Zapier and n8n answer the same to what they do not read: look into the history of the workflow, and try WEBHOOK_CONTENT_TYPE=application/json if the event is empty',
  },
  {
    status: 400,
    means:
      'the receiver does not take the event: it must read CloudEvents 1.0 as JSON, and its clock be right',
  },
  {
    status: 401,
    means: 'the receiver checks another key or token: give WEBHOOK_SECRET and WEBHOOK_TOKEN as it has them',
  },
  {
    status: 403,
    means: 'the receiver checks another key or token: give WEBHOOK_SECRET and WEBHOOK_TOKEN as it has them',
  },
  {
    status: 404,
    means: 'nothing is received there: copy WEBHOOK_URL again, and see that the workflow is published',
  },
  { status: 405, means: 'nothing can be posted there: copy WEBHOOK_URL again' },
  { status: 415, means: 'the receiver reads no CloudEvents: try WEBHOOK_CONTENT_TYPE=application/json' },
];

export const webhook: Vendor = {
  name: 'webhook',
  app,
  records: ['SignUp', 'Login'],
  answers,
  secrets: ({ url }) => ({ WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET, WEBHOOK_TOKEN: TOKEN }),
};
