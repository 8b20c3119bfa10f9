/** deploy, bind and secrets, against the local Management API. The Deploy CLI itself runs in deploy-cli.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ManagementClient } from 'auth0';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { bind, unbind } from '../../tools/cli/commands/bind.ts';
import {
  check,
  deploy,
  importActions,
  previewChanges,
  selectActions,
} from '../../tools/cli/commands/deploy.ts';
import { setSecrets } from '../../tools/cli/commands/secrets.ts';
import { connect, refusalOf, SCOPES } from '../../tools/cli/tenant-connection.ts';
import { build } from '../../tools/shared/build.ts';
import { findAction } from '../../tools/shared/catalog.ts';
import { ROOT, readManifest } from '../../tools/shared/manifest.ts';
import {
  type ManagementApi,
  startManagementApi,
} from '../../tools/simulator/auth0/management-api/management-api.ts';
import { Tenant } from '../../tools/simulator/auth0/tenant.ts';
import { callTool, startTool } from '../support/command.ts';

const CODE = 'exports.onExecutePostLogin = async () => {};';
const SPLUNK = { SPLUNK_HEC_URL: 'https://splunk.example.com', SPLUNK_HEC_TOKEN: 'hunter2-token' };
const { actions: OURS } = readManifest();

/** A tool starts slowly where many tests run at once. */
const CHILD = { timeout: 60_000 };

beforeAll(build);

const start = async (maxRetries = 0) => {
  const api = await startManagementApi(new Tenant());
  onTestFinished(() => api.close());
  const { domain, credentials, fetch } = api;
  return { api, client: new ManagementClient({ domain, ...credentials, fetch, maxRetries }) };
};

/** With Actions of ours as they are after a deployment. */
const deployed = async (...names: string[]) => {
  const { api, client } = await start();
  for (const { name, code, dependencies } of selectActions(names)) {
    const actionCode = await readFile(path.join(ROOT, code), 'utf8');
    api.addAction({ name, code: actionCode, dependencies: dependencies.map((module) => ({ ...module })) });
  }
  return { api, client };
};

const flowOf = (api: ManagementApi) =>
  api.bindings.map(({ id, display_name, action }) => ({ id, name: action.name, display_name }));
const writes = (api: ManagementApi) =>
  api.requests.filter(({ method, path }) => method !== 'GET' && path !== '/oauth/token');
const refusal = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(() => undefined, refusalOf);
const folder = (): string => {
  const created = mkdtempSync(path.join(tmpdir(), 'operate-'));
  onTestFinished(() => rmSync(created, { recursive: true }));
  return created;
};

const environment = ({ domain, credentials, caCertificate }: ManagementApi): Record<string, string> => {
  const certificate = path.join(folder(), 'ca.pem');
  writeFileSync(certificate, caCertificate);
  return {
    AUTH0_DOMAIN: domain,
    AUTH0_CLIENT_ID: credentials.clientId,
    AUTH0_CLIENT_SECRET: credentials.clientSecret,
    NODE_EXTRA_CA_CERTS: certificate,
  };
};

describe('the tenant', () => {
  it.each([
    [{}, 'Set AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET in'],
    [
      { AUTH0_DOMAIN: 'example.auth0.com', AUTH0_CLIENT_ID: 'id', AUTH0_CLIENT_SECRET: ' ' },
      'Set AUTH0_CLIENT_SECRET in',
    ],
    [{ AUTH0_ACCESS_TOKEN: 'hunter2' }, 'Set AUTH0_DOMAIN in'],
    [{ AUTH0_DOMAIN: 'https://example.auth0.com', AUTH0_ACCESS_TOKEN: 'hunter2' }, 'without https://'],
  ])('must be told: %o', (env, message) => {
    for (const name of ['AUTH0_DOMAIN', 'AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET', 'AUTH0_ACCESS_TOKEN']) {
      vi.stubEnv(name, Reflect.get(env, name));
    }
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(connect).toThrow(message);
  });

  it.each([
    [401, 'check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET'],
    [403, 'check that the application may use the Management API'],
    [404, 'was it deleted meanwhile?'],
    [409, 'run this again'],
    [429, 'run this again in a minute'],
    [500, 'run this again, and see https://status.auth0.com'],
  ])('answers %i, and the tool says what to do', async (status, advice) => {
    const { api, client } = await deployed('splunk');
    api.injectFault({ status }, { count: 99, request: /bindings/ });
    const message = await refusal(bind(client, ['splunk']));
    expect(message).toContain(advice);
    expect(message).toContain(String(status));
    expect(message).not.toContain('\n');
  });

  it('has no such credentials', async () => {
    const { api } = await start();
    const { domain, credentials, fetch } = api;
    const clients = [
      new ManagementClient({ domain, ...credentials, clientSecret: 'hunter2', fetch }),
      new ManagementClient({ domain, token: 'hunter2', fetch }),
    ];
    for (const client of clients) {
      const message = await refusal(bind(client, ['splunk']));
      expect(message).toContain('check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET');
      expect(message).not.toContain('hunter2');
    }
  });

  it('cannot be reached', async () => {
    const { api } = await start();
    const client = new ManagementClient({
      domain: '127.0.0.1:1',
      token: 'x',
      fetch: api.fetch,
      maxRetries: 0,
    });
    expect(await refusal(bind(client, ['splunk']))).toMatch(/^The tenant cannot be reached \(ECONNREFUSED\)/);
  });

  it('is busy, and is asked again', async () => {
    const { api, client } = await start(2);
    api.injectFault({ status: 429 }, { count: 1, request: /bindings/ });
    expect(await unbind(client, ['splunk'])).toMatchObject({ changed: false });
  });

  it('asks for scopes by name, and those of the table are enough', async () => {
    const work = {
      bind: (client: ManagementClient) => bind(client, ['splunk']),
      unbind: (client: ManagementClient) => unbind(client, ['splunk']),
      secrets: async (client: ManagementClient) => setSecrets(client, await findAction(['splunk']), SPLUNK),
    };
    for (const [command, act] of Object.entries(work)) {
      const scopes: readonly string[] = SCOPES[command as keyof typeof work];
      const { api, client } = await deployed('splunk');
      if (command === 'unbind') api.bind('splunk');
      for (const missing of scopes) {
        api.scopes = scopes.filter((scope) => scope !== missing);
        const { domain, credentials, fetch } = api;
        const limited = new ManagementClient({ domain, ...credentials, fetch });
        expect(await refusal(act(limited))).toContain(`The scope ${missing} is missing: grant it`);
      }
      api.scopes = scopes;
      await act(client);
    }
  });
});

describe('deploy', () => {
  it('shows what is new, what differs and what does not', async () => {
    const { api, client } = await deployed('splunk', 'keen', 'segment');
    const [splunk, keen, segment] = api.actions;
    const otherCommit =
      splunk?.draft.code.replace(/^.*\n/, '// auth0-login-analytics 0.0.1: splunk.\n') ?? '';
    await client.actions.update(splunk?.id ?? '', { code: otherCommit });
    await client.actions.update(keen?.id ?? '', { code: `// auth0-login-analytics 0.0.1: keen.\n${CODE}` });
    await client.actions.update(segment?.id ?? '', { dependencies: [] });
    expect(await previewChanges(client, OURS)).toEqual([
      // Only the commit in the first line differs, and that draft is not deployed.
      { name: 'splunk', changes: ['not deployed'] },
      { name: 'keen', changes: ['code'] },
      { name: 'segment', changes: ['dependencies'] },
      ...OURS.slice(3).map(({ name }) => ({ name, changes: ['new'] })),
    ]);
  });

  it('deploys what is in the tenant already, and not deployed', async () => {
    const { api, client } = await start();
    const [entry] = selectActions(['splunk']);
    const code = await readFile(path.join(ROOT, entry?.code ?? ''), 'utf8');
    const dependencies = entry?.dependencies.map((module) => ({ ...module })) ?? [];
    api.addAction({ name: 'splunk', code, dependencies, deployed: false });
    expect(await previewChanges(client, selectActions(['splunk']))).toEqual([
      { name: 'splunk', changes: ['not deployed'] },
    ]);
  });

  it('finds its Actions among many', async () => {
    const { api, client } = await start();
    for (let i = 0; i < 101; i++) api.addAction({ name: `theirs ${i}`, code: CODE });
    api.addAction({ name: 'splunk', code: CODE });
    expect(await previewChanges(client, selectActions(['splunk']))).toEqual([
      { name: 'splunk', changes: ["somebody else's code", 'dependencies'] },
    ]);
  });

  it('takes the Actions that are named, and all without a name', () => {
    expect(selectActions(['keen']).map(({ name }) => name)).toEqual(['keen']);
    expect(selectActions([])).toEqual(OURS);
    expect(() => selectActions(['keen', 'spunk'])).toThrow('There is no Action spunk. There is splunk, keen');
  });

  it('checks every bundle', async () => {
    for (const entry of OURS) await expect(check(entry)).resolves.toBeUndefined();
  });

  it('notices that an import has not done its work', async () => {
    const { api, client } = await start();
    const connection = { client, domain: api.domain, credentials: {} };
    const changes = await previewChanges(client, selectActions(['splunk']));
    expect(await refusal(deploy(connection, changes, async () => {}))).toMatch(
      /splunk is not as it should be in the tenant:\nsplunk +new$/,
    );
  });

  it('gives the reason of the Deploy CLI', CHILD, async () => {
    const { api, client } = await start();
    const { AUTH0_CLIENT_SECRET, ...env } = environment(api);
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const credentials = { ...env, AUTH0_CLIENT_SECRET: 'hunter2' };
    const connection = { client, domain: api.domain, credentials };
    expect(await refusal(importActions(connection, selectActions(['splunk'])))).toBe(
      `The Deploy CLI did not deploy to ${api.domain}: Problem running command import Unauthorized`,
    );
    expect(writes(api)).toEqual([]);
  });

  it('asks in a terminal only, and changes nothing in a dry run', CHILD, async () => {
    const { api } = await deployed('splunk');
    const env = environment(api);
    expect(await callTool('deploy', { env })).toMatchObject({
      code: 2,
      err: expect.stringContaining('say --yes'),
    });
    const dry = await callTool('deploy', { env, args: ['splunk', 'keen', '--dry-run'] });
    expect(dry.out).toMatch(/:\nsplunk +nothing to do\nkeen +new\nNothing was changed\.\n$/);
    const same = await callTool('deploy', { env, args: ['splunk', '--yes', '--json'] });
    expect(JSON.parse(same.out)).toEqual({
      domain: api.domain,
      actions: [{ name: 'splunk', changes: [] }],
      deployed: false,
    });
    expect([dry.code, same.code]).toEqual([0, 0]);
    expect(writes(api)).toEqual([]);
  });
});

describe('bind', () => {
  const theirs = async (...names: string[]) => {
    const { api, client } = await deployed(...names);
    api.addAction({ name: 'theirs', code: CODE });
    api.addAction({ name: 'more', code: CODE });
    api.bind('theirs', 'Their Action');
    return { api, client };
  };

  it('adds at the end, keeps what is there, and twice is once', async () => {
    const { api, client } = await theirs('splunk', 'keen');
    const [first] = flowOf(api);
    const { before, after, changed } = await bind(client, ['splunk', 'keen']);
    expect(before.map(({ action }) => action)).toEqual(['theirs']);
    expect(after.map(({ displayName }) => displayName)).toEqual(['Their Action', 'splunk', 'keen']);
    expect(changed).toBe(true);
    const flow = flowOf(api);
    expect(flow[0]).toEqual(first);

    expect(await bind(client, ['keen', 'splunk'])).toMatchObject({ changed: false });
    expect(flowOf(api)).toEqual(flow);
    expect(writes(api)).toHaveLength(1);
  });

  it('is undone by unbind, which takes out nothing else', async () => {
    const { api, client } = await theirs('splunk', 'keen');
    for (const name of ['splunk', 'more', 'keen']) api.bind(name);
    const kept = flowOf(api).filter(({ name }) => !OURS.some((entry) => entry.name === name));
    expect(await unbind(client, ['splunk', 'keen'])).toMatchObject({ changed: true });
    expect(flowOf(api)).toEqual(kept);
    expect(await unbind(client, ['splunk', 'keen'])).toMatchObject({ changed: false });
    expect(writes(api)).toHaveLength(1);
  });

  it('changes nothing in a dry run', async () => {
    const { api, client } = await theirs('splunk');
    const { after, changed } = await bind(client, ['splunk'], true);
    expect(after).toMatchObject([{ action: 'theirs' }, { id: undefined, action: 'splunk' }]);
    expect(changed).toBe(true);
    expect(writes(api)).toEqual([]);
  });

  it('writes nothing when somebody changes the flow before', async () => {
    const { api, client } = await theirs('splunk');
    api.injectFault({ meanwhile: () => api.bind('more') }, { count: 1, request: /GET .*bindings/, skip: 1 });
    expect(await refusal(bind(client, ['splunk']))).toMatch(
      /nothing was written.*now:\n.*Their Action.*\n.*more$/s,
    );
    expect(flowOf(api).map(({ name }) => name)).toEqual(['theirs', 'more']);
    expect(writes(api)).toEqual([]);
  });

  it('reports that somebody changes the flow right after', async () => {
    const { api, client } = await theirs('splunk');
    // The reading after the writing is the third.
    api.injectFault({ meanwhile: () => api.bind('more') }, { count: 1, request: /GET .*bindings/, skip: 2 });
    expect(await refusal(bind(client, ['splunk']))).toMatch(
      /at the same time.*was:\n.*now:\n.*splunk\n.*more$/s,
    );
  });

  it('takes only what is deployed, and all or nothing', async () => {
    const { api, client } = await theirs('splunk');
    api.addAction({ name: 'keen', code: CODE, deployed: false });
    expect(await refusal(bind(client, ['splunk', 'keen']))).toContain(
      'keen is not deployed in the tenant, and nothing was bound. First: npm run deploy -- keen',
    );
    expect(await refusal(bind(client, ['splunk', 'segment']))).toContain(
      'segment does not exist in the tenant',
    );
    expect(writes(api)).toEqual([]);
  });

  it("stays within Auth0's limit", async () => {
    const { api, client } = await theirs('splunk', 'keen');
    for (let i = 0; i < 18; i++) api.bind('more');
    expect(await refusal(bind(client, ['splunk', 'keen']))).toContain(
      "2 more would be over Auth0's limit of 20",
    );
    expect(writes(api)).toEqual([]);
    expect(await bind(client, ['splunk'])).toMatchObject({ changed: true });
    expect(flowOf(api)).toHaveLength(20);
  });

  it('prints the flow before and after', CHILD, async () => {
    const { api } = await theirs('splunk');
    const env = environment(api);
    const bound = await startTool('bind', { env, args: ['splunk'] });
    expect(bound).toEqual({
      code: 0,
      out: `The post-login flow was:
   1   Their Action   (theirs)
It is now:
   1   Their Action   (theirs)
   2   splunk
`,
      err: '',
    });
    const unbound = await callTool('bind', { env, args: ['--unbind', 'splunk', '--json'] });
    expect(JSON.parse(unbound.out)).toMatchObject({ changed: true, after: [{ action: 'theirs' }] });
    expect(await callTool('bind', { env })).toMatchObject({
      code: 2,
      err: expect.stringContaining('Name Actions: splunk'),
    });
  });

  it(
    'takes credentials from .env, unless the environment has them, and exits with 1 when refused',
    CHILD,
    async () => {
      const { api } = await theirs('splunk');
      const { NODE_EXTRA_CA_CERTS, ...credentials } = environment(api);
      const cwd = folder();
      const lines = Object.entries(credentials).map(([name, value]) => `${name}=${value}\n`);
      writeFileSync(path.join(cwd, '.env'), lines.join(''));
      const args = ['splunk', '--dry-run'];
      expect(await callTool('bind', { args, cwd, env: { NODE_EXTRA_CA_CERTS } })).toMatchObject({
        code: 0,
        err: '',
      });
      const wrong = { NODE_EXTRA_CA_CERTS, AUTH0_CLIENT_SECRET: 'hunter2' };
      const { code, out, err } = await startTool('bind', { args, cwd, env: wrong });
      expect(code).toBe(1);
      expect(err).toMatch(/^The tenant refuses the credentials \(401 Unauthorized\).*\n$/);
      expect(out + err).not.toContain('hunter2');

      expect(await callTool('bind', { args, env: credentials })).toMatchObject({
        code: 1,
        err: expect.stringContaining('The tenant cannot be reached (DEPTH_ZERO_SELF_SIGNED_CERT)'),
      });
    },
  );
});

describe('secrets', () => {
  it('are set and deployed, and nobody else is touched', async () => {
    const { api, client } = await deployed('splunk', 'keen');
    const other = api.addAction({ name: 'theirs', code: CODE, secrets: { TOKEN: 'theirs' } });
    const before = structuredClone(other.draft);
    const given = { ...SPLUNK, SPLUNK_INDEX: '' };
    expect(await setSecrets(client, await findAction(['splunk']), given)).toEqual(Object.keys(SPLUNK));
    const [splunk, keen] = api.actions;
    const values = splunk?.deployed?.secrets.map(({ name, value }) => [name, value]) ?? [];
    expect(Object.fromEntries(values)).toEqual(SPLUNK);
    expect([splunk?.deployed?.number, keen?.deployed?.number]).toEqual([2, 1]);
    expect(other.draft).toEqual(before);
  });

  it('must be all that the Action has, because the rest would be lost', async () => {
    const { api, client } = await start();
    api.addAction({ name: 'splunk', code: CODE, secrets: { ...SPLUNK, SPLUNK_INDEX: 'main', LOG: 'all' } });
    const message = await refusal(setSecrets(client, await findAction(['splunk']), SPLUNK));
    expect(message).toContain('splunk has the secrets SPLUNK_INDEX, LOG, which were not given');
    expect(writes(api)).toEqual([]);
  });

  it('are checked as at run time', async () => {
    const { api, client } = await deployed('splunk');
    const given = { SPLUNK_HEC_URL: 'http://hunter2.example.com' };
    await expect(setSecrets(client, await findAction(['splunk']), given)).rejects.toThrow(
      /^splunk: SPLUNK_HEC_URL must be an https URL.*; SPLUNK_HEC_TOKEN is missing$/,
    );
    expect(api.requests).toEqual([]);
  });

  it('are those of at least one destination for the Action that has all of them', async () => {
    const { api, client } = await deployed('all');
    const all = await findAction(['all']);
    await expect(setSecrets(client, all, { LOG: 'all' })).rejects.toThrow(
      /^all: splunk, keen, .* have no secrets: set those of one at least$/,
    );
    await expect(setSecrets(client, all, { ...SPLUNK, KEENIO_WRITE_KEY: 'hunter2' })).rejects.toThrow(
      'all: KEENIO_PROJECT_ID is missing',
    );
    expect(api.requests).toEqual([]);
    expect(await setSecrets(client, all, { ...SPLUNK, LOG: 'all' })).toEqual([...Object.keys(SPLUNK), 'LOG']);
    expect(api.actions[0]?.deployed?.number).toBe(2);
  });

  it('need the Action, without changes that nobody has deployed', async () => {
    const { api, client } = await start();
    const action = await findAction(['splunk']);
    expect(await refusal(setSecrets(client, action, SPLUNK))).toContain('First: npm run deploy -- splunk');
    const { id } = api.addAction({ name: 'splunk', code: CODE });
    await client.actions.update(id, { code: `${CODE} // unfinished` });
    expect(await refusal(setSecrets(client, action, SPLUNK))).toContain(
      'changes in the tenant that are not deployed',
    );
  });

  it('stay secret when the answer repeats them', async () => {
    const { api } = await deployed('splunk');
    const { domain, credentials } = api;
    const fetch: typeof globalThis.fetch = async (input, init) =>
      init?.method === 'PATCH'
        ? Response.json({ statusCode: 400, message: `What is ${SPLUNK.SPLUNK_HEC_TOKEN}?` }, { status: 400 })
        : api.fetch(input, init);
    const client = new ManagementClient({ domain, ...credentials, fetch });
    expect(await refusal(setSecrets(client, await findAction(['splunk']), SPLUNK))).toBe(
      'The tenant refuses this (400 What is ***?)',
    );
  });

  it('come from a file or the environment, and are not printed', CHILD, async () => {
    const { api } = await deployed('splunk');
    const file = path.join(folder(), 'secrets.json');
    writeFileSync(file, JSON.stringify(SPLUNK));
    const env = environment(api);
    const runs = [
      await callTool('secrets', { env: { ...env, ...SPLUNK }, args: ['splunk', '--dry-run'] }),
      await startTool('secrets', { env, args: ['splunk', '--file', file] }),
      await callTool('secrets', {
        env: { ...env, SPLUNK_HEC_URL: 'http://hunter2.example.com' },
        args: ['splunk'],
      }),
    ];
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 2]);
    expect(runs.map(({ out, err }) => out + err).join('')).not.toContain('hunter2');
    expect(runs[1]?.out).toContain('splunk has SPLUNK_HEC_URL, SPLUNK_HEC_TOKEN at 127.0.0.1');
    expect(api.actions[0]?.deployed?.number).toBe(2);
  });
});
