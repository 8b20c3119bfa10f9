/** Serves the playground and its API on 127.0.0.1. */
import { randomBytes } from 'node:crypto';
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
import { UsageError } from '../shared/usage-error.ts';
import { getAssets } from './assets.ts';
import { DESTINATION_MODES, type DestinationMode } from './destination-modes.ts';
import { createGuard } from './guard.ts';
import { LoginBody } from './login-body.ts';
import type { Playground } from './playground.ts';

export interface PlaygroundServer {
  /** Of the API. */
  readonly url: string;
  /** Admits a request that has it, in the parameter or the cookie that opening the playground sets. */
  readonly token: string;
  /** To be opened in a browser. */
  readonly entryUrl: string;
  close(): Promise<void>;
}

const TOKEN_BYTES = 24;
const NAME_LIMIT_CHARS = 60;
const RANDOM_LOGINS_LIMIT = 1000;
/** The state is sent no more often than this. */
const STATE_INTERVAL_MS = 150;
/** Without a change, the state is checked this often: destinations receive events, and the chart moves on. */
const STATE_CHECK_MS = 1000;

const name = v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(NAME_LIMIT_CHARS));

const UserBody = v.strictObject({ name, connection: v.string() });
const RandomLoginsBody = v.strictObject({
  total: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(RANDOM_LOGINS_LIMIT)),
});
const ModeBody = v.strictObject({ mode: v.picklist(Object.keys(DESTINATION_MODES) as DestinationMode[]) });
const SecretsBody = v.strictObject({
  actions: v.array(v.string()),
  values: v.record(v.string(), v.nullable(v.string())),
});
/** One step, not the whole flow, so that changes in another window are kept. */
const FlowBody = v.variant('step', [
  v.strictObject({ action: v.string(), step: v.picklist(['up', 'down', 'bind', 'unbind']) }),
  v.strictObject({ step: v.literal('combine') }),
]);

/** Starts the server, by default on a free port. */
export const startPlaygroundServer = async (playground: Playground, port = 0): Promise<PlaygroundServer> => {
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const server = createServer(getRequestListener((await createApp(playground, token)).fetch));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    token,
    entryUrl: `${url}/?token=${token}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

const createApp = async (playground: Playground, token: string): Promise<Hono> => {
  const app = new Hono();

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
      // Loopback is served without TLS.
      strictTransportSecurity: false,
    }),
  );
  app.use(createGuard(token));

  for (const { path, type, content } of await getAssets()) {
    app.get(path, (c) => c.body(content, 200, { 'Content-Type': type, 'Cache-Control': 'no-store' }));
  }

  app.get('/state', (c) =>
    streamSSE(c, async (stream) => {
      let sent = '';
      while (!stream.aborted && !stream.closed) {
        const state = JSON.stringify(playground.getState());
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

  app.get('/logins', (c) => c.json(playground.getAllDetails()));
  app.get('/logins/:id', (c) => {
    const details = playground.getDetails(Number(c.req.param('id')));
    return details ? c.json(details) : c.text('This login is no longer available.', 404);
  });
  app.post('/logins', async (c) => c.json({ id: await playground.logInAs(await readBody(c, LoginBody)) }));
  app.post('/users', async (c) => {
    const { name, connection } = await readBody(c, UserBody);
    return c.json({ id: playground.addUser(name, connection) });
  });
  app.post('/random-logins', async (c) => {
    const { total } = await readBody(c, RandomLoginsBody);
    // They go on after the response; their progress is part of the state.
    playground.logInAtRandom(total);
    return c.body(null, 204);
  });
  app.delete('/random-logins', (c) => {
    playground.stopRandomLogins();
    return c.body(null, 204);
  });
  app.put('/destinations/:name/mode', async (c) => {
    const { mode } = await readBody(c, ModeBody);
    playground.setMode(c.req.param('name'), mode);
    return c.body(null, 204);
  });
  app.put('/secrets', async (c) => {
    const { actions, values } = await readBody(c, SecretsBody);
    playground.editFlow((flow) => flow.setSecrets(actions, values));
    return c.body(null, 204);
  });
  app.post('/secrets/:action/check', async (c) =>
    c.json(playground.findProblems(c.req.param('action'), (await readBody(c, SecretsBody)).values)),
  );
  app.delete('/secrets/:action', (c) => {
    playground.editFlow((flow) => flow.restoreDefaultSecrets(c.req.param('action')));
    return c.body(null, 204);
  });
  app.put('/flow', async (c) => {
    const body = await readBody(c, FlowBody);
    playground.editFlow((flow) => {
      if (body.step === 'combine') flow.combine();
      else if (body.step === 'bind') flow.bind(body.action);
      else if (body.step === 'unbind') flow.unbind(body.action);
      else flow.move(body.action, body.step === 'up' ? -1 : 1);
    });
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

/** The body of a request, validated. An error never repeats a value, which may be secret. */
const readBody = async <T>(
  c: { req: { json(): Promise<unknown> } },
  schema: v.GenericSchema<unknown, T>,
): Promise<T> => {
  const body = await c.req.json().catch(() => undefined);
  const { success, output, issues } = v.safeParse(schema, body);
  if (success) return output;
  const fields = issues.map((issue) => v.getDotPath(issue) ?? 'body').join(', ');
  throw new UsageError(`Malformed: ${fields}`);
};
