/**
 * Masks what a vendor's message repeats of secrets and personal data. The forms in which a server can repeat a value
 * (encoded, cut, split, in another case) cannot be listed. So only words pass that look like a vendor's own: short
 * words, names of fields and small numbers, unless they are a part of a private value.
 */

/** More is not read: it would not fit into a log line. */
const MESSAGE_LIMIT_CHARS = 240;

const WORD_LIMIT_CHARS = 32;

const MASK = '***';

/**
 * A message, fit for a log line.
 * @param privateValues secrets and personal data, as they were sent.
 */
export const redact = (message: string, privateValues: readonly string[]): string => {
  const values = privateValues.map(toPrivateValue);
  return message
    .slice(0, MESSAGE_LIMIT_CHARS)
    .split(/[\p{Cc}\p{Cf}\s]+/u)
    .filter((token) => token !== '')
    .map((token) => {
      const [, before = '', word = '', after = ''] = PUNCTUATED.exec(token) ?? [];
      const isHarmless = isVendorWord(word) && !values.some((value) => isPartOf(normalize(word), value));
      return word === '' || isHarmless ? token : before + MASK + after;
    })
    .join(' ')
    .replaceAll(/(\*\*\* )+(?=\*\*\*)/g, '');
};

/** A word with the punctuation before and after it. */
const PUNCTUATED = /^(["'`([{<]*)(.*?)(["'`)\]}>.,:;!?]*)$/;

/** `Invalid`, `events[0].user_id`, `application/cloudevents+json`, `eventName`, `HTTP_EVENT`, `404`. */
const isVendorWord = (word: string): boolean =>
  word.length <= WORD_LIMIT_CHARS &&
  (word.match(/\d/g)?.length ?? 0) <= 6 &&
  word.split(/[-_./+:=[\]'’]/).every((part) => /^([A-Z]?[a-z]+([A-Z][a-z]+)*\d?|[A-Z]+\d?|\d*)$/.test(part));

interface PrivateValue {
  readonly whole: string;
  readonly words: ReadonlySet<string>;
}

const toPrivateValue = (value: string): PrivateValue => ({
  whole: normalize(value),
  words: new Set(
    value
      .split(/[^\p{L}]+/u)
      .filter(({ length }) => length > 2)
      .map(normalize),
  ),
});

/** Shorter parts than these identify nobody, and masking them would take away every second word. */
const isPartOf = (word: string, { whole, words }: PrivateValue): boolean =>
  words.has(word) || (word.length > 3 && whole.includes(word)) || (whole.length > 3 && word.includes(whole));

/** Without differences in case, accents, punctuation and compatibility forms. */
const normalize = (value: string): string =>
  value
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]+/gu, '')
    .toLowerCase();
