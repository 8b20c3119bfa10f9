import type { VendorResponse } from './vendor-response.ts';

const WRONG_CREDENTIALS = {
  meaning: 'the receiver expects another signing secret or token',
  remedy: 'set WEBHOOK_SECRET and WEBHOOK_TOKEN to the values that the receiver has',
};

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export const responses: readonly VendorResponse[] = [
  {
    status: 200,
    meaning: 'Zapier and n8n respond the same to what they cannot read',
    remedy:
      'look into the history of the workflow, and try WEBHOOK_CONTENT_TYPE=application/json if the event is empty',
  },
  {
    status: 400,
    meaning: 'the receiver does not accept the event',
    remedy: 'it must read CloudEvents 1.0 in JSON, and its clock must be right',
  },
  {
    status: 400,
    // Fluent Bit, https://docs.fluentbit.io/manual/data-pipeline/inputs/http
    text: "error: invalid 'Content-Type'",
    meaning: 'the receiver does not accept the content type of CloudEvents',
    remedy: 'set WEBHOOK_CONTENT_TYPE=application/json',
  },
  { status: 401, ...WRONG_CREDENTIALS },
  { status: 403, ...WRONG_CREDENTIALS },
  {
    status: 404,
    meaning: 'nothing receives webhooks at this URL',
    remedy: 'copy WEBHOOK_URL again, and check that the workflow is published',
  },
  {
    status: 405,
    meaning: 'nothing can be posted to this URL',
    remedy: 'copy WEBHOOK_URL again',
  },
  {
    status: 415,
    meaning: 'the receiver does not accept the content type of CloudEvents',
    remedy: 'set WEBHOOK_CONTENT_TYPE=application/json',
  },
];
