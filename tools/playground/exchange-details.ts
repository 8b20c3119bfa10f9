/** A request and its response as people are shown them. */
import { maskHeaders, maskText } from '../simulator/redact-secrets.ts';
import type { Exchange } from './exchanges.ts';
import type { ExchangeDetails } from './state.ts';

export const toExchangeDetails = (exchange: Exchange, credentials: readonly string[]): ExchangeDetails => {
  const hidden = [
    ...new Set(credentials.flatMap((credential) => [credential, ...toBase64Forms(credential)])),
  ];
  return {
    ...exchange,
    url: maskText(exchange.url, hidden),
    headers: maskHeaders(exchange.headers),
    body: maskText(indentJson(exchange.body), hidden),
    responseHeaders: maskHeaders(exchange.responseHeaders),
    responseBody: maskText(indentJson(exchange.responseBody), hidden),
  };
};

/** Shorter ones would be found in any text. */
const ENCODED_LIMIT_CHARS = 6;

/**
 * What Base64 makes of a credential, alone and as a part of `name:credential`: it depends on the position within what is
 * encoded. The characters at the ends, which depend on the neighbors as well, are left out.
 * https://www.rfc-editor.org/rfc/rfc7617#section-2
 */
const toBase64Forms = (credential: string): string[] => {
  const bytes = Buffer.from(credential);
  return [0, 1, 2]
    .map((offset) => {
      const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
      const start = Math.ceil((offset * 8) / 6);
      return encoded.slice(start, Math.floor(((offset + bytes.length) * 8) / 6));
    })
    .filter((form) => form.length >= ENCODED_LIMIT_CHARS)
    .flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
};

/** Indents JSON, and JSON Lines. Other text stays as it is. */
const indentJson = (text: string): string => {
  try {
    return text
      .split('\n')
      .map((line) => JSON.stringify(JSON.parse(line), null, 2))
      .join('\n');
  } catch {
    return text;
  }
};
