import type { ExchangeDetails } from '../state.ts';

/** curl sets these itself, and the length changes with the placeholders. */
const OWN_HEADERS = ['host', 'content-length', 'connection', 'accept-encoding'];

/** The request as a command for a POSIX shell. What is masked is a placeholder: `$CREDENTIAL`. */
export const toCurl = ({ method, url, headers, body }: ExchangeDetails): string => {
  const shown = Object.entries(headers).filter(([name]) => !OWN_HEADERS.includes(name));
  return [
    `curl -X ${method} ${quote(url)}`,
    ...shown.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(body ? [`--data-raw ${quote(body)}`] : []),
  ].join(' \\\n  ');
};

/** A quote ends the string, stands escaped, and starts another one; a placeholder stands in double quotes. */
const quote = (text: string): string =>
  `'${text.replaceAll("'", `'\\''`).replaceAll('***', `'"$CREDENTIAL"'`)}'`;
