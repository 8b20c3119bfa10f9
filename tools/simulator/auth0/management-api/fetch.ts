import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';

/** A `fetch` that trusts an additional certificate, for the `fetch` option of the `auth0` SDK. */
export const fetchTrusting =
  (ca: string): typeof fetch =>
  async (input, init) => {
    const { url, method, headers, body, signal } = new Request(input, init);
    const sent = request(url, { ca, method, headers: Object.fromEntries(headers), signal });
    sent.end(body ? Buffer.from(await new Response(body).arrayBuffer()) : undefined);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const { statusCode: status = 0 } = response;
    const bytes = await buffer(response);
    return new Response(status === 204 ? null : bytes, {
      status,
      headers: Object.entries(response.headersDistinct).map(([name, values = []]): [string, string] => [
        name,
        values.join(', '),
      ]),
    });
  };
