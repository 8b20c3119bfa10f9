/**
 * Masks what a vendor's message repeats of secrets and personal data. The forms in which a server can repeat a value
 * (encoded, cut, split, in another case) cannot be listed. So only what looks like a vendor's own words passes: words,
 * names of fields, small numbers. Of these, what agrees with a private value is masked as well.
 */

/** More is not read: it would not fit into a log line. */
const MESSAGE_LIMIT_CHARS = 240;

/** So many private characters are compared in a few milliseconds. With more of them, nothing is quoted. */
const PRIVATE_LIMIT_CHARS = 64 * 1024;

const MASK = '***';

/**
 * A message, fit for a log line. Empty if nothing can be quoted.
 * @param privateValues secrets and personal data, as they were sent.
 */
export const redact = (message: string, privateValues: readonly string[]): string => {
  const words = message
    .slice(0, MESSAGE_LIMIT_CHARS)
    .split(/[\p{Cc}\p{Cf}\s]+/u)
    .filter((word) => word !== '');
  const values = [...new Set(privateValues)].join('\n');
  if (words.length === 0 || values.length > PRIVATE_LIMIT_CHARS) return '';

  const isPrivate = findPrivateWords(words, values);
  return words
    .map((word, index) => {
      const isHarmless = isVendorWord(word) && !isPrivate[index] && !isInNumberList(words, index);
      return isHarmless ? word : word.replace(PUNCTUATED, `$1${MASK}$3`);
    })
    .join(' ')
    .replaceAll(/\*\*\*([\s,.:;]+\*\*\*)+/g, MASK);
};

/** A word with the punctuation before and after it. */
const PUNCTUATED = /^(["'`([{<]*)(.*?)(["'`)\]}>.,:;!?%…]*)$/;

/** `Invalid`, `events[0].user_id`, `application/cloudevents+json`, `eventID`, `HTTP_EVENT`, `404`, `64kB`. */
const isVendorWord = (word: string): boolean => {
  const [, , core = ''] = PUNCTUATED.exec(word) ?? [];
  return (
    core.length <= 32 &&
    !IP_ADDRESS.test(core) &&
    (core.match(/\d/g)?.length ?? 0) <= 6 &&
    core.split(/[-_./+:=()[\]{},"'’$]/).every((part) => VENDOR_PART.test(part))
  );
};

/** Its digits can be too few to agree with those of a private one. */
const IP_ADDRESS = /\d(\.\d+){3}/;

const VENDOR_PART = /^([A-Z]*[a-z]+([A-Z][a-z]+)*([A-Z]{2})?\d{0,3}|[A-Z]+\d{0,3}|\d+[A-Za-z]{0,2}|[–—|]?)$/;

/** Bytes, an IP address or a telephone number can be spread over several words. */
const isInNumberList = (words: readonly string[], index: number): boolean =>
  isNumber(words[index]) && (isNumber(words[index - 1]) || isNumber(words[index + 1]));

const isNumber = (word = ''): boolean => /^\P{L}*\p{N}\P{L}*$/u.test(word);

/**
 * Which words agree with a private value: as a word of it, or by characters in a row.
 * @param values one on each line.
 */
const findPrivateWords = (words: readonly string[], values: string): boolean[] => {
  const plain = toPlain(values);
  const privateNames = new Set([...plain.split('\n').map(toLetters), ...toNames(plain)]);
  const letters = words.map((word) => toLetters(toPlain(word)));
  const sharedChars = countSharedChars(letters.join(''), plain, values);
  let end = 0;
  return words.map((word, index) => {
    const whole = letters[index] ?? '';
    const { length } = whole;
    const start = end;
    end += length;
    if (length === 0) return false;
    const names = [whole, ...toNames(toPlain(word.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')))];
    return (
      names.some((name) => privateNames.has(name)) ||
      // Four characters can be a whole word. As a part of words, so few agree by chance.
      (length >= 4 && (sharedChars[end - 1] ?? 0) >= length) ||
      sharedChars.slice(start, end + 5).some((count, offset) => count >= 6 && offset - count + 1 < length)
    );
  });
};

/** Without differences in case, accents and compatibility forms. */
const toPlain = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    // The upper case of `ß` is `SS`.
    .toUpperCase()
    .toLowerCase();

const toLetters = (plain: string): string => plain.replaceAll(/[^a-z0-9]+/g, '');

/** Shorter words identify nobody. */
const toNames = (plain: string): readonly string[] => plain.match(/[a-z]{3,}/g) ?? [];

/** For each character of a text, how many in a row up to it stand in the private values as well. Fewer than 4 are 0. */
const countSharedChars = (text: string, plain: string, values: string): number[] => {
  const bytes = Buffer.from(values);
  // Base64 depends on the position of a value within what is encoded.
  const shifted = [0, 1, 2].map((offset) => Buffer.concat([Buffer.alloc(offset), bytes]));
  const forms = [plain, bytes.toString('hex'), ...shifted.map((all) => all.toString('base64'))];
  const runs = toRuns(text);
  const wanted = new Set(runs);
  const shared = new Set(forms.flatMap((form) => toRuns(form, wanted)));
  let count = 0;
  return runs.map((run) => {
    if (!shared.has(run)) count = 0;
    else count = count === 0 ? 4 : count + 1;
    return count;
  });
};

/** For each letter or digit of a text, it and the three before it as one number, if that is wanted. */
const toRuns = (text: string, wanted?: ReadonlySet<number>): number[] => {
  const runs: number[] = [];
  let run = 0;
  for (let index = 0; index < text.length; index += 1) {
    // This bit makes a letter lower case, and leaves a digit as it is.
    const code = text.charCodeAt(index) | 0x20;
    const isLetterOrDigit = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
    if (!isLetterOrDigit) continue;
    run = (run << 8) | code;
    if (!wanted || wanted.has(run)) runs.push(run);
  }
  return runs;
};
