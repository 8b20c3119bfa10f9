/** deploy, bind, unbind and secrets, against the mock Management API. The Deploy CLI itself runs in deploy-cli.test.ts. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { ManagementClient } from 'auth0';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SecretDeclarations } from '../../lib/secrets.ts';
import { bind } from '../../tools/cli/commands/bind.ts';
import { assertDeployable, deploy, importActions, previewChanges } from '../../tools/cli/commands/deploy.ts';
import { setSecrets } from '../../tools/cli/commands/secrets.ts';
import { unbind } from '../../tools/cli/commands/unbind.ts';
import { findAction, selectActions } from '../../tools/cli/select-actions.ts';
import { SCOPES } from '../../tools/cli/tenant-connection.ts';
import { explainTenantError } from '../../tools/cli/tenant-error.ts';
import { build } from '../../tools/shared/build.ts';
import { ROOT, readManifest } from '../../tools/shared/manifest.ts';
import type { ManagementApi } from '../../tools/simulator/auth0/management-api/management-api.ts';
import { createFile, createFolder, runCommand, startCommand } from '../support/command.ts';
import { createClient, getWrites, startApi, startApiWith, toEnvironment } from '../support/management-api.ts';

const CODE = 'exports.onExecutePostLogin = async () => {};';
const SPLUNK = { SPLUNK_HEC_URL: 'https://splunk.example.com', SPLUNK_HEC_TOKEN: 'hunter2-token' };
const { actions: ENTRIES } = readManifest();

beforeAll(async () => {
  await build();
});

/** How the command line explains that some work failed; undefined if it succeeded. */
const explain = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(() => undefined, explainTenantError);

const readFlow = (api: ManagementApi) =>
  api.bindings.map(({ display_name, action }) => ({ name: action.name, display_name }));

/** Changes the first responses of a tenant to such a request. */
const rewriting =
  // biome-ignore lint/suspicious/noExplicitAny: a response may be anything
    (api: ManagementApi, method: string, url: RegExp, rewrite: (body: any) => unknown) =>
    (times = Infinity): typeof fetch => {
      let count = 0;
      return async (input, init) => {
        const response = await api.fetch(input, init);
        if ((init?.method ?? 'GET') !== method || !url.test(String(input)) || count >= times) return response;
        count += 1;
        return Response.json(rewrite(await response.json()), response);
      };
    };

/** Deployed Actions, with an Action of another team in the flow and one outside of it. */
const startWithOtherTeam = async (...names: string[]) => {
  const { api, client } = await startApiWith(...names);
  api.addAction({ name: 'theirs', code: CODE });
  api.addAction({ name: 'more', code: CODE });
  api.bind('theirs', 'Their Action');
  return { api, client };
};

describe('access to the tenant', () => {
  it.each([
    ['nothing', {}, 'set AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET in the environment or in .env'],
    [
      'a blank client secret',
      { AUTH0_DOMAIN: 'example.auth0.com', AUTH0_CLIENT_ID: 'id', AUTH0_CLIENT_SECRET: ' ' },
      'set AUTH0_CLIENT_SECRET in',
    ],
    ['a token without a domain', { AUTH0_ACCESS_TOKEN: 'hunter2' }, 'set AUTH0_DOMAIN in'],
    [
      'a URL for a domain',
      { AUTH0_DOMAIN: 'https://example.auth0.com', AUTH0_ACCESS_TOKEN: 'hunter2' },
      'AUTH0_DOMAIN must be a domain like example.eu.auth0.com, without https://',
    ],
  ])('is not attempted with %s', async (_, env, message) => {
    const { code, err } = await runCommand(['bind', 'splunk'], { env, cwd: createFolder() });
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).not.toContain('hunter2');
  });

  it('uses the file .env, unless the environment has the variables', async () => {
    const { api } = await startWithOtherTeam('splunk');
    const { NODE_EXTRA_CA_CERTS, ...credentials } = toEnvironment(api);
    const cwd = createFolder();
    const lines = Object.entries(credentials).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(path.join(cwd, '.env'), lines.join(''));
    const args = ['bind', 'splunk', '--dry-run'];
    expect(await runCommand(args, { cwd, env: { NODE_EXTRA_CA_CERTS } })).toMatchObject({ code: 0, err: '' });

    const env = { NODE_EXTRA_CA_CERTS, AUTH0_CLIENT_SECRET: 'hunter2' };
    const { code, out, err } = await startCommand(args, { cwd, env });
    expect(code).toBe(1);
    expect(err).toMatch(/^The tenant rejected the credentials \(401 Unauthorized\).*\n$/);
    expect(out + err).not.toContain('hunter2');
  });

  it('fails with the code of TLS where the certificate of the tenant is not trusted', async () => {
    const { api } = await startWithOtherTeam('splunk');
    const { NODE_EXTRA_CA_CERTS, ...env } = toEnvironment(api);
    expect(await startCommand(['bind', 'splunk', '--dry-run'], { env })).toMatchObject({
      code: 1,
      err: expect.stringContaining('The tenant cannot be reached (DEPTH_ZERO_SELF_SIGNED_CERT)'),
    });
  });
});

describe('explainTenantError', () => {
  it.each([
    [401, 'check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET'],
    [403, 'authorize the application for the Management API'],
    [404, 'it may have been deleted in the meantime'],
    [409, 'run the command again'],
    [429, 'run the command again in a minute'],
    [500, 'run the command again, and see https://status.auth0.com'],
  ])('says in one line what to do about a %i', async (status, remedy) => {
    const { api, client } = await startApiWith('splunk');
    api.injectFault({ status }, { request: /bindings/ });
    const message = await explain(bind(client, ['splunk']));
    expect(message).toContain(remedy);
    expect(message).toContain(String(status));
    expect(message).not.toContain('\n');
  });

  it('repeats no credential that the tenant rejects', async () => {
    const { api } = await startApi();
    const { domain, fetch } = api;
    const clients = [
      createClient(api, { clientSecret: 'hunter2' }),
      new ManagementClient({ domain, token: 'hunter2', fetch }),
    ];
    for (const client of clients) {
      const message = await explain(bind(client, ['splunk']));
      expect(message).toContain('check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET');
      expect(message).not.toContain('hunter2');
    }
  });

  it('names the code of a network error', async () => {
    const { api } = await startApi();
    const client = createClient(api, { domain: '127.0.0.1:1', maxRetries: 0 });
    expect(await explain(bind(client, ['splunk']))).toMatch(/^The tenant cannot be reached \(ECONNREFUSED\)/);
  });

  it('is not needed where a busy tenant responds to the next attempt', async () => {
    const { api, client } = await startApi(2);
    api.injectFault({ status: 429 }, { count: 1, request: /bindings/ });
    expect(await unbind(client, ['splunk'])).toMatchObject({ changed: false });
  });
});

describe('SCOPES', () => {
  const commands = {
    bind: (client: ManagementClient) => bind(client, ['splunk']),
    unbind: (client: ManagementClient) => unbind(client, ['splunk']),
    secrets: async (client: ManagementClient) => setSecrets(client, await findAction('splunk'), SPLUNK),
  };
  const isBound = { bind: false, unbind: true, secrets: false };
  const cases = (Object.keys(commands) as Array<keyof typeof commands>).flatMap((command) =>
    SCOPES[command].map((scope): [typeof command, string] => [command, scope]),
  );

  const start = async (command: keyof typeof commands) => {
    const { api } = await startApiWith('splunk');
    if (isBound[command]) api.bind('splunk');
    return api;
  };

  it.each(cases)('lists what %s needs: without %s it says which scope is missing', async (command, scope) => {
    const api = await start(command);
    api.scopes = SCOPES[command].filter((other) => other !== scope);
    expect(await explain(commands[command](createClient(api)))).toContain(
      `The scope ${scope} is missing: grant it`,
    );
  });

  it.each(Object.keys(commands) as Array<keyof typeof commands>)('is enough for %s', async (command) => {
    const api = await start(command);
    api.scopes = SCOPES[command];
    await expect(commands[command](createClient(api))).resolves.toBeDefined();
  });
});

describe('selectActions', () => {
  it('selects the Actions that are named, and all if none is', () => {
    expect(selectActions(['keen']).map(({ name }) => name)).toEqual(['keen']);
    expect(selectActions([])).toEqual(ENTRIES);
  });

  it('suggests a similar name, and lists the names where none is similar', () => {
    expect(() => selectActions(['keen', 'splnk'])).toThrow(/^unknown Action splnk, did you mean splunk\?$/);
    expect(() => selectActions(['nonsense'])).toThrow(/^unknown Action nonsense, choose from splunk, keen, /);
  });
});

describe('previewChanges', () => {
  it('reports what is new, what differs and what does not', async () => {
    const { api, client } = await startApiWith('splunk', 'keen', 'segment');
    const [splunk, keen, segment] = api.actions;
    const otherCommit =
      splunk?.draft.code.replace(/^.*\n/, '// auth0-login-analytics 0.0.1: splunk.\n') ?? '';
    await client.actions.update(splunk?.id ?? '', { code: otherCommit });
    await client.actions.update(keen?.id ?? '', { code: `// auth0-login-analytics 0.0.1: keen.\n${CODE}` });
    await client.actions.update(segment?.id ?? '', { dependencies: [] });
    expect(await previewChanges(client, ENTRIES)).toEqual([
      // Only the commit in the first line differs, and that draft is not deployed.
      { name: 'splunk', changes: ['not deployed'] },
      { name: 'keen', changes: ['code'] },
      { name: 'segment', changes: ['dependencies'] },
      ...ENTRIES.slice(3).map(({ name }) => ({ name, changes: ['new'] })),
    ]);
  });

  it('reports a draft that was never deployed', async () => {
    const { api, client } = await startApi();
    const entries = selectActions(['splunk']);
    const code = await readFile(path.join(ROOT, entries[0]?.code ?? ''), 'utf8');
    const dependencies = entries[0]?.dependencies.map((entry) => ({ ...entry })) ?? [];
    api.addAction({ name: 'splunk', code, dependencies, deployed: false });
    expect(await previewChanges(client, entries)).toEqual([{ name: 'splunk', changes: ['not deployed'] }]);
  });

  it('finds an Action on a later page, and warns that its code is not managed by this project', async () => {
    const { api, client } = await startApi();
    for (let index = 0; index < 101; index += 1) api.addAction({ name: `theirs ${index}`, code: CODE });
    api.addAction({ name: 'splunk', code: CODE });
    expect(await previewChanges(client, selectActions(['splunk']))).toEqual([
      { name: 'splunk', changes: ['not managed by this project', 'dependencies'] },
    ]);
  });
});

describe('assertDeployable', () => {
  it.each(ENTRIES)('accepts the bundle of $name', async (entry) => {
    await expect(assertDeployable(entry)).resolves.toBeUndefined();
  });
});

describe('deploy', () => {
  it('reports an import that did not have its effect', async () => {
    const { api, client } = await startApi();
    const connection = { client, domain: api.domain, credentials: {} };
    const entries = selectActions(['splunk']);
    expect(
      await explain(deploy(connection, entries, { env: {} }, { importEntries: async () => {} })),
    ).toMatch(/splunk still differs in the tenant:\nsplunk +new$/);
  });

  describe('of an Action whose deployment takes time', () => {
    const start = async (pendingReads: number) => {
      const { api } = await startApiWith('splunk');
      const fetch = rewriting(api, 'GET', /\/actions\/actions\?/, (body) => {
        for (const action of body.actions) action.all_changes_deployed = false;
        return body;
      });
      const connection = { client: createClient(api, { fetch: fetch(pendingReads) }), domain: api.domain };
      const deploySplunk = (timeoutMs?: number) =>
        deploy(
          { ...connection, credentials: {} },
          selectActions(['splunk']),
          { env: {} },
          { importEntries: async () => {}, ...(timeoutMs !== undefined && { timeoutMs }) },
        );
      return { api, deploySplunk };
    };

    it('waits until it is in effect', async () => {
      const { api, deploySplunk } = await start(3);
      await deploySplunk();
      expect(api.requests.filter(({ path }) => path.includes('/actions/actions?'))).toHaveLength(4);
    });

    it('reports that it is not in effect after a limited time', async () => {
      const { deploySplunk } = await start(Infinity);
      expect(await explain(deploySplunk(300))).toBe(
        'Auth0 has accepted splunk, but the deployment is not in effect after 0.3 s. Run the command again, or check it in the dashboard',
      );
    });
  });

  it('reports why the Deploy CLI failed', { timeout: 60_000 }, async () => {
    const { api, client } = await startApi();
    const { NODE_EXTRA_CA_CERTS, ...credentials } = toEnvironment(api);
    const connection = {
      client,
      domain: api.domain,
      credentials: { ...credentials, AUTH0_CLIENT_SECRET: 'hunter2' },
    };
    const context = { env: { ...process.env, NODE_EXTRA_CA_CERTS } };
    expect(await explain(importActions(connection, selectActions(['splunk']), context))).toBe(
      `The Deploy CLI did not deploy to ${api.domain}: Problem running command import Unauthorized`,
    );
    expect(getWrites(api)).toEqual([]);
  });
});

describe('auth0-login-analytics deploy', () => {
  it('requires --yes or --dry-run where there is no terminal to ask in', async () => {
    const { api } = await startApiWith('splunk');
    expect(await runCommand(['deploy'], { env: toEnvironment(api) })).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('there is no terminal to ask in: --yes deploys without asking'),
    });
  });

  it('changes nothing with --dry-run', async () => {
    const { api } = await startApiWith('splunk');
    const env = toEnvironment(api);
    const { code, out } = await runCommand(['deploy', 'splunk', 'keen', '--dry-run'], { env });
    expect(code).toBe(0);
    expect(out).toMatch(/:\nsplunk +nothing to do\nkeen +new\nNothing was changed\.\n$/);
    expect(getWrites(api)).toEqual([]);
  });

  it('deploys nothing where nothing differs, and reports that as JSON', async () => {
    const { api } = await startApiWith('splunk');
    const { code, out } = await runCommand(['deploy', 'splunk', '--yes', '--json'], {
      env: toEnvironment(api),
    });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      domain: api.domain,
      actions: [{ name: 'splunk', changes: [] }],
      deployed: false,
    });
    expect(getWrites(api)).toEqual([]);
  });

  it.each([
    ['an answer of no', 'n\r', 0, 'Nothing was changed.\n'],
    ['Enter', '\r', 0, 'Nothing was changed.\n'],
    ['Ctrl+C', '\x03', 130, ''],
    ['Ctrl+D', '\x04', 130, ''],
  ])('asks first, and changes nothing after %s', async (_, keys, code, out) => {
    const { api } = await startApiWith();
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    const timer = setInterval(() => terminal.write(keys), 50);
    const result = await runCommand(['deploy', 'splunk'], { env: toEnvironment(api) }, terminal);
    clearInterval(timer);
    expect(result.code).toBe(code);
    expect(result.out).toBe(`${api.domain}:\nsplunk   new\n${out}`);
    expect(result.err).toContain(`Deploy splunk to ${api.domain}?`);
    expect(result.err).not.toMatch(/Error|at .*\.ts/);
    expect(getWrites(api)).toEqual([]);
  });
});

describe('bind', () => {
  it('adds Actions at the end, in the given order, and keeps what is there', async () => {
    const { api, client } = await startWithOtherTeam('splunk', 'keen');
    const [first] = readFlow(api);
    const { before, after, changed } = await bind(client, ['splunk', 'keen']);
    expect(before.map(({ action }) => action)).toEqual(['theirs']);
    expect(after.map(({ displayName }) => displayName)).toEqual(['Their Action', 'splunk', 'keen']);
    expect(changed).toBe(true);
    expect(readFlow(api)[0]).toEqual(first);
  });

  it('changes nothing where the Actions are bound already', async () => {
    const { api, client } = await startWithOtherTeam('splunk', 'keen');
    await bind(client, ['splunk', 'keen']);
    const flow = readFlow(api);
    expect(await bind(client, ['keen', 'splunk'])).toMatchObject({ changed: false });
    expect(readFlow(api)).toEqual(flow);
    expect(getWrites(api)).toHaveLength(1);
  });

  it('changes nothing in a dry run', async () => {
    const { api, client } = await startWithOtherTeam('splunk');
    const { after, changed } = await bind(client, ['splunk'], true);
    expect(after).toMatchObject([{ action: 'theirs' }, { id: undefined, action: 'splunk' }]);
    expect(changed).toBe(true);
    expect(getWrites(api)).toEqual([]);
  });

  it('writes nothing if another user changes the flow before', async () => {
    const { api, client } = await startWithOtherTeam('splunk');
    api.injectFault({ meanwhile: () => api.bind('more') }, { count: 1, request: /GET .*bindings/, skip: 1 });
    expect(await explain(bind(client, ['splunk']))).toMatch(
      /nothing was written.*now:\n.*Their Action.*\n.*more$/s,
    );
    expect(readFlow(api).map(({ name }) => name)).toEqual(['theirs', 'more']);
    expect(getWrites(api)).toEqual([]);
  });

  it('reports that another user changes the flow right after', async () => {
    const { api, client } = await startWithOtherTeam('splunk');
    // The third reading is the one after the writing.
    api.injectFault({ meanwhile: () => api.bind('more') }, { count: 1, request: /GET .*bindings/, skip: 2 });
    expect(await explain(bind(client, ['splunk']))).toMatch(
      /at the same time.*was:\n.*now:\n.*splunk\n.*more$/s,
    );
  });

  it('binds none of the Actions if one is not deployed', async () => {
    const { api, client } = await startWithOtherTeam('splunk');
    api.addAction({ name: 'keen', code: CODE, deployed: false });
    expect(await explain(bind(client, ['splunk', 'keen']))).toBe(
      'keen is not deployed in the tenant, so nothing was bound. Deploy it first: npx auth0-login-analytics deploy keen',
    );
    expect(await explain(bind(client, ['splunk', 'segment']))).toContain(
      'segment does not exist in the tenant',
    );
    expect(getWrites(api)).toEqual([]);
  });

  it("keeps to Auth0's limit of Actions in a flow", async () => {
    const { api, client } = await startWithOtherTeam('splunk', 'keen');
    for (let index = 0; index < 18; index += 1) api.bind('more');
    expect(await explain(bind(client, ['splunk', 'keen']))).toContain(
      "2 more would exceed Auth0's limit of 20",
    );
    expect(getWrites(api)).toEqual([]);
    expect(await bind(client, ['splunk'])).toMatchObject({ changed: true });
    expect(readFlow(api)).toHaveLength(20);
  });
});

describe('unbind', () => {
  it('removes the Actions, and nothing else', async () => {
    const { api, client } = await startWithOtherTeam('splunk', 'keen');
    for (const name of ['splunk', 'more', 'keen']) api.bind(name);
    const others = readFlow(api).filter(({ name }) => name === 'theirs' || name === 'more');
    expect(await unbind(client, ['splunk', 'keen'])).toMatchObject({ changed: true });
    expect(readFlow(api)).toEqual(others);
  });

  it('changes nothing where the Actions are not bound', async () => {
    const { api, client } = await startWithOtherTeam('splunk');
    expect(await unbind(client, ['splunk'])).toMatchObject({ changed: false });
    expect(getWrites(api)).toEqual([]);
  });
});

describe('a change of the flow', () => {
  /** A client of a tenant that renews the ids of bindings whenever they are written. */
  const createRenewing = (api: ManagementApi) => {
    const getWriteCount = () => getWrites(api).length;
    const fetch = rewriting(api, 'GET', /bindings/, (body) => {
      for (const binding of body.bindings) if (getWriteCount() > 0) binding.id = randomUUID();
      return body;
    });
    return createClient(api, { fetch: fetch() });
  };

  it('is verified by Actions and display names, as Auth0 renews the ids of bindings', async () => {
    const { api } = await startWithOtherTeam('splunk');
    const added = await bind(createRenewing(api), ['splunk']);
    expect(added.after.map(({ displayName }) => displayName)).toEqual(['Their Action', 'splunk']);
  });

  it('is verified in the same way when an Action is removed', async () => {
    const { api } = await startWithOtherTeam('splunk');
    api.bind('splunk');
    const { after } = await unbind(createRenewing(api), ['splunk']);
    expect(after.map(({ displayName }) => displayName)).toEqual(['Their Action']);
  });

  it('is retried while Auth0 says that an Action has not been deployed yet', async () => {
    const { api } = await startWithOtherTeam('splunk');
    let rejections = 0;
    const fetch: typeof globalThis.fetch = async (input, init) => {
      if (init?.method !== 'PATCH' || rejections >= 2) return api.fetch(input, init);
      rejections += 1;
      const message = 'Trying to create a binding for an action that has not been deployed yet';
      return Response.json({ statusCode: 400, error: 'Bad Request', message }, { status: 400 });
    };
    await bind(createClient(api, { fetch }), ['splunk']);
    expect(readFlow(api).map(({ name }) => name)).toEqual(['theirs', 'splunk']);
    expect(rejections).toBe(2);
  });

  it('waits for a deployment that is not in effect yet', async () => {
    const { api } = await startWithOtherTeam('splunk');
    const fetch = rewriting(api, 'GET', /\/actions\/actions\?/, ({ actions, ...page }) => ({
      ...page,
      actions: actions.map(({ deployed_version, ...action }: object & Record<string, unknown>) => action),
    }));
    await bind(createClient(api, { fetch: fetch(2) }), ['splunk']);
    expect(readFlow(api).map(({ name }) => name)).toEqual(['theirs', 'splunk']);
  });
});

describe('auth0-login-analytics bind', () => {
  it('prints the flow before and after', async () => {
    const { api } = await startWithOtherTeam('splunk');
    expect(await startCommand(['bind', 'splunk'], { env: toEnvironment(api) })).toEqual({
      code: 0,
      out: `The post-login flow was:
   1   Their Action   (theirs)
It is now:
   1   Their Action   (theirs)
   2   splunk
`,
      err: '',
    });
  });

  it('requires the names of Actions', async () => {
    const { api } = await startWithOtherTeam('splunk');
    expect(await runCommand(['bind'], { env: toEnvironment(api) })).toEqual({
      code: 2,
      out: '',
      err: "error: missing required argument 'actions'. See npx auth0-login-analytics bind --help\n",
    });
  });
});

describe('auth0-login-analytics unbind', () => {
  it('prints the flow before and after as JSON', async () => {
    const { api } = await startWithOtherTeam('splunk');
    api.bind('splunk');
    const { code, out } = await runCommand(['unbind', 'splunk', '--json'], { env: toEnvironment(api) });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ changed: true, after: [{ action: 'theirs' }] });
  });
});

describe('setSecrets', () => {
  it('sets and deploys the secrets of one Action, and leaves out empty ones', async () => {
    const { api, client } = await startApiWith('splunk', 'keen');
    const other = api.addAction({ name: 'theirs', code: CODE, secrets: { TOKEN: 'theirs' } });
    const before = structuredClone(other.draft);
    const given = { ...SPLUNK, SPLUNK_INDEX: '' };
    expect(await setSecrets(client, await findAction('splunk'), given)).toEqual(Object.keys(SPLUNK));
    const [splunk, keen] = api.actions;
    const values = splunk?.deployed?.secrets.map(({ name, value }) => [name, value]) ?? [];
    expect(Object.fromEntries(values)).toEqual(SPLUNK);
    expect([splunk?.deployed?.number, keen?.deployed?.number]).toEqual([2, 1]);
    expect(other.draft).toEqual(before);
  });

  it('writes nothing if a secret of the Action would be lost', async () => {
    const { api, client } = await startApi();
    api.addAction({ name: 'splunk', code: CODE, secrets: { ...SPLUNK, SPLUNK_INDEX: 'main', LOG: 'all' } });
    expect(await explain(setSecrets(client, await findAction('splunk'), SPLUNK))).toContain(
      'splunk has the secrets SPLUNK_INDEX, LOG, which were not given',
    );
    expect(getWrites(api)).toEqual([]);
  });

  it('requests nothing with secrets that the Action would not accept', async () => {
    const { api, client } = await startApiWith('splunk');
    const given = { SPLUNK_HEC_URL: 'http://hunter2.example.com' };
    await expect(setSecrets(client, await findAction('splunk'), given)).rejects.toThrow(
      /^splunk: SPLUNK_HEC_URL must be an https URL.*; SPLUNK_HEC_TOKEN is missing$/,
    );
    expect(api.requests).toEqual([]);
  });

  it('accepts the secrets of one destination for the Action that has all of them', async () => {
    const { api, client } = await startApiWith('all');
    const given = { ...SPLUNK, LOG: 'all' };
    expect(await setSecrets(client, await findAction('all'), given)).toEqual(Object.keys(given));
    expect(api.actions[0]?.deployed?.number).toBe(2);
  });

  it.each([
    ['no destination', { LOG: 'all' }, /^all: no destination configured, set the secrets of at least one$/],
    [
      'half of a destination',
      { ...SPLUNK, KEENIO_WRITE_KEY: 'hunter2' },
      /^all: KEENIO_PROJECT_ID is missing$/,
    ],
  ])('rejects the secrets of %s for the Action that has all of them', async (_, given, message) => {
    const { api, client } = await startApiWith('all');
    await expect(setSecrets(client, await findAction('all'), given)).rejects.toThrow(message);
    expect(api.requests).toEqual([]);
  });

  it('requires that the Action is in the tenant', async () => {
    const { client } = await startApi();
    expect(await explain(setSecrets(client, await findAction('splunk'), SPLUNK))).toContain(
      'Deploy it first: npx auth0-login-analytics deploy splunk',
    );
  });

  it('deploys no pending draft of another user', async () => {
    const { api, client } = await startApi();
    const { id } = api.addAction({ name: 'splunk', code: CODE });
    await client.actions.update(id, { code: `${CODE} // unfinished` });
    expect(await explain(setSecrets(client, await findAction('splunk'), SPLUNK))).toContain(
      'splunk has changes in the tenant that are not deployed',
    );
    expect(api.actions[0]?.deployed?.number).toBe(1);
  });

  describe('with CONFIG', () => {
    const TOKEN = { SPLUNK_HEC_TOKEN: SPLUNK.SPLUNK_HEC_TOKEN };
    const WITH_CONFIG = {
      SPLUNK_HEC_URL: SPLUNK.SPLUNK_HEC_URL,
      CONFIG: JSON.stringify({ ...TOKEN, LOG: 'all' }),
    };
    const getStored = (api: ManagementApi) =>
      Object.fromEntries(api.actions[0]?.deployed?.secrets.map(({ name, value }) => [name, value]) ?? []);

    it('sets it as it was given, and checks what it holds like single secrets', async () => {
      const { api, client } = await startApiWith('splunk');
      const action = await findAction('splunk');
      await setSecrets(client, action, WITH_CONFIG);
      expect(getStored(api)).toEqual(WITH_CONFIG);
      const malformed = { ...SPLUNK, CONFIG: JSON.stringify({ LOG: 'hunter2' }) };
      await expect(setSecrets(client, action, malformed)).rejects.toThrow(
        /^splunk: LOG must be (?!.*hunter2)/,
      );
    });

    it.each([
      [
        'a secret that is given twice',
        { ...SPLUNK, CONFIG: JSON.stringify(TOKEN) },
        'SPLUNK_HEC_TOKEN is set twice',
      ],
      ['what is not JSON', { ...SPLUNK, CONFIG: '{hunter2' }, 'CONFIG must be a JSON object of strings'],
      [
        'a misspelt name',
        { ...SPLUNK, CONFIG: '{"SPLUNK_INDX": "hunter2"}' },
        'CONFIG: unknown secret SPLUNK_INDX, did you mean SPLUNK_INDEX?',
      ],
    ])('rejects %s', async (_, given, message) => {
      const { api, client } = await startApiWith('splunk');
      const work = setSecrets(client, await findAction('splunk'), given);
      await expect(work).rejects.toThrow(message);
      expect(getWrites(api)).toEqual([]);
    });

    it('packs secrets into it, and loses none that the Action has as a single one', async () => {
      const { api, client } = await startApi();
      api.addAction({ name: 'splunk', code: CODE, secrets: SPLUNK });
      expect(await setSecrets(client, await findAction('splunk'), SPLUNK, { pack: true })).toEqual([
        'CONFIG',
      ]);
      expect(JSON.parse(getStored(api).CONFIG ?? '')).toEqual(SPLUNK);
    });

    it("keeps what exceeds Auth0's limit of characters outside of it", async () => {
      const { api, client } = await startApiWith('splunk');
      const given = { ...SPLUNK, SPLUNK_SOURCE: 's'.repeat(2_500), SPLUNK_INDEX: 'i'.repeat(2_000) };
      const names = await setSecrets(client, await findAction('splunk'), given, { pack: true });
      expect(names).toEqual(['CONFIG', 'SPLUNK_SOURCE']);
      expect({ ...getStored(api), ...JSON.parse(getStored(api).CONFIG ?? '') }).toMatchObject(given);
    });

    it("rejects more secrets than Auth0's limit before anything is requested, and packs them", async () => {
      const { api, client } = await startApiWith('all');
      const action = await findAction('all');
      const declared: SecretDeclarations = Object.assign({}, ...action.sinks.map(({ secrets }) => secrets));
      const defaults = Object.entries(declared).flatMap(([name, { defaultValue }]) =>
        defaultValue === undefined ? [] : [[name, defaultValue]],
      );
      const given = { ...SPLUNK, ...Object.fromEntries(defaults.slice(0, 29)) };
      expect(Object.keys(given)).toHaveLength(31);
      await expect(setSecrets(client, action, given)).rejects.toThrow(
        "all: 31 secrets exceed Auth0's limit of 30, --pack stores them in one secret, CONFIG",
      );
      expect(api.requests).toEqual([]);
      expect(await setSecrets(client, action, given, { pack: true })).toEqual(['CONFIG']);
    });
  });

  it('waits until the deployment is in effect', async () => {
    const { api } = await startApiWith('splunk');
    let pendingReads = 0;
    const fetch = rewriting(api, 'GET', /\/actions\/actions\/\w/, (action) => {
      const isDeploying = api.requests.some(({ path }) => path.endsWith('/deploy'));
      if (isDeploying) pendingReads += 1;
      return { ...action, ...(isDeploying && pendingReads < 3 && { all_changes_deployed: false }) };
    });
    await setSecrets(createClient(api, { fetch: fetch() }), await findAction('splunk'), SPLUNK);
    expect(pendingReads).toBeGreaterThanOrEqual(3);
  });

  it('masks values that the response repeats', async () => {
    const { api } = await startApiWith('splunk');
    const fetch: typeof globalThis.fetch = async (input, init) =>
      init?.method === 'PATCH'
        ? Response.json({ statusCode: 400, message: `What is ${SPLUNK.SPLUNK_HEC_TOKEN}?` }, { status: 400 })
        : api.fetch(input, init);
    const client = createClient(api, { fetch });
    expect(await explain(setSecrets(client, await findAction('splunk'), SPLUNK))).toBe(
      'The tenant rejected the request (400 What is ***?)',
    );
  });
});

describe('auth0-login-analytics secrets', () => {
  it('sets the secrets of a file, in which those of other Actions may be', async () => {
    const { api } = await startApiWith('splunk');
    const file = createFile('secrets.json', { ...SPLUNK, KEENIO_WRITE_KEY: 'hunter2' });
    const { code, out, err } = await startCommand(['secrets', 'splunk', '--secrets', file], {
      env: toEnvironment(api),
    });
    expect(code).toBe(0);
    expect(out).toContain('splunk has SPLUNK_HEC_URL, SPLUNK_HEC_TOKEN in 127.0.0.1');
    expect(out + err).not.toContain('hunter2');
    expect(api.actions[0]?.deployed?.number).toBe(2);
  });

  it('changes nothing with --dry-run', async () => {
    const { api } = await startApiWith('splunk');
    const env = { ...toEnvironment(api), ...SPLUNK };
    const { code, out } = await runCommand(['secrets', 'splunk', '--dry-run'], { env });
    expect(code).toBe(0);
    expect(out).toContain('splunk would get SPLUNK_HEC_URL, SPLUNK_HEC_TOKEN in 127.0.0.1');
    expect(getWrites(api)).toEqual([]);
  });

  it('prints no value that is malformed', async () => {
    const { api } = await startApiWith('splunk');
    const env = { ...toEnvironment(api), ...SPLUNK, SPLUNK_HEC_URL: 'http://hunter2.example.com' };
    const { code, out, err } = await runCommand(['secrets', 'splunk'], { env });
    expect(code).toBe(2);
    expect(out + err).not.toContain('hunter2');
  });
});
