import type { Hono } from 'hono';
import type { Tenant } from '../tenant.ts';
import type { LogSource } from '../tenant-log.ts';
import { type ActionStore, type BindingRequest, POST_LOGIN, type StoredAction } from './action-store.ts';
import { ApiError, notReproduced } from './api-error.ts';
import type { ActionRequest } from './draft.ts';
import { findLog, type LogQuery, logsAfter, PAGE_DEFAULT_ENTRIES, searchLogs } from './log-search.ts';
import { type Method, operationOf } from './openapi.ts';
import type { Tokens } from './tokens.ts';
import { actionView, bindingView, userView, versionView } from './views.ts';

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

interface Checked<Query, Body> {
  /** Of the thing in the path. */
  id: string;
  query: Query;
  body: Body;
  /** Tells where the answer goes on. */
  setNext(path: string): void;
}

interface State {
  tenant: Tenant;
  store: ActionStore;
  logs: LogSource;
  tokens: Tokens;
  /** Of the API, without a slash at the end. */
  url: string;
}

const PAGE_DEFAULT_ITEMS = 20;

export const addEndpoints = (app: Hono<Env>, { tenant, store, logs, tokens, url }: State): void => {
  const on = <Query = unknown, Body = unknown>(
    method: Method,
    path: string,
    handle: (request: Checked<Query, Body>) => unknown,
  ): void => {
    const operation = operationOf(method, path);
    app.on(method.toUpperCase(), `/api/v2${path.replace(/\{\w+\}/, ':id')}`, (c) => {
      tokens.demand(c.req.header('authorization'), operation.scopes);
      const [query, body] = [c.req.query(), c.get('body')];
      operation.check(query, body);
      const headers = new Headers({ 'Content-Type': 'application/json; charset=utf-8' });
      const setNext = (next: string) => headers.set('Link', `<${url}${next}>; rel="next"`);
      const id = c.req.param('id') ?? '';
      const answer = handle({ id, query: query as Query, body: body as Body, setNext });
      if (answer === undefined) return new Response(null, { status: operation.status });
      const json = JSON.stringify(answer);
      operation.checkAnswer(JSON.parse(json));
      return new Response(json, { status: operation.status, headers });
    });
  };

  on<ActionQuery>('get', '/actions/actions', ({ query }) => {
    const { items, ...paging } = page(store.actions.filter(matching(query)), query);
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
    const action = store.deploy(id);
    return versionView(action, action.deployed);
  });

  const runtimes = { runtimes: ['node22'], default_runtime: 'node22' };
  on('get', '/actions/triggers', () => ({
    triggers: [{ id: POST_LOGIN, version: 'v3', status: 'CURRENT', ...runtimes }],
  }));
  const bindings = '/actions/triggers/{triggerId}/bindings';
  on<Paging>('get', bindings, ({ id, query }) => {
    if (id !== POST_LOGIN) throw notReproduced(`The trigger ${id}`);
    const { items, ...paging } = page(store.bindings, query);
    return { ...paging, bindings: items.map(bindingView) };
  });
  on<unknown, { bindings?: BindingRequest[] }>('patch', bindings, ({ id, body }) => {
    if (id !== POST_LOGIN) throw notReproduced(`The trigger ${id}`);
    return { bindings: store.bind(body.bindings ?? []).map(bindingView) };
  });

  on<LogQuery>('get', '/logs', ({ query, setNext }) => {
    const { from, take = PAGE_DEFAULT_ENTRIES } = query;
    if (from === undefined) return searchLogs(logs, query);
    const entries = logsAfter(logs, from, take);
    setNext(`/logs?from=${encodeURIComponent(entries.at(-1)?.log_id ?? from)}&take=${take}`);
    return entries;
  });
  on('get', '/logs/{id}', ({ id }) => findLog(logs, id));

  on<{ fields?: string }>('get', '/users/{id}', ({ id, query }) => {
    if (query.fields) throw notReproduced('Choosing fields of a user');
    const user = tenant.users.get(id);
    if (!user) throw new ApiError(404, 'The user does not exist.', 'inexistent_user');
    return userView(user);
  });
};

const page = <Item>(all: readonly Item[], { page = 0, per_page = PAGE_DEFAULT_ITEMS }: Paging) => ({
  items: all.slice(page * per_page, (page + 1) * per_page),
  total: all.length,
  page,
  per_page,
});

const matching =
  ({ triggerId, actionName, deployed, installed }: ActionQuery) =>
  (action: StoredAction): boolean =>
    (triggerId === undefined || action.draft.supported_triggers.some(({ id }) => id === triggerId)) &&
    (actionName === undefined || action.name === actionName) &&
    (deployed === undefined || Boolean(action.deployed) === deployed) &&
    // Installed Actions are those of Auth0's marketplace.
    installed !== true;
