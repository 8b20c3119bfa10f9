/** A network in virtual time, in place of the adapter by which axios reaches the real one. */
import { Readable } from 'node:stream';
import axios, { CanceledError, type InternalAxiosRequestConfig } from 'axios';
import { afterAll, beforeAll } from 'vitest';

/** A response, once its headers have arrived. */
export interface Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** How long the body takes: at once by default, never complete if it is `Infinity`. */
  readonly bodyMs?: number;
}

/** In each test of the file, requests of axios are answered so. A request that is aborted fails whatever `respond` does. */
export const useAdapter = (respond: (config: InternalAxiosRequestConfig) => Promise<Response>): void => {
  const { adapter = 'http' } = axios.defaults;
  beforeAll(() => {
    axios.defaults.adapter = async (config) => {
      const signal = config.signal as AbortSignal;
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new CanceledError('canceled', config)), { once: true });
      });
      const { status, headers = {}, body, bodyMs = 0 } = await Promise.race([respond(config), aborted]);
      return { status, statusText: '', headers, data: toStream(body, bodyMs, signal), config };
    };
  });
  afterAll(() => {
    axios.defaults.adapter = adapter;
  });
};

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const never = (): Promise<never> => new Promise(() => {});

/** Half of the body, and after a while the other half: axios destroys the stream when the request is aborted. */
const toStream = (body: string, ms: number, signal: AbortSignal): Readable => {
  const bytes = Buffer.from(body);
  const stream = new Readable({ read() {} });
  signal.addEventListener('abort', () => stream.destroy(new CanceledError('canceled')), { once: true });
  stream.push(bytes.subarray(0, bytes.length / 2));
  const end = () => {
    if (stream.destroyed) return;
    stream.push(bytes.subarray(bytes.length / 2));
    stream.push(null);
  };
  if (ms === 0) end();
  else if (ms !== Infinity) setTimeout(end, ms);
  return stream;
};
