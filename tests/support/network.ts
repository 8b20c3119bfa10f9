/** A fake network at the vendors' real host names. A request that no fake responds to fails its test. */
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it was sent. */
  readonly text: string;
  /** The body, parsed if it is JSON. */
  readonly body: unknown;
}

export interface FakeNetwork {
  /** What arrived in the current test. */
  readonly requests: readonly ReceivedRequest[];
  /**
   * Responds to requests to this URL until the end of the current test.
   * @param body a string is sent as it is, anything else as JSON; by default there is none.
   */
  respond(url: string, status: number, body?: unknown): void;
  /** Responds by the request. */
  respondWith(url: string, respond: (request: ReceivedRequest) => { status: number; body?: unknown }): void;
}

/** What a proxy or a login page responds in the vendor's place. */
export const HTML_PAGE = '<!doctype html><title>Sign in</title>';

export const fakeNetwork = (): FakeNetwork => {
  const requests: ReceivedRequest[] = [];
  const unexpected: string[] = [];
  const server = setupServer(
    http.all('*', ({ request }) => {
      // The error alone would look like an outage to an Action, and an Action survives outages.
      unexpected.push(`${request.method} ${request.url}`);
      return HttpResponse.error();
    }),
  );

  beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));

  afterEach(() => {
    server.resetHandlers();
    requests.length = 0;
    expect(unexpected.splice(0), 'requests that no fake responds to').toEqual([]);
  });

  afterAll(() => server.close());

  const respondWith: FakeNetwork['respondWith'] = (url, respond) =>
    server.use(
      http.all(url, async ({ request }) => {
        const { method, url } = request;
        const headers = Object.fromEntries(request.headers);
        const text = await request.text();
        const received = { method, url, headers, text, body: parseIfJson(text) };
        requests.push(received);
        const { status, body } = respond(received);
        return toResponse(status, body);
      }),
    );

  return {
    requests,
    respondWith,
    respond: (url, status, body) => respondWith(url, () => ({ status, body })),
  };
};

const toResponse = (status: number, body: unknown): Response => {
  if (body === undefined) return new HttpResponse(null, { status });
  if (typeof body !== 'string') return Response.json(body, { status });
  return body === HTML_PAGE ? HttpResponse.html(body, { status }) : HttpResponse.text(body, { status });
};

const parseIfJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** What is left of a value that is sent as JSON. */
export const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
