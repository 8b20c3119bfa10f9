/** A message of Block Kit, in which nothing that a user chose is a mention, a link or another line. */

type Value = string | number | boolean | Date | readonly string[] | undefined;

/** What a reader looks for. The rest is in small print. */
const PROMINENT = ['name', 'email', 'application', 'connection', 'organization', 'city', 'country', 'ip'];

/** https://docs.slack.dev/reference/block-kit/blocks/context-block/ */
const ELEMENTS_LIMIT = 10;
/** Escaped, it is at most five times as long: Slack rejects a message with a text of more than 3000 characters. */
const VALUE_LIMIT_CHARS = 512;

export const toMessage = ({
  text,
  details,
}: {
  readonly text: string;
  readonly details: Readonly<Record<string, Value>>;
}) => {
  const entries = Object.entries(details).flatMap(([name, value]) => {
    const string = toText(value);
    return string === '' ? [] : [{ name, text: string }];
  });
  const fields = entries.filter(({ name }) => PROMINENT.includes(name));
  const others = entries.filter(({ name }) => !PROMINENT.includes(name));
  return {
    // For notifications, and for servers that know no blocks. They, and not Slack, read `@channel` and `@everyone`.
    text: escapeText(toText(text)).replaceAll('@', '@\u200b'),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'section', text: markdown(`*${escapeText(toText(text))}*`) },
      ...(fields.length > 0
        ? [
            {
              type: 'section',
              fields: fields.map((field) => markdown(`*${field.name}*\n${escapeText(field.text)}`)),
            },
          ]
        : []),
      ...chunk(others).map((part) => ({
        type: 'context',
        elements: part.map((other) => markdown(`${other.name}: ${escapeText(other.text)}`)),
      })),
    ],
  };
};

const toText = (value: Value = ''): string =>
  (value instanceof Date ? value.toISOString() : [value].flat().join(', '))
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, VALUE_LIMIT_CHARS)
    .toWellFormed();

/** Without `<`, there is no mention, no link and no date. https://docs.slack.dev/messaging/formatting-message-text/#escaping */
const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** `verbatim` keeps Slack from making links of URLs and of names of channels. */
const markdown = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });

const chunk = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / ELEMENTS_LIMIT) }, (_, index) =>
    items.slice(index * ELEMENTS_LIMIT, (index + 1) * ELEMENTS_LIMIT),
  );
