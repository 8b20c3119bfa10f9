import type { VendorResponse } from './vendor-response.ts';

const INVALID_EVENT = 'Slack does not accept what the Action sends';
const REPORT = 'report it as a bug of the Action';
const NOT_ALLOWED = 'the workspace does not allow the webhook to post there';

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/#handling_errors */
export const responses: readonly VendorResponse[] = [
  { status: 400, meaning: INVALID_EVENT, remedy: REPORT },
  {
    status: 403,
    meaning: NOT_ALLOWED,
    remedy: 'ask an administrator of the workspace, or create the webhook for another channel',
  },
  {
    status: 403,
    text: 'invalid_token',
    meaning: 'the token in the URL is not valid',
    remedy: 'copy SLACK_WEBHOOK_URL again',
  },
  {
    status: 404,
    meaning: 'the webhook has been removed or disabled, or its URL is incomplete',
    remedy: 'create another webhook, and set SLACK_WEBHOOK_URL to its URL',
  },
  {
    status: 404,
    text: 'channel_not_found',
    meaning: 'the channel of the webhook has been deleted',
    remedy: 'create a webhook for another channel, and set SLACK_WEBHOOK_URL to its URL',
  },
  {
    status: 410,
    meaning: 'the channel of the webhook has been archived',
    remedy: 'unarchive the channel, or create a webhook for another one',
  },
  {
    status: 429,
    meaning: 'Slack accepts about one message a second',
    remedy: 'try again later, and unset SLACK_LOGINS if there are many Logins',
  },
];
