/** Serves the page, and what it asks for, on 127.0.0.1. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { streamSSE } from 'hono/streaming';
import * as v from 'valibot';
import { UsageError } from '../cli/command.ts';
import { buildAssets } from './assets.ts';
import { guard } from './guard.ts';
import { MODES } from './modes.ts';
import type { Playground } from './playground.ts';

export interface Page {
  readonly url: string;
  close(): Promise<void>;
}

const NAME_LIMIT_CHARS = 60;
const LOGINS_LIMIT = 1000;
/** The state is sent this often at most, */
const STATE_INTERVAL_MS = 150;
/** and looked at this often at least, for what happens by itself. */
const STATE_CHECK_MS = 1000;

const name = v.pipe(v.string(), v.trim(), v.nonEmpty('A name is needed'), v.maxLength(NAME_LIMIT_CHARS));

const Login = v.strictObject({
  user: v.string(),
  application: v.string(),
  connection: v.exactOptional(v.string()),
  organization: v.exactOptional(v.string()),
  kind: v.picklist(['interactive', 'sso', 'silent', 'refresh']),
});
const NewUser = v.strictObject({ name, connection: v.string() });
const Run = v.strictObject({
  logins: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LOGINS_LIMIT)),
});
const NewMode = v.strictObject({ mode: v.picklist(Object.keys(MODES) as Array<keyof typeof MODES>) });
const Secrets = v.strictObject({
  actions: v.array(v.string()),
  values: v.record(v.string(), v.nullable(v.string())),
});
/** A step, not the whole flow: what another window has changed meanwhile stays. */
const FlowStep = v.strictObject({ action: v.string(), step: v.picklist(['up', 'down', 'bind', 'unbind']) });

/** On a free port unless told otherwise. */
export const startPage = async (playground: Playground, port = 0): Promise<Page> => {
  const server = createServer(getRequestListener((await routes(playground)).fetch));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

const routes = async (playground: Playground): Promise<Hono> => {
  const assets = await buildAssets();
  const app = new Hono();

  app.use(guard);
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        connectSrc: ["'self'"],
        imgSrc: ['data:'],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      // For https only, which a loopback address has not.
      strictTransportSecurity: false,
    }),
  );

  for (const [path, { type, content }] of assets) {
    app.get(path, (c) => c.body(content, 200, { 'Content-Type': type, 'Cache-Control': 'no-store' }));
  }

  app.get('/state', (c) =>
    streamSSE(c, async (stream) => {
      let sent = '';
      while (!stream.aborted && !stream.closed) {
        const state = JSON.stringify(playground.state());
        if (state === sent) {
          const signal = AbortSignal.timeout(STATE_CHECK_MS);
          await once(playground.changes, 'change', { signal }).catch(() => {});
        } else {
          await stream.writeSSE({ data: state });
          sent = state;
          await sleep(STATE_INTERVAL_MS);
        }
      }
    }),
  );

  app.get('/logins/:id', (c) => {
    const details = playground.details(Number(c.req.param('id')));
    return details ? c.json(details) : c.text('This login is no longer remembered.', 404);
  });
  app.post('/logins', async (c) => c.json({ id: await playground.logIn(await read(c, Login)) }));
  app.post('/users', async (c) => {
    const { name, connection } = await read(c, NewUser);
    return c.json({ id: playground.addUser(name, connection) });
  });
  app.post('/run', async (c) => {
    // It goes on after the answer; its progress is part of the state.
    playground.logInMany((await read(c, Run)).logins);
    return c.body(null, 204);
  });
  app.delete('/run', (c) => {
    playground.stopMany();
    return c.body(null, 204);
  });
  app.put('/destinations/:name/mode', async (c) => {
    playground.setMode(c.req.param('name'), (await read(c, NewMode)).mode);
    return c.body(null, 204);
  });
  app.put('/secrets', async (c) => {
    const { actions, values } = await read(c, Secrets);
    playground.configure(actions, values);
    return c.body(null, 204);
  });
  app.delete('/secrets/:action', (c) => {
    playground.restoreSecrets(c.req.param('action'));
    return c.body(null, 204);
  });
  app.put('/flow', async (c) => {
    const { action, step } = await read(c, FlowStep);
    if (step === 'bind') playground.bind(action);
    else if (step === 'unbind') playground.unbind(action);
    else playground.move(action, step === 'up' ? -1 : 1);
    return c.body(null, 204);
  });
  app.post('/reset', (c) => {
    playground.reset();
    return c.body(null, 204);
  });

  app.onError((error, c) => {
    if (error instanceof UsageError) return c.text(error.message, 400);
    if (error instanceof HTTPException) return error.getResponse();
    throw error;
  });
  return app;
};

/** The body of a request, checked. No message repeats a value, which may be secret. */
const read = async <T>(
  c: { req: { json(): Promise<unknown> } },
  schema: v.GenericSchema<unknown, T>,
): Promise<T> => {
  const body = await c.req.json().catch(() => undefined);
  const { success, output, issues } = v.safeParse(schema, body);
  if (success) return output;
  const fields = issues.map((issue) => v.getDotPath(issue) ?? 'body').join(', ');
  throw new UsageError(`Malformed: ${fields}`);
};
