/**
 * Auth0's Management API for the simulated tenant, whose state it shares: a login of the tenant runs what is deployed and
 * bound here, with the secrets that were deployed. Requests and responses are validated against Auth0's own description.
 *
 * Limitations: only what deploying, binding and reading the log need. No triggers other than post-login; no modules, older
 * versions and failing builds of Actions; no secrets of bindings; tokens do not expire; rate limits apply on request only;
 * error messages that nobody has published are guessed.
 *
 * https://auth0.com/docs/api/management/v2
 */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { type FaultOptions, FaultPlan } from '../../fault-plan.ts';
import { parseObject } from '../../json.ts';
import { createCertificate } from '../../vendors/certificate.ts';
import type { Tenant } from '../tenant.ts';
import type { LogSource } from '../tenant-log.ts';
import {
  ActionStore,
  type BindingRequest,
  POST_LOGIN,
  type StoredAction,
  type StoredBinding,
} from './action-store.ts';
import { ApiError, toResponse } from './api-error.ts';
import { addEndpoints, type Env } from './endpoints.ts';
import { fetchTrusting } from './fetch.ts';
import { type ManagementFault, toFaultResponse } from './management-fault.ts';
import { ALL_SCOPES } from './openapi.ts';
import { type Credentials, Tokens } from './tokens.ts';

export interface ManagementRequest {
  method: string;
  /** With the query. */
  path: string;
  /** Parsed, without the client secret. */
  body: Record<string, unknown> | undefined;
  /** Undefined until a response is sent. */
  status: number | undefined;
}

/** An Action that is added without a request. */
export interface NewAction {
  name: string;
  code?: string;
  dependencies?: Array<{ name: string; version: string }>;
  secrets?: Record<string, string>;
  /** True by default. */
  deployed?: boolean;
}

export interface ManagementApi {
  /** For AUTH0_DOMAIN. */
  domain: string;
  /** PEM, for NODE_EXTRA_CA_CERTS. */
  caCertificate: string;
  /** Trusts the certificate; for the `fetch` option of the `auth0` SDK. */
  fetch: typeof fetch;
  readonly credentials: Credentials;
  /** Of the tokens that are issued next; all by default. */
  scopes: readonly string[];
  /** For AUTH0_ACCESS_TOKEN. */
  issueToken(): string;
  readonly actions: readonly StoredAction[];
  /** The flow, in order. */
  readonly bindings: readonly StoredBinding[];
  readonly requests: readonly ManagementRequest[];
  addAction(action: NewAction): StoredAction;
  /** At the end of the flow. */
  bind(actionName: string, displayName?: string): void;
  /** Injects a fault into the next requests; `undefined` ends it. */
  injectFault(fault: ManagementFault | undefined, options?: FaultOptions): void;
  close(): Promise<void>;
}

export interface ManagementOptions {
  /** How long the build of an Action takes; 20 by default. */
  buildMs?: number;
  /** How long a deployment takes to be in effect; 100 by default. Recordings of Auth0 have 60 to 140. */
  deployMs?: number;
  /** The tenant's by default; may generate entries as they are read. */
  logs?: LogSource;
}

export const startManagementApi = async (
  tenant: Tenant,
  { buildMs = 20, deployMs = 100, logs = tenant.log }: ManagementOptions = {},
): Promise<ManagementApi> => {
  if (tenant.bindings.length > 0)
    throw new Error('The tenant has Actions that were not bound through the Management API');
  const { cert, key } = await createCertificate();
  const app = new Hono<Env>();
  const server = createServer({ cert, key }, getRequestListener(app.fetch));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const domain = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const audience = `https://${domain}/api/v2/`;
  const store = new ActionStore(tenant, { buildMs, deployMs });
  const tokens = new Tokens(audience);
  const requests: ManagementRequest[] = [];
  const faults = new FaultPlan<ManagementFault>();

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

    const fault = faults.next(method, request.path) ?? {};
    if (fault.delayMs) await sleep(fault.delayMs, undefined, { ref: false });
    fault.meanwhile?.();
    if (fault.status) c.res = toFaultResponse(fault.status, fault.headers);
    else await next();
    request.status = c.res.status;
  });
  app.notFound(() => toResponse(new ApiError(404, 'Not Found')));
  app.onError((error) => toResponse(error instanceof ApiError ? error : new ApiError(500, String(error))));
  app.post('/oauth/token', (c) => tokens.grant(c.get('body'), api.scopes));
  addEndpoints(app, { tenant, store, logs, tokens, url: `https://${domain}/api/v2` });

  const api: ManagementApi = {
    domain,
    caCertificate: cert,
    fetch: fetchTrusting(cert),
    credentials: tokens.credentials,
    scopes: ALL_SCOPES,
    issueToken: () => tokens.issue(api.scopes),
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
      if (deployed) store.deployImmediately(created);
      else created.build.endsAt = Date.now();
      return created;
    },
    bind(actionName, displayName = actionName) {
      const bound = store.bindings.map(
        ({ id }): BindingRequest => ({ ref: { type: 'binding_id', value: id } }),
      );
      const ref = { type: 'action_name', value: actionName } as const;
      store.bind([...bound, { ref, display_name: displayName }]);
    },
    injectFault: (fault, options) => faults.inject(fault, options),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return api;
};
