/** The command line tools, as a person runs them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readJsonObject } from '../../tools/cli/command.ts';
import { readSecretsFile } from '../../tools/cli/secret-values.ts';
import { findAction } from '../../tools/shared/catalog.ts';
import { readManifest } from '../../tools/shared/manifest.ts';
import { getOutcome, type Outcome } from '../../tools/simulator/outcomes.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { splunk } from '../../tools/simulator/vendors/splunk.ts';
import { startVendorMock, type VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { callTool, startTool } from '../support/command.ts';
import { login, signUp } from '../support/events.ts';

const run = (tool: string, args: readonly string[], env: Record<string, string> = {}) =>
  callTool(tool, { args, env });

const NAME_ONE = `Name one Action: ${readManifest()
  .actions.map(({ name }) => name)
  .join(', ')}`;

describe('npm start', () => {
  it('plays the scene, and everything arrives', async () => {
    const { code, out } = await startTool('start', { args: ['--once'] });
    expect(out).toContain('Everything that was to arrive arrived, once.');
    expect(out).toMatch(/^Ada signs up +SignUp everywhere$/m);
    expect(out).toMatch(/^Ada logs in again +Login at \d+; skipped at keen$/m);
    expect(out).toMatch(/^Grace is let in silently +skipped everywhere$/m);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a colour is.
    expect(out).not.toMatch(/\u001b\[/);
    expect(code).toBe(0);
  });

  it('serves the page until it is stopped', async () => {
    let page: Response | undefined;
    const { code, out } = await startTool('start', {}, (child) => {
      child.stdout?.on('data', async (line) => {
        const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(String(line)) ?? [];
        if (url) page = await fetch(url);
        child.kill('SIGINT');
      });
    });
    expect(await page?.text()).toContain('<title>auth0-login-analytics');
    expect(out).toMatch(/^Open http:\/\/127\.0\.0\.1:\d+ in a browser\. Ctrl\+C ends it\.\n$/);
    expect(code).toBe(0);
  });

  it.each(['70000', '-1', '80.5', 'http'])('exits with 2 for the port %s', async (port) => {
    expect(await run('start', [`--port=${port}`])).toMatchObject({ code: 2, out: '' });
  });

  it('tells all of it as JSON, without a credential', async () => {
    const { code, out } = await run('start', ['--once', '--json']);
    const { logins, destinations, users, problems } = JSON.parse(out);
    expect(code).toBe(0);
    expect(problems).toEqual([]);
    expect(logins[0]).toMatchObject({
      outcome: 'completed',
      appMetadataBefore: {},
      appMetadataAfter: { signedUp: Object.fromEntries(vendors.map(({ name }) => [name, true])) },
      actions: vendors.map(({ name }) => ({
        name,
        outcome: 'delivered',
        logs: expect.stringMatching(/SignUp delivered in \d+ ms/),
      })),
    });
    expect(destinations[0].requests[0]).toMatchObject({
      method: 'POST',
      path: '/services/collector/event',
      status: 200,
      headers: { authorization: 'Splunk ***' },
    });
    expect(users).toContainEqual({ user_id: 'auth0|migrated', app_metadata: { signedUp: true } });
    for (const { secrets } of vendors) {
      for (const [name, value] of Object.entries(secrets({ url: '', caCertificate: '' }))) {
        if (/TOKEN|KEY|SECRET/.test(name)) expect(out).not.toContain(value);
      }
    }
  });

  it('explains itself, and what it does not understand', async () => {
    expect(await run('start', ['--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: npm start'),
    });
    expect(await startTool('start', { args: ['--twice'] })).toMatchObject({
      code: 2,
      err: expect.stringContaining("'--twice'"),
    });
  });
});

describe('npm run try', () => {
  let folder: string;
  let destination: VendorMock;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'try-'));
    destination = await startVendorMock(splunk);
  });
  afterEach(() => destination.reset());
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await destination.close();
  });

  const write = (name: string, content: unknown): string => {
    const file = path.join(folder, name);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };

  it("delivers Auth0's example event with the secrets of the environment", async () => {
    const { code, out } = await startTool('try', { args: ['splunk'], env: destination.secrets });
    expect(out).toMatch(
      /^splunk: delivered in \d+ ms\nlog +\[splunk\] SignUp delivered in \d+ ms\napp_metadata +signedUp = \{"splunk":true\}\n$/,
    );
    expect(code).toBe(0);
    expect(destination.events).toMatchObject([{ type: 'SignUp', userId: 'auth0|5f7c8ec7c33c6c004bbafe82' }]);
  });

  it('delivers it at all destinations that are configured', async () => {
    const { code, out } = await run('try', ['all'], destination.secrets);
    expect(out).toMatch(
      /^all: delivered in \d+ ms\nlog +\[all\] splunk: SignUp delivered in \d+ ms\napp_metadata +signedUp = \{"splunk":true\}\n$/,
    );
    expect(code).toBe(0);
    expect(destination.events).toMatchObject([{ type: 'SignUp' }]);
  });

  it('delivers a given event with the secrets of a file, and tells it as JSON', async () => {
    const files = [
      '--event',
      write('event.json', login()),
      '--secrets',
      write('secrets.json', destination.secrets),
    ];
    const { code, out } = await run('try', ['splunk', ...files, '--json']);
    expect(JSON.parse(out)).toMatchObject({ action: 'splunk', outcome: 'delivered', metadata: [] });
    expect(code).toBe(0);
    expect(destination.events).toMatchObject([{ type: 'Login' }]);
  });

  it('exits with 0 for what is rightly skipped', async () => {
    const event = signUp({ request: { ...signUp().request, query: { prompt: 'none' } } });
    const { code, out } = await run(
      'try',
      ['splunk', '--event', write('silent.json', event)],
      destination.secrets,
    );
    expect(out).toContain('[splunk] Skipped: silent authentication');
    expect(code).toBe(0);
  });

  it('exits with 1 for what is not delivered', async () => {
    destination.injectFault({ response: { status: 503 } });
    const { code, out } = await startTool('try', { args: ['splunk'], env: destination.secrets });
    expect(out).toContain('[splunk] SignUp not delivered: 503');
    expect(code).toBe(1);
  });

  it('exits with 2 for what is not configured, and prints no value', async () => {
    const { code, out, err } = await run('try', ['splunk'], { SPLUNK_HEC_URL: 'http://hunter2.example.com' });
    expect(out).toContain('Not configured: SPLUNK_HEC_URL must be an https URL');
    expect(out).toContain('SPLUNK_HEC_TOKEN is missing');
    expect(out + err).not.toContain('hunter2');
    expect(code).toBe(2);
  });

  it('exits with 2 for what it does not understand, and says so', async () => {
    const broken = write('broken.json', ['hunter2']);
    expect(await run('try', ['spunk'])).toMatchObject({
      code: 2,
      err: `${NAME_ONE}\nSee --help.\n`,
    });
    expect(await run('try', ['splunk', '--secrets', broken])).toMatchObject({
      code: 2,
      err: `${broken} does not hold a JSON object\nSee --help.\n`,
    });
  });

  it.each<[string, Outcome]>([
    ['[splunk] SignUp delivered in 12 ms', 'delivered'],
    ['[splunk] Login delivered in 12 ms; 1 kept refused and dropped: 400 No data', 'delivered'],
    ['[splunk] Skipped: silent authentication', 'skipped'],
    ['[keen] Login skipped: the destination is not set up for it', 'skipped'],
    ['[splunk] Not configured: SPLUNK_HEC_TOKEN is missing', 'not configured'],
    ['[splunk] Login not delivered: 400 Not configured', 'failed'],
    ['[splunk] Login not recorded: the event or the api object failed', 'failed'],
    ['', 'failed'],
    [
      '[all] keen: Login skipped: the destination is not set up for it; splunk: Login delivered in 1 ms',
      'delivered',
    ],
    [
      '[all] splunk: Login delivered in 12 ms; keen, otlp: Not configured: KEENIO_WRITE_KEY is missing',
      'not configured',
    ],
    ['[all] splunk: Login del…; keen: Not conf…; segment-http: Login not d…', 'failed'],
  ])('tells the outcome by the log line: %j', (line, outcome) => {
    expect(getOutcome(`${line}\n`)).toBe(outcome);
  });

  it.each([[[]], [['spunk']], [['splunk', 'keen']]])('needs one Action: %j', async (names) => {
    await expect(findAction(names)).rejects.toThrow(NAME_ONE);
  });

  it.each([
    ['that is not JSON', 'hunter2', 'is not valid JSON'],
    ['that is a list', ['hunter2'], 'does not hold a JSON object'],
    [
      'with a misspelt name',
      { SPLUNK_TOKEN: 'hunter2' },
      'splunk has no secret SPLUNK_TOKEN. It has DELIVERY_TIMEOUT_MS',
    ],
    ['with a value that is no text', { SPLUNK_TLS_VERIFY: false }, 'SPLUNK_TLS_VERIFY must be a text'],
  ])('takes no file of secrets %s, and shows nothing of it', async (_, content, message) => {
    const action = await findAction(['splunk']);
    const file = write('broken.json', content);
    expect(() => readSecretsFile(file, action)).toThrow(message);
    expect(() => readSecretsFile(file, action)).not.toThrow('hunter2');
  });

  it('names a file that is not there', () => {
    expect(() => readJsonObject('nowhere.json')).toThrow('Cannot read nowhere.json: ENOENT');
  });
});
