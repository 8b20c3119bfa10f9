import { type Activity, commonProperties } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { booleanString } from '../lib/formats.ts';
import { getString } from '../lib/json.ts';
import { eventNames, optional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { secretUrl } from './shared/secret-url.ts';
import { toMessage } from './shared/slack.ts';

const names = eventNames('SLACK', 'New sign-up', 'Login');

const secrets = {
  SLACK_WEBHOOK_URL: required(
    secretUrl,
    'URL of the incoming webhook: `https://hooks.slack.com/services/T…/B…/…`; that of Mattermost, or of Discord with `/slack` at its end',
  ),
  SLACK_LOGINS: optional(booleanString, '`true` sends a message for every Login as well'),
  ...names.secrets,
};

type Secrets = SecretValues<typeof secrets>;

/** What the message says. Slack does not deduplicate: the id shows that two messages are about one event. */
const toPayload = (activity: Activity, secrets: Secrets) => {
  const { user, application, request } = activity;
  const who = user.name ?? user.email ?? user.id;
  return {
    text: `${names.getEventName(activity, secrets)}: ${who}${application.name ? ` (${application.name})` : ''}`,
    details: {
      ...user.properties,
      ...commonProperties(activity),
      name: user.name,
      ip: request.ip,
      type: activity.type,
      time: activity.time,
      userId: user.id,
      id: activity.id,
    },
  };
};

export const slack = defineSink({
  name: 'slack',
  title: 'Slack, incoming webhooks',
  docs: [
    'https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/',
    'https://docs.slack.dev/messaging/formatting-message-text/',
    'https://docs.slack.dev/reference/block-kit/blocks/',
  ],
  secrets,
  // One message, one event.
  batchLimit: 1,
  toPayload,
  getSkipReason: ({ type }, secrets) =>
    type === 'Login' && !secrets.SLACK_LOGINS ? 'SLACK_LOGINS is not set' : undefined,
  async send([activity], secrets, http) {
    await http({
      url: secrets.SLACK_WEBHOOK_URL,
      headers: {},
      body: JSON.stringify(toMessage(toPayload(activity, secrets))),
      isAccepted: ({ body }) => getString(body)?.trim() === 'ok',
    });
  },
});

export const onExecutePostLogin = createAction(slack);
