/** axios under one deadline. Every failure becomes one of errors.ts. A vendor's response is untrusted input. */
import { STATUS_CODES } from 'node:http';
import type { Readable } from 'node:stream';
import type { AxiosError, AxiosResponse } from 'axios';
import { post } from './axios.ts';
import { RejectedError, UnavailableError } from './errors.ts';

/** Sends one POST request. */
export type Http = (request: HttpRequest) => Promise<HttpResponse>;

export interface HttpRequest {
  readonly url: string;
  /** In addition to the defaults, or instead of them: JSON, and our User-Agent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent byte for byte. */
  readonly body: string;
  readonly tls?: TlsOptions;
  /**
   * Whether a response of the 2xx class is the vendor's own and accepts the request. Proxies and login pages respond
   * with 200 as well. By default anything is accepted but HTML, which never is.
   */
  isAccepted?(response: HttpResponse): boolean;
}

/** Passed to Node's TLS. https://nodejs.org/docs/latest-v22.x/api/tls.html#tlsconnectoptions-callback */
export interface TlsOptions {
  /** The only certificate authorities to trust, as PEM. */
  readonly ca?: string[];
  /** False accepts any certificate. */
  readonly rejectUnauthorized?: boolean;
}

/** A response of the 2xx class; all others are thrown. */
export interface HttpResponse {
  readonly status: number;
  /** Parsed if it is JSON, otherwise a string; undefined if it is empty. */
  readonly body: unknown;
}

const RESPONSE_LIMIT_BYTES = 64 * 1024;

/** How long a body may take after its headers. A vendor's is short and sent with them. */
const BODY_TIMEOUT_MS = 250;

/** Time for a body that is cut off by the deadline to be evaluated: its status has arrived. */
const ABORT_GRACE_MS = 25;

const DEFAULT_HEADERS = {
  'Accept-Encoding': 'identity',
  'Content-Type': 'application/json',
  // Without one, Splunk falls back to HTTP/1.0 and closes the connection.
  'User-Agent': 'auth0-login-analytics',
};

/** The time left for a piece of work, and requests that end with it. */
export interface Deadline {
  readonly http: Http;
  remainingMs(): number;
}

/**
 * Waits for `work` no longer than `ms` from `startedAt`, whatever it does: name resolution, connection, TLS, responses
 * and pauses included.
 * @param startedAt by `performance.now`.
 * @throws {UnavailableError} when the time is up.
 */
export const withDeadline = async <T>(
  ms: number,
  work: (deadline: Deadline) => Promise<T>,
  startedAt = performance.now(),
): Promise<T> => {
  const remainingMs = () => startedAt + ms - performance.now();
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new UnavailableError(`timed out after ${ms} ms`, { code: 'TIMEOUT' });
      controller.abort(error);
      timer = setTimeout(reject, ABORT_GRACE_MS, error);
    }, remainingMs());
  });
  try {
    return await Promise.race([
      work({ http: (request) => send(request, controller.signal), remainingMs }),
      expired,
    ]);
  } finally {
    clearTimeout(timer);
  }
};

const send = async (request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> => {
  const { status, headers, data } = await sendRequest(request, signal);
  const { text, isComplete } = await readBody(data);
  const body = parseIfJson(text);
  const message = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  if (status >= 200 && status < 300) {
    const response = { status, body };
    const isPage = isHtml(text, headers['content-type']);
    // An empty body can accept a request, one that has not arrived cannot.
    const isReadable = isComplete || text !== '' || !request.isAccepted;
    if (!isPage && isReadable && (request.isAccepted?.(response) ?? true)) return response;
    if (!isPage && !isComplete)
      throw new UnavailableError(`${message}, but the response body is incomplete`, { status });
    const hint = "check the URL in the Action's secrets";
    throw new RejectedError(`${message}, but not a response of the vendor's API`, { status, body, hint });
  }
  const details = { status, vendorMessage: getVendorMessage(body), body };
  if (!isTemporary(status)) throw new RejectedError(message, details);
  throw new UnavailableError(message, { ...details, retryAfterMs: parseRetryAfter(headers['retry-after']) });
};

/** The response as soon as its status and headers have arrived. */
const sendRequest = async (request: HttpRequest, signal: AbortSignal): Promise<AxiosResponse<Readable>> => {
  const { url, headers, body, tls } = request;
  try {
    return await post(url, body, { headers: { ...DEFAULT_HEADERS, ...headers }, tls, signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const { code = 'unknown', request: sent } = error as AxiosError;
    // The destination had closed an idle connection, and an instance that was frozen meanwhile has not noticed.
    // https://nodejs.org/docs/latest-v22.x/api/http.html#requestreusedsocket
    if (code === 'ECONNRESET' && sent?.reusedSocket) return sendRequest(request, signal);
    throw new UnavailableError(`${describeError(code)}: ${code}`, { code, hint: getHint(code) });
  }
};

/** However it ends, what has arrived of it is evaluated. */
const readBody = async (stream: Readable): Promise<{ text: string; isComplete: boolean }> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isComplete = false;
  const timer = setTimeout(() => stream.destroy(), BODY_TIMEOUT_MS);
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= RESPONSE_LIMIT_BYTES) break;
    }
    isComplete = bytes < RESPONSE_LIMIT_BYTES;
  } catch {
  } finally {
    clearTimeout(timer);
  }
  const text = Buffer.concat(chunks).subarray(0, RESPONSE_LIMIT_BYTES).toString();
  return { text, isComplete };
};

/** https://developer.mozilla.org/docs/Web/HTTP/Reference/Status */
const isTemporary = (status: number): boolean => status >= 500 || [408, 425, 429].includes(status);

const isHtml = (text: string, contentType: unknown = ''): boolean =>
  text.trimStart().startsWith('<') || /^(text\/html|application\/xhtml)/i.test(String(contentType));

/** Codes of Node's TLS: https://nodejs.org/docs/latest-v22.x/api/tls.html#x509-certificate-error-codes */
const isCertificateError = (code: string): boolean => /CERT|SIGNATURE/.test(code);

const CONNECT_ERRORS = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'];

const describeError = (code: string): string => {
  if (CONNECT_ERRORS.includes(code) || isCertificateError(code)) return 'cannot connect';
  return code.startsWith('HPE_') ? 'malformed HTTP response' : 'connection error';
};

/** Who must act, where another attempt right away would fail alike. */
const getHint = (code: string): string | undefined => {
  if (isCertificateError(code)) return "check the destination's certificate";
  return code === 'ENOTFOUND' ? "check the URL in the Action's secrets" : undefined;
};

/** Seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
const parseRetryAfter = (value: unknown): number | undefined => {
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // Date.parse finds a date in nearly anything.
  const ms = / GMT$/.test(value) ? Date.parse(value) - Date.now() : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
};

/** No vendor nests its message deeper. */
const MESSAGE_DEPTH_LIMIT = 4;

/** The vendor's explanation, from the fields where vendors put it. RFC 9457 calls it `detail`. */
const getVendorMessage = (body: unknown, depth = 0): string => {
  if (typeof body === 'string') return isHtml(body) ? '' : body;
  if (typeof body !== 'object' || body === null || depth > MESSAGE_DEPTH_LIMIT) return '';
  if (Array.isArray(body)) return getVendorMessage(body[0], depth + 1);
  const { text, message, detail, error, errors, title } = body as Record<string, unknown>;
  const messages = [text, message, detail, error, errors, title].map((value) =>
    getVendorMessage(value, depth + 1),
  );
  return messages.find((value) => value !== '') ?? '';
};

const parseIfJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text.trim() === '' ? undefined : text;
  }
};
