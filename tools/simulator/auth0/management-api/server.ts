/**
 * Auth0's Management API beside the local tenant, whose state it shares: what is deployed and bound here is what a
 * login of the tenant runs, with the secrets that were deployed. Requests and answers are held to Auth0's own
 * description of the API.
 *
 * https://auth0.com/docs/api/management/v2
 *
 * Not reproduced: what deploying, binding and reading the log do not need; triggers other than post-login; modules,
 * older versions and failing builds of Actions; secrets of bindings; tokens that expire; rate limits, unless told to
 * injectFault; the wording of errors that nobody has published.
 */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { createCertificate } from '../../vendors/certificate.ts';
import { parseObject } from '../../vendors/vendor-mock.ts';
import type { Tenant } from '../tenant.ts';
import type { LogSource } from '../tenant-log.ts';
import {
  ActionStore,
  type BindingRequest,
  POST_LOGIN,
  type StoredAction,
  type StoredBinding,
} from './action-store.ts';
import { ApiError, answerOf } from './api-error.ts';
import { addEndpoints, type Env } from './endpoints.ts';
import { type ActiveFault, faultAnswer, faultOf, type ManagementFault } from './faults.ts';
import { fetchTrusting } from './fetch.ts';
import { ALL_SCOPES } from './openapi.ts';
import { type Credentials, Tokens } from './tokens.ts';

export type { ManagementFault } from './faults.ts';

export interface ManagementRequest {
  method: string;
  /** With the query. */
  path: string;
  /** Parsed, and without the secret of the credentials. */
  body: Record<string, unknown> | undefined;
  /** Undefined as long as there is no answer. */
  status: number | undefined;
}

/** Somebody's Action. */
export interface NewAction {
  name: string;
  code?: string;
  dependencies?: Array<{ name: string; version: string }>;
  secrets?: Record<string, string>;
  /** True unless told otherwise. */
  deployed?: boolean;
}

export interface ManagementApi {
  /** As AUTH0_DOMAIN takes it. */
  domain: string;
  /** PEM, for NODE_EXTRA_CA_CERTS. */
  caCertificate: string;
  /** Trusts the certificate, as the `fetch` option of the `auth0` SDK. */
  fetch: typeof fetch;
  readonly credentials: Credentials;
  /** Of the tokens to come; all there are unless set. */
  scopes: readonly string[];
  /** As AUTH0_ACCESS_TOKEN takes it. */
  token(): string;
  readonly actions: readonly StoredAction[];
  /** The flow, in order. */
  readonly bindings: readonly StoredBinding[];
  readonly requests: readonly ManagementRequest[];
  addAction(action: NewAction): StoredAction;
  /** At the end of the flow. */
  bind(actionName: string, displayName?: string): void;
  /** Injects a fault into the next requests; `undefined` ends it. */
  injectFault(fault: ManagementFault | undefined, options?: ManagementFaultOptions): void;
  close(): Promise<void>;
}

/** How often a fault is injected. */
export interface ManagementFaultOptions {
  /** Number of requests; all by default. */
  readonly count?: number | undefined;
  /** Number of requests that are answered normally first; 0 by default. */
  readonly skip?: number | undefined;
  /** Requests it applies to, for example `/^PATCH \/api\/v2\/actions/`; all by default. */
  readonly request?: RegExp;
}

export interface ManagementOptions {
  /** How long the build of an Action takes. */
  buildMs?: number;
  /** The tenant's unless given; may make entries up as they are read. */
  logs?: LogSource;
}

export const startManagementApi = async (
  tenant: Tenant,
  { buildMs = 20, logs = tenant.log }: ManagementOptions = {},
): Promise<ManagementApi> => {
  if (tenant.bindings.length > 0) throw new Error('Bind Actions through the Management API, or without one');
  const { cert, key } = await createCertificate();
  const app = new Hono<Env>();
  const server = createServer({ cert, key }, getRequestListener(app.fetch));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const domain = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const audience = `https://${domain}/api/v2/`;
  const store = new ActionStore(tenant, buildMs);
  const tokens = new Tokens(audience);
  const requests: ManagementRequest[] = [];
  let activeFault: ActiveFault | undefined;

  app.use(async (c, next) => {
    const { method, url } = c.req;
    const { pathname, search } = new URL(url);
    const text = await c.req.text();
    const isForm = c.req.header('content-type')?.startsWith('application/x-www-form-urlencoded');
    const body = isForm ? Object.fromEntries(new URLSearchParams(text)) : parseObject(text);
    c.set('body', body);
    const shown = body && 'client_secret' in body ? { ...body, client_secret: '***' } : body;
    const request: ManagementRequest = { method, path: pathname + search, body: shown, status: undefined };
    requests.push(request);

    const fault = faultOf(activeFault, `${method} ${request.path}`);
    if (fault.delayMs) await sleep(fault.delayMs, undefined, { ref: false });
    fault.meanwhile?.();
    if (fault.status) c.res = faultAnswer(fault.status, fault.headers);
    else await next();
    request.status = c.res.status;
  });
  app.notFound(() => answerOf(new ApiError(404, 'Not Found')));
  app.onError((error) => answerOf(error instanceof ApiError ? error : new ApiError(500, String(error))));
  app.post('/oauth/token', (c) => tokens.grant(c.get('body'), api.scopes));
  addEndpoints(app, { tenant, store, logs, tokens, url: `https://${domain}/api/v2` });

  const api: ManagementApi = {
    domain,
    caCertificate: cert,
    fetch: fetchTrusting(cert),
    credentials: tokens.credentials,
    scopes: ALL_SCOPES,
    token: () => tokens.issue(api.scopes),
    actions: store.actions,
    get bindings() {
      return store.bindings;
    },
    requests,
    addAction({ secrets = {}, deployed = true, ...action }) {
      const created = store.create({
        supported_triggers: [{ id: POST_LOGIN, version: 'v3' }],
        secrets: Object.entries(secrets).map(([name, value]) => ({ name, value })),
        ...action,
      });
      created.builtAt = Date.now();
      return deployed ? store.deploy(created.id) : created;
    },
    bind(actionName, displayName = actionName) {
      const bound = store.bindings.map(
        ({ id }): BindingRequest => ({ ref: { type: 'binding_id', value: id } }),
      );
      const ref = { type: 'action_name', value: actionName } as const;
      store.bind([...bound, { ref, display_name: displayName }]);
    },
    injectFault(fault, { count = Infinity, skip = 0, request = /^/ } = {}) {
      activeFault = fault && { fault, count, skip, request };
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return api;
};
