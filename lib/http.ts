/** axios under one deadline; turns every failure into one of errors.ts. A vendor's answer is untrusted input. */
import * as http from 'node:http';
import * as https from 'node:https';
import axios, { type AxiosError, type AxiosResponse } from 'axios';
import { RejectedError, UnavailableError } from './errors.ts';

/** Sends one POST request. */
export type Http = (request: HttpRequest) => Promise<HttpResponse>;

export interface HttpRequest {
  readonly url: string;
  /** Beside or instead of the defaults: JSON, and our User-Agent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent to the byte as it is. */
  readonly body: string;
  readonly tls?: TlsOptions;
}

/** Passed to Node's TLS. https://nodejs.org/docs/latest-v22.x/api/tls.html#tlsconnectoptions-callback */
export interface TlsOptions {
  /** The only certificate authorities to trust, as PEM. */
  readonly ca?: string[];
  /** False accepts any certificate. */
  readonly rejectUnauthorized?: boolean;
}

/** An answer of the 2xx class; all others are thrown. */
export interface HttpResponse {
  readonly status: number;
  /** Parsed if it is JSON, otherwise text: cut after RESPONSE_LIMIT_BYTES, or where the connection broke. */
  readonly body: unknown;
}

const RESPONSE_LIMIT_BYTES = 64 * 1024;

/** Time for an aborted request to say how far it came. */
const ABORT_GRACE_MS = 25;

/** Without one, Splunk falls back to HTTP/1.0 and closes the connection. */
const USER_AGENT = 'auth0-login-analytics';

/** The time that a login may spend on a delivery: name resolution, connection, TLS, answers and pauses included. */
export class Deadline {
  readonly #endsAt: number;
  readonly #controller = new AbortController();
  readonly #timeUp: Promise<never>;
  #timer: NodeJS.Timeout | undefined;

  /** @param startedAt by `performance.now`. */
  constructor(ms: number, startedAt = performance.now()) {
    this.#endsAt = startedAt + ms;
    this.#timeUp = new Promise((_, reject) => {
      this.#timer = setTimeout(() => {
        const error = new UnavailableError(`no answer within ${ms} ms`);
        this.#controller.abort(error);
        this.#timer = setTimeout(reject, this.remainingMs() + ABORT_GRACE_MS, error);
      }, this.remainingMs());
    });
    // It may come to an end while nothing is under way.
    this.#timeUp.catch(() => {});
  }

  remainingMs(): number {
    return this.#endsAt - performance.now();
  }

  /** Its requests end with the deadline. */
  readonly http: Http = (request) => post(request, this.#controller.signal);

  /**
   * Waits for `work`, and no longer than the deadline, whatever `work` does.
   * @throws {UnavailableError} when the time is up.
   */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#timeUp]);
  }

  /** To be called when the delivery is over. */
  end(): void {
    clearTimeout(this.#timer);
  }
}

const post = async (request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> => {
  const { status, headers, data } = await open(request, signal);
  const body = parseIfJson(await readBody(data));
  if (status >= 200 && status < 300) return { status, body };
  const message = `${status} ${http.STATUS_CODES[status] ?? ''}`.trim();
  const answer = { status, vendorText: vendorText(body), body };
  if (!isTemporary(status)) throw new RejectedError(message, answer);
  throw new UnavailableError(message, { ...answer, retryAfterMs: parseRetryAfter(headers['retry-after']) });
};

/** The answer as soon as its status and headers are there. */
const open = async (
  request: HttpRequest,
  signal: AbortSignal,
): Promise<AxiosResponse<http.IncomingMessage>> => {
  const { url, headers, body, tls } = request;
  try {
    return await axios.post(url, Buffer.from(body), {
      headers: { 'Content-Type': 'application/json', 'User-Agent': USER_AGENT, ...headers },
      responseType: 'stream',
      validateStatus: null,
      // A redirect could carry the credential elsewhere, and so could a proxy named by the environment.
      maxRedirects: 0,
      proxy: false,
      signal,
      ...keptAlive(tls),
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const { code, message, request: sent } = error as AxiosError;
    // The destination had closed the kept connection, which an instance frozen meanwhile has not noticed.
    // https://nodejs.org/docs/latest-v22.x/api/http.html#requestreusedsocket
    if (code === 'ECONNRESET' && sent?.reusedSocket) return open(request, signal);
    throw new UnavailableError(`cannot connect: ${code ?? message}`, { advice: adviceFor(code) });
  }
};

/** The status has told the outcome; the body is commentary, so however it ends, what there is of it will do. */
const readBody = async (stream: http.IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= RESPONSE_LIMIT_BYTES) break;
    }
  } catch {}
  return Buffer.concat(chunks).subarray(0, RESPONSE_LIMIT_BYTES).toString();
};

/** https://developer.mozilla.org/docs/Web/HTTP/Reference/Status */
const isTemporary = (status: number): boolean => status >= 500 || [408, 425, 429].includes(status);

/** Codes of Node's TLS and DNS that another attempt does not change. https://nodejs.org/docs/latest-v22.x/api/tls.html#x509-certificate-error-codes */
const adviceFor = (code = ''): string | undefined => {
  if (/CERT|SIGNATURE/.test(code)) return "check the destination's certificate";
  return code === 'ENOTFOUND' ? "check the address in the Action's secrets" : undefined;
};

/** Seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
const parseRetryAfter = (value: unknown): number | undefined => {
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // Date.parse finds a date in nearly anything.
  const ms = / GMT$/.test(value) ? Date.parse(value) - Date.now() : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
};

/** What the destination says of its refusal: error bodies can be JSON, a JSON string, plain text, HTML or empty. */
const vendorText = (body: unknown): string => {
  if (typeof body === 'string') return body.trimStart().startsWith('<') ? '' : body;
  if (typeof body !== 'object' || body === null) return '';
  const { text, message, error } = body as Record<string, unknown>;
  return vendorText(text ?? message ?? error);
};

const parseIfJson = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
};

/** A warm instance keeps its connections: one pair of agents for each way of checking certificates. */
const agents = new Map<string, { httpAgent: http.Agent; httpsAgent: https.Agent }>();

const keptAlive = (tls: TlsOptions = {}) => {
  const key = JSON.stringify(tls);
  const known = agents.get(key);
  if (known) return known;
  const made = {
    httpAgent: new http.Agent({ keepAlive: true }),
    httpsAgent: new https.Agent({ ...tls, keepAlive: true }),
  };
  agents.set(key, made);
  return made;
};
