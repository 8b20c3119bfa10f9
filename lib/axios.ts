/**
 * axios, made to start fast: the first user of a fresh instance waits until it is loaded. Its browser build leaves out
 * what Actions do not use (forms, proxies, redirects), and an adapter sends through Node's own client.
 * https://axios-http.com/docs/req_config
 */
/// <reference path="../types/axios/browser.d.ts" />
import http from 'node:http';
import https from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import type { AxiosAdapter, AxiosResponse, AxiosStatic } from 'axios';

interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: https.AgentOptions | undefined;
  readonly signal: AbortSignal;
}

let axios: AxiosStatic | undefined;

export const loadAxios = async (): Promise<AxiosStatic> => {
  axios ??= (await import('axios/dist/browser/axios.cjs')).default;
  return axios;
};

/** Sends a POST request, whose connection is made while axios is loaded. Resolves once status and headers have arrived. */
export const post = async (
  url: string,
  body: string,
  { headers, tls, signal }: PostOptions,
): Promise<AxiosResponse<Readable>> => {
  const request = openRequest(new URL(url), tls, signal);
  try {
    const adapter = toAdapter(request);
    const { post } = await loadAxios();
    // By default, axios trims a body of JSON.
    return await post(url, body, { adapter, headers, transformRequest: (data) => data });
  } catch (error) {
    request.destroy();
    throw error;
  }
};

/** Begins to connect, without a proxy, and sends nothing yet. Node follows no redirect: either could leak the credential. */
const openRequest = (
  url: URL,
  tls: https.AgentOptions | undefined,
  signal: AbortSignal,
): http.ClientRequest => {
  const options = { method: 'POST', signal };
  return url.protocol === 'https:'
    ? https.request(url, { ...options, agent: getHttpsAgent(tls) })
    : http.request(url, { ...options, agent: httpAgent });
};

/** Sends a request that is open. The data of the response is the stream of its body. */
const toAdapter = (request: http.ClientRequest): AxiosAdapter => {
  const responded = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject);
  });
  // The connection can fail before axios is loaded.
  responded.catch(() => {});
  return async (config) => {
    try {
      for (const [name, value] of Object.entries(config.headers.toJSON()))
        request.setHeader(name, String(value));
      request.end(config.data);
      const response = await responded;
      const { statusCode: status = 0, statusMessage: statusText = '' } = response;
      const headers = response.headers as Record<string, string>;
      return { status, statusText, headers, data: await decompress(response), config, request };
    } catch (error) {
      // As axios's own adapters do, for interceptors.
      throw Object.assign(error as Error, { config, request });
    }
  };
};

/** Some servers compress a body although the request does not allow it. */
const decompress = async (response: http.IncomingMessage): Promise<Readable> => {
  if (response.headers['content-encoding'] !== 'gzip') return response;
  const { createGunzip } = await import('node:zlib');
  return pipeline(response, createGunzip(), () => {});
};

/** A warm instance keeps its connections. */
const httpAgent = new http.Agent({ keepAlive: true });

/** One for each way of checking certificates. */
const httpsAgents = new Map<string, https.Agent>();

const getHttpsAgent = (tls: https.AgentOptions = {}): https.Agent => {
  const key = JSON.stringify(tls);
  const agent = httpsAgents.get(key) ?? new https.Agent({ ...tls, keepAlive: true });
  httpsAgents.set(key, agent);
  return agent;
};
