/** A network of fakes at the vendors' real addresses: a request that no fake answers fails its test. */
import { HttpResponse, http, type JsonBodyType } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface FakeNetwork {
  /** What the fakes received in the current test. */
  readonly requests: readonly ReceivedRequest[];
  /** Until the end of the current test, requests to this URL are answered so. */
  answer(url: string, status: number, body?: JsonBodyType): void;
}

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
    expect(unexpected.splice(0), 'requests that no fake answers').toEqual([]);
  });

  afterAll(() => server.close());

  return {
    requests,
    answer(url, status, body) {
      server.use(
        http.all(url, async ({ request }) => {
          const headers = Object.fromEntries(request.headers);
          requests.push({ method: request.method, url: request.url, headers, body: await request.text() });
          return HttpResponse.json(body, { status });
        }),
      );
    },
  };
};

/** What is left of a value that is sent as JSON. */
export const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
