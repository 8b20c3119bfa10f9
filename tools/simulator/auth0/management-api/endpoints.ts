import type { Hono } from 'hono';
import type { Tenant } from '../tenant.ts';
import type { LogSource } from '../tenant-log.ts';
import { type ActionStore, type BindingRequest, POST_LOGIN, type StoredAction } from './action-store.ts';
import { ApiError, notSupported } from './api-error.ts';
import type { ActionRequest } from './draft.ts';
import { findLog, getLogsAfter, type LogQuery, PAGE_DEFAULT_ENTRIES, searchLogs } from './log-search.ts';
import { getOperation, type Method } from './openapi.ts';
import { actionView, bindingView, deploymentView, userView } from './resource-views.ts';
import type { Tokens } from './tokens.ts';

/** The body of the request, parsed. */
export interface Env {
  Variables: { body: unknown };
}

interface Paging {
  page?: number;
  per_page?: number;
}

interface ActionQuery extends Paging {
  triggerId?: string;
  actionName?: string;
  deployed?: boolean;
  installed?: boolean;
}

interface ValidRequest<Query, Body> {
  /** The id in the path. */
  id: string;
  query: Query;
  body: Body;
  /** Links to the next page. */
  setNext(path: string): void;
}

interface ApiState {
  tenant: Tenant;
  store: ActionStore;
  logs: LogSource;
  tokens: Tokens;
  /** Of the API, without a trailing slash. */
  url: string;
}

const PAGE_DEFAULT_ITEMS = 20;

export const addEndpoints = (app: Hono<Env>, { tenant, store, logs, tokens, url }: ApiState): void => {
  const on = <Query = unknown, Body = unknown>(
    method: Method,
    path: string,
    handle: (request: ValidRequest<Query, Body>) => unknown,
  ): void => {
    const operation = getOperation(method, path);
    app.on(method.toUpperCase(), `/api/v2${path.replace(/\{\w+\}/, ':id')}`, (c) => {
      tokens.assertScope(c.req.header('authorization'), operation.scopes);
      const [query, body] = [c.req.query(), c.get('body')];
      operation.validateRequest(query, body);
      const headers = new Headers({ 'Content-Type': 'application/json; charset=utf-8' });
      const setNext = (next: string) => headers.set('Link', `<${url}${next}>; rel="next"`);
      const id = c.req.param('id') ?? '';
      const result = handle({ id, query: query as Query, body: body as Body, setNext });
      if (result === undefined) return new Response(null, { status: operation.status });
      const json = JSON.stringify(result);
      operation.validateResponse(JSON.parse(json));
      return new Response(json, { status: operation.status, headers });
    });
  };

  on<ActionQuery>('get', '/actions/actions', ({ query }) => {
    const { items, ...paging } = paginate(store.actions.filter(matches(query)), query);
    return { ...paging, actions: items.map(actionView) };
  });
  on<unknown, ActionRequest>('post', '/actions/actions', ({ body }) => actionView(store.create(body)));
  on('get', '/actions/actions/{id}', ({ id }) => actionView(store.find(id)));
  on<unknown, ActionRequest>('patch', '/actions/actions/{id}', ({ id, body }) =>
    actionView(store.update(id, body)),
  );
  on<{ force?: boolean }>('delete', '/actions/actions/{id}', ({ id, query }) =>
    store.delete(id, query.force),
  );
  on('post', '/actions/actions/{id}/deploy', ({ id }) => {
    const { action, version } = store.deploy(id);
    return deploymentView(action, version);
  });

  const runtimes = { runtimes: ['node22'], default_runtime: 'node22' };
  on('get', '/actions/triggers', () => ({
    triggers: [{ id: POST_LOGIN, version: 'v3', status: 'CURRENT', ...runtimes }],
  }));
  const bindings = '/actions/triggers/{triggerId}/bindings';
  on<Paging>('get', bindings, ({ id, query }) => {
    if (id !== POST_LOGIN) throw notSupported(`The trigger ${id}`);
    const { items, ...paging } = paginate(store.bindings, query);
    return { ...paging, bindings: items.map(bindingView) };
  });
  on<unknown, { bindings?: BindingRequest[] }>('patch', bindings, ({ id, body }) => {
    if (id !== POST_LOGIN) throw notSupported(`The trigger ${id}`);
    return { bindings: store.bind(body.bindings ?? []).map(bindingView) };
  });

  on<LogQuery>('get', '/logs', ({ query, setNext }) => {
    const { from, take = PAGE_DEFAULT_ENTRIES } = query;
    if (from === undefined) return searchLogs(logs, query);
    const entries = getLogsAfter(logs, from, take);
    setNext(`/logs?from=${encodeURIComponent(entries.at(-1)?.log_id ?? from)}&take=${take}`);
    return entries;
  });
  on('get', '/logs/{id}', ({ id }) => findLog(logs, id));

  on<{ fields?: string }>('get', '/users/{id}', ({ id, query }) => {
    if (query.fields) throw notSupported('Selecting fields of a user');
    const user = tenant.users.get(id);
    if (!user) throw new ApiError(404, 'The user does not exist.', 'inexistent_user');
    return userView(user);
  });
};

/** Auth0 leaves out `page` and `total` where they are 0. */
const paginate = <Item>(all: readonly Item[], { page = 0, per_page = PAGE_DEFAULT_ITEMS }: Paging) => ({
  items: all.slice(page * per_page, (page + 1) * per_page),
  ...(all.length > 0 && { total: all.length }),
  ...(page > 0 && { page }),
  per_page,
});

const matches =
  ({ triggerId, actionName, deployed, installed }: ActionQuery) =>
  (action: StoredAction): boolean =>
    (triggerId === undefined || action.draft.supported_triggers.some(({ id }) => id === triggerId)) &&
    (actionName === undefined || action.name === actionName) &&
    (deployed === undefined || Boolean(action.deployed) === deployed) &&
    // Installed Actions are those of Auth0's marketplace.
    installed !== true;
