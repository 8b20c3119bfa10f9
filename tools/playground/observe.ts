/**
 * What an Action sends and what it is answered, seen from within: a destination that is not embedded shows neither.
 * The Actions send everything through axios, whose interceptors do not touch the connection.
 * https://axios-http.com/docs/interceptors
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AxiosError, AxiosStatic, InternalAxiosRequestConfig } from 'axios';

/** One request, as it went out, and its answer. */
export interface Exchange {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Since the beginning of the observation. */
  startMs: number;
  /** Until the answer was read or the request had failed; undefined as long as neither is so. */
  durationMs?: number;
  /** Undefined without an answer: `error` says why. */
  status?: number;
  answerHeaders: Record<string, string>;
  answer: string;
  error?: string;
}

interface Observation {
  readonly startedAt: number;
  readonly exchanges: Exchange[];
}

// The instance that an Action gets from `require`, which is not the one of `import`.
const axios: AxiosStatic = createRequire(import.meta.url)('axios');

const observations = new AsyncLocalStorage<Observation>();
const exchanges = new WeakMap<object, { exchange: Exchange; observation: Observation }>();

/** Runs `work` and tells what it sends. A request that outlives it is completed later. */
export const observe = async <T>(work: () => Promise<T>): Promise<{ result: T; exchanges: Exchange[] }> => {
  const observation: Observation = { startedAt: performance.now(), exchanges: [] };
  return { result: await observations.run(observation, work), exchanges: observation.exchanges };
};

const begin = (config: InternalAxiosRequestConfig): InternalAxiosRequestConfig => {
  const observation = observations.getStore();
  if (!observation) return config;
  const exchange: Exchange = {
    method: (config.method ?? 'get').toUpperCase(),
    url: config.url ?? '',
    headers: textsOf(config.headers.toJSON()),
    body: String(config.data ?? ''),
    startMs: performance.now() - observation.startedAt,
    answerHeaders: {},
    answer: '',
  };
  observation.exchanges.push(exchange);
  exchanges.set(config, { exchange, observation });
  return config;
};

const end = (
  config: object | undefined,
  request: ClientRequest | undefined,
  error?: string,
): Exchange | undefined => {
  const { exchange, observation } = (config && exchanges.get(config)) ?? {};
  if (!exchange || !observation) return undefined;
  exchange.durationMs = performance.now() - observation.startedAt - exchange.startMs;
  if (request?.getHeaders) exchange.headers = textsOf(request.getHeaders());
  if (error !== undefined) exchange.error = error;
  return exchange;
};

axios.interceptors.request.use(begin);
axios.interceptors.response.use(
  (response) => {
    const exchange = end(response.config, response.request);
    if (!exchange) return response;
    exchange.status = response.status;
    exchange.answerHeaders = textsOf(response.headers);
    const stream: IncomingMessage = response.data;
    const read = stream[Symbol.asyncIterator].bind(stream);
    stream[Symbol.asyncIterator] = async function* () {
      try {
        for await (const chunk of read()) {
          exchange.answer += chunk;
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

const textsOf = (headers: object): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
