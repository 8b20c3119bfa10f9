/**
 * Captures the HTTP requests of Actions and their responses from within, so that those of a real destination are seen
 * as well. Actions send everything through axios, whose interceptors leave the connection alone.
 * https://axios-http.com/docs/interceptors
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import type { AxiosError, AxiosStatic, InternalAxiosRequestConfig } from 'axios';
import type { Network } from './network-faults.ts';

/** A request as it was sent, and its response. */
export interface Exchange {
  /** Name of the destination whose mock it was meant for; absent for a real one. */
  readonly destination?: string;
  readonly method: string;
  readonly url: string;
  headers: Record<string, string>;
  readonly body: string;
  /** Milliseconds since the capture began. */
  readonly startMs: number;
  /** Until the response was read or the request failed; undefined while neither has happened. */
  durationMs?: number;
  /** Undefined if there is no response. */
  status?: number;
  responseHeaders: Record<string, string>;
  responseBody: string;
  /** Code of the error, if the request failed. */
  error?: string;
}

interface Capture {
  readonly startedAt: number;
  readonly exchanges: Exchange[];
  readonly network: Network | undefined;
}

/** The instance that Actions get: the types of axios do not declare its browser build. */
const axios: AxiosStatic = createRequire(import.meta.url)('axios/dist/browser/axios.cjs');

const captures = new AsyncLocalStorage<Capture>();
const pending = new WeakMap<object, { exchange: Exchange; capture: Capture }>();

/**
 * Adds what is sent during `work` to `exchanges`. A request that outlives the work is completed later.
 * @param network what the requests meet on their way, if it is not the real one.
 */
export const captureExchanges = <T>(
  exchanges: Exchange[],
  work: () => Promise<T>,
  network?: Network,
): Promise<T> => captures.run({ startedAt: performance.now(), exchanges, network }, work);

const begin = (config: InternalAxiosRequestConfig): InternalAxiosRequestConfig => {
  const capture = captures.getStore();
  if (!capture) return config;
  const destination = capture.network?.getDestination(new URL(config.url ?? ''));
  const exchange: Exchange = {
    ...(destination !== undefined && { destination }),
    method: (config.method ?? 'get').toUpperCase(),
    url: config.url ?? '',
    headers: toHeaders(config.headers.toJSON()),
    body: String(config.data ?? ''),
    startMs: performance.now() - capture.startedAt,
    responseHeaders: {},
    responseBody: '',
  };
  capture.exchanges.push(exchange);
  pending.set(config, { exchange, capture });
  return config;
};

const end = (
  config: object | undefined,
  request: ClientRequest | undefined,
  error?: string,
): Exchange | undefined => {
  const { exchange, capture } = (config && pending.get(config)) ?? {};
  if (!exchange || !capture) return undefined;
  exchange.durationMs = performance.now() - capture.startedAt - exchange.startMs;
  if (request?.getHeaders) exchange.headers = toHeaders(request.getHeaders());
  if (error !== undefined) exchange.error = error;
  return exchange;
};

/** An Action connects before it hands its request to axios. */
const toRerouted = (original: typeof http.request): typeof http.request =>
  ((...args: Parameters<typeof https.request>) => {
    const [url, options] = args;
    const network = captures.getStore()?.network;
    if (!network || !(url instanceof URL)) return original(...args);
    const target = network.reroute(url, options);
    return requests[target.url.protocol as keyof typeof requests](target.url, target.options);
  }) as typeof http.request;

const requests = { 'http:': http.request, 'https:': https.request };
http.request = toRerouted(http.request);
https.request = toRerouted(https.request);

axios.interceptors.request.use(begin);
axios.interceptors.response.use(
  (response) => {
    const exchange = end(response.config, response.request);
    if (!exchange) return response;
    exchange.status = response.status;
    exchange.responseHeaders = toHeaders(response.headers);
    const stream: IncomingMessage = response.data;
    const read = stream[Symbol.asyncIterator].bind(stream);
    stream[Symbol.asyncIterator] = async function* () {
      try {
        for await (const chunk of read()) {
          exchange.responseBody += chunk;
          yield chunk;
        }
      } finally {
        end(response.config, response.request);
      }
    };
    return response;
  },
  (error: AxiosError) => {
    end(error.config, error.request, error.code ?? error.message);
    throw error;
  },
);

const toHeaders = (headers: object): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
