/** A network in virtual time, in place of Node's own HTTPS client. */
import { EventEmitter } from 'node:events';
import type { ClientRequest, RequestOptions } from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, vi } from 'vitest';

export interface Request {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** A response, once its headers have arrived. */
export interface Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** How long the body takes: at once by default, never complete if it is `Infinity`. */
  readonly bodyMs?: number;
}

/** In each test of the file, requests are answered so. A request that is aborted fails whatever `respond` does. */
export const useNetwork = (respond: (request: Request) => Promise<Response>): void => {
  const open = (url: unknown, { signal }: RequestOptions): ClientRequest =>
    new FakeRequest(url as URL, signal as AbortSignal, respond) as unknown as ClientRequest;
  beforeAll(() => void vi.spyOn(https, 'request').mockImplementation(open as typeof https.request));
  afterAll(() => void vi.mocked(https.request).mockRestore());
};

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const never = (): Promise<never> => new Promise(() => {});

/** What is used of Node's `ClientRequest`. */
class FakeRequest extends EventEmitter {
  readonly #url: URL;
  readonly #signal: AbortSignal;
  readonly #respond: (request: Request) => Promise<Response>;
  readonly #headers: Record<string, string> = {};
  #isDestroyed = false;

  constructor(url: URL, signal: AbortSignal, respond: (request: Request) => Promise<Response>) {
    super();
    this.#url = url;
    this.#signal = signal;
    this.#respond = respond;
    signal.addEventListener('abort', () => this.destroy(new Error('aborted')), { once: true });
  }

  setHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  end(body: string): void {
    const request = { url: this.#url, headers: this.#headers, body, signal: this.#signal };
    this.#respond(request).then(
      (response) => this.#isDestroyed || this.emit('response', toIncomingMessage(response, this.#signal)),
      (error) => this.destroy(error),
    );
  }

  destroy(error?: Error): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    if (error) this.emit('error', error);
  }
}

/** Half of the body, and after a while the other half. Node destroys it when the request is aborted. */
const toIncomingMessage = ({ status, headers = {}, body, bodyMs = 0 }: Response, signal: AbortSignal) => {
  const bytes = Buffer.from(body);
  const message = new Readable({ read() {} });
  signal.addEventListener('abort', () => message.destroy(new Error('aborted')), { once: true });
  message.push(bytes.subarray(0, bytes.length / 2));
  const end = () => {
    if (message.destroyed) return;
    message.push(bytes.subarray(bytes.length / 2));
    message.push(null);
  };
  if (bodyMs === 0) end();
  else if (bodyMs !== Infinity) setTimeout(end, bodyMs);
  return Object.assign(message, { statusCode: status, headers });
};
