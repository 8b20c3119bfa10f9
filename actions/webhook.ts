/**
 * Any server that takes webhooks: each activity is a CloudEvent, signed as Standard Webhooks says.
 *
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md
 */
import { createHmac } from 'node:crypto';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import { type Activity, detailsOf } from '../lib/activity.ts';
import { RejectedError } from '../lib/errors.ts';
import { record } from '../lib/record.ts';
import { credential, serverUrl } from '../lib/secrets.ts';
import type { Sink } from '../lib/sink.ts';

const KEY_PREFIX = 'whsec_';
const NOT_A_KEY = `must be ${KEY_PREFIX} and 24 to 64 bytes in base64`;

/** Becomes the bytes of the key. */
const signingKey = v.pipe(
  credential,
  v.startsWith(KEY_PREFIX, NOT_A_KEY),
  v.transform((value) => value.slice(KEY_PREFIX.length)),
  v.base64(NOT_A_KEY),
  v.transform((value) => Buffer.from(value, 'base64')),
  v.check(({ length }) => length >= 24 && length <= 64, NOT_A_KEY),
);

const secrets = v.object({
  WEBHOOK_URL: v.pipe(
    // Its path or query can be all that keeps others out.
    credential,
    v.check(
      (value) => v.is(serverUrl, value.replace(/\?[^#]*$/, '')),
      'must be an https URL without user and fragment',
    ),
    v.description(
      'Address of the receiver with path and query, without user and fragment: `https://hooks.acme.com/auth0?flow=7`',
    ),
  ),
  WEBHOOK_SECRET: v.pipe(
    signingKey,
    v.description('Key of the signature, shared with the receiver: `whsec_` and 24 to 64 bytes in base64'),
  ),
  WEBHOOK_OLD_SECRET: v.optional(
    v.pipe(
      signingKey,
      v.description('The key before, which signs as well until the receiver has changed over'),
    ),
  ),
  WEBHOOK_TOKEN: v.optional(
    v.pipe(credential, v.description('Token that the receiver demands as `Authorization: Bearer`')),
  ),
  WEBHOOK_CONTENT_TYPE: v.optional(
    v.pipe(
      v.picklist(
        ['application/cloudevents+json', 'application/json'],
        'must be application/cloudevents+json or application/json',
      ),
      v.description('`application/json` for receivers that read no other JSON, n8n for one'),
    ),
    'application/cloudevents+json',
  ),
});

type Secrets = v.InferOutput<typeof secrets>;

const TYPES = { SignUp: 'com.auth0.user.signup', Login: 'com.auth0.user.login' };

/** The CloudEvent. Its source is as in Auth0's own: https://auth0.com/docs/customize/events/event-types */
export const toPayload = (activity: Activity) => ({
  specversion: '1.0',
  id: activity.id,
  source: `urn:auth0:${encodeURIComponent(activity.tenant)}:users`,
  type: TYPES[activity.type],
  subject: activity.user.id,
  time: activity.time,
  datacontenttype: 'application/json',
  data: {
    userId: activity.user.id,
    name: activity.user.name,
    email: activity.user.email,
    ip: activity.request.ip,
    userAgent: activity.request.userAgent,
    application: activity.application.name,
    clientId: activity.application.id,
    ...detailsOf(activity),
  },
});

/** The id is the same on every attempt, the timestamp is the attempt's: in seconds. */
const sign = (id: string, body: string, { WEBHOOK_SECRET, WEBHOOK_OLD_SECRET }: Secrets) => {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signatures = [WEBHOOK_SECRET, WEBHOOK_OLD_SECRET].flatMap((key) =>
    key ? `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}` : [],
  );
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
};

const explainGone = (error: unknown): never => {
  if (!(error instanceof RejectedError) || error.status !== 410) throw error;
  throw new RejectedError(
    '410 Gone, the receiver has unsubscribed: unbind the Action, or change WEBHOOK_URL',
    {
      status: 410,
    },
  );
};

export const webhook: Sink<typeof secrets> = {
  name: 'webhook',
  secrets,
  // A `webhook-id` is that of one event, and a receiver has to ask for batches:
  // https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#13-content-modes
  batchLimit: 1,
  async send(activities, secrets, http) {
    for (const activity of activities) {
      const body = JSON.stringify(toPayload(activity));
      const headers = {
        'Content-Type': secrets.WEBHOOK_CONTENT_TYPE,
        ...(secrets.WEBHOOK_TOKEN && { Authorization: `Bearer ${secrets.WEBHOOK_TOKEN}` }),
        ...sign(activity.id, body, secrets),
      };
      await http({ url: secrets.WEBHOOK_URL, headers, body }).catch(explainGone);
    }
  },
};

/**
 * Handler that Auth0 calls for every login.
 *
 * @param {Event} event - The user and the circumstances of the login.
 * @param {PostLoginAPI} api - What an Action may change about it.
 * @preserve
 */
export const onExecutePostLogin = async (event: Event, api: PostLoginAPI): Promise<void> =>
  record(webhook, event, api);
