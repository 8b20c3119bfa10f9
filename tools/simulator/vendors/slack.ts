/**
 * Mocks an incoming webhook of Slack: the limits of blocks and texts, and the errors for what is no message. It rejects
 * a text with a mention or link, which Slack would accept and show: no message of an Action may have one.
 *
 * Limitations: no other blocks than sections and contexts, no attachments, no legacy fields, no rate limit of one message
 * a second, and no channel that can be archived. Slack deduplicates nothing: here a duplicate is known by its `id`.
 *
 * Undocumented, so guessed: `invalid_blocks` for every limit of a block that is exceeded.
 *
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/
 * https://docs.slack.dev/reference/block-kit/blocks/
 */
import { Hono } from 'hono';
import * as v from 'valibot';
import { parseObject } from '../json.ts';
import type { Vendor, VendorEnv } from './vendor-mock.ts';

const text = (limitCharacters: number) =>
  v.object({
    type: v.picklist(['mrkdwn', 'plain_text']),
    text: v.pipe(v.string(), v.minLength(1), v.maxLength(limitCharacters)),
    verbatim: v.optional(v.boolean()),
  });

const Section = v.pipe(
  v.object({
    type: v.literal('section'),
    text: v.optional(text(3000)),
    fields: v.optional(v.pipe(v.array(text(2000)), v.minLength(1), v.maxLength(10))),
  }),
  v.check((section) => section.text !== undefined || section.fields !== undefined),
);
const ContextBlock = v.object({
  type: v.literal('context'),
  elements: v.pipe(v.array(text(3000)), v.minLength(1), v.maxLength(10)),
});
const Blocks = v.pipe(v.array(v.union([Section, ContextBlock])), v.maxLength(50));

const app = new Hono<VendorEnv>();

app.post('/', async (c) => {
  const message = parseObject(await c.req.text());
  if (!message) return c.text('invalid_payload', 400);
  const { success, output: blocks } = v.safeParse(Blocks, message.blocks ?? []);
  if (!success) return c.text('invalid_blocks', 400);
  if (blocks.length === 0 && !message.text) return c.text('no_text', 400);

  const texts = blocks.flatMap((block) => (block.type === 'context' ? block.elements : getTexts(block)));
  if (/[<>]|@(?!\u200b)/.test(String(message.text)) || texts.some((one) => /[<>]/.test(one.text)))
    return c.text('invalid_payload', 400);
  const details = new Map(texts.map(({ text }) => readDetail(text)));
  const type = details.get('type');
  c.env.accept({
    id: details.get('id') ?? '',
    type: type === 'SignUp' || type === 'Login' ? type : 'other',
    userId: details.get('userId') ?? '',
    payload: message,
  });
  return c.text('ok');
});

app.notFound((c) => c.text('no_service', 404));

const getTexts = (section: v.InferOutput<typeof Section>) => [
  ...(section.text ? [section.text] : []),
  ...(section.fields ?? []),
];

/** `userId: auth0|ada`, as Slack shows it. */
const readDetail = (text: string): [name: string, value: string] => {
  const [, name = '', value = ''] = /^(\w+): (.*)$/s.exec(text) ?? [];
  return [name, value.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')];
};

export const slack: Vendor = {
  name: 'slack',
  app,
  recordedTypes: ['SignUp'],
  secrets: ({ url }) => ({ SLACK_WEBHOOK_URL: url }),
};
