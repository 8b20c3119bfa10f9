import { type Activity, commonProperties } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { credential, format, headerList, oneOf, toBaseUrl } from '../lib/formats.ts';
import { eventNames, optional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { sign, signingKey } from './shared/standard-webhooks.ts';

/** Sensitive as a whole: its path or query can be all that keeps others out. */
const receiverUrl = format(
  'must be an https URL without user and fragment',
  (input) => (/^[!-~]+$/.test(input) && toBaseUrl(input.replace(/\?[^#]*$/, '')) ? input : undefined),
  { sensitive: true },
);

const names = eventNames('WEBHOOK', 'com.auth0.user.signup', 'com.auth0.user.login');

const secrets = {
  WEBHOOK_URL: required(
    receiverUrl,
    'URL of the receiver with path and query, without user and fragment: `https://hooks.acme.com/auth0?flow=7`',
  ),
  WEBHOOK_SECRET: required(
    signingKey,
    'Key of the signature: `whsec_…`, shared with the receiver, or `whsk_…`, a private Ed25519 key',
  ),
  WEBHOOK_PREVIOUS_SECRET: optional(
    signingKey,
    'The previous key, which signs as well until the receiver has changed over',
  ),
  ...names.secrets,
  WEBHOOK_HEADERS: optional(
    headerList,
    'Further headers that the receiver demands: `aeg-sas-key=…,x-team=identity`, percent-encoded',
  ),
  WEBHOOK_TOKEN: optional(credential, 'Token that the receiver demands as `Authorization: Bearer`'),
  WEBHOOK_CONTENT_TYPE: optional(
    oneOf('application/cloudevents+json', 'application/json'),
    '`application/json` for receivers that read no other JSON, for example n8n',
    'application/cloudevents+json',
  ),
};

type Secrets = SecretValues<typeof secrets>;

/** The CloudEvent. Its source is as in Auth0's own: https://auth0.com/docs/customize/events/event-types */
const toPayload = (activity: Activity, secrets: Secrets) => ({
  specversion: '1.0',
  id: activity.id,
  source: `urn:auth0:${encodeURIComponent(activity.tenant)}:users`,
  type: names.getEventName(activity, secrets),
  subject: activity.user.id,
  time: activity.time,
  datacontenttype: 'application/json',
  data: {
    ...activity.user.properties,
    ...commonProperties(activity),
    userId: activity.user.id,
    name: activity.user.name,
    ip: activity.request.ip,
  },
});

export const webhook = defineSink({
  name: 'webhook',
  title: 'Webhook, CloudEvents signed as Standard Webhooks',
  docs: [
    'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
    'https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md',
    'https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md',
  ],
  secrets,
  // A `webhook-id` is that of one event, and a receiver has to ask for batches:
  // https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#13-content-modes
  batchLimit: 1,
  toPayload,
  async send([activity], secrets, http) {
    const body = JSON.stringify(toPayload(activity, secrets));
    const headers = {
      'Content-Type': secrets.WEBHOOK_CONTENT_TYPE,
      ...secrets.WEBHOOK_HEADERS,
      ...(secrets.WEBHOOK_TOKEN && { Authorization: `Bearer ${secrets.WEBHOOK_TOKEN}` }),
      ...sign(activity.id, body, [secrets.WEBHOOK_SECRET, secrets.WEBHOOK_PREVIOUS_SECRET]),
    };
    await http({ url: secrets.WEBHOOK_URL, headers, body });
  },
});

export const onExecutePostLogin = createAction(webhook);
