/** The packages as npm packs them, side by side in a folder outside of the clone, with what they declare and no more. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../tools/shared/manifest.ts';
import { startCommand } from '../support/command.ts';
import { startApi, toEnvironment } from '../support/management-api.ts';

const CLI = path.join(ROOT, 'tools/cli');
const readPackage = (folder: string) => JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));

describe('packed auth0-login-analytics-cli', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'packed-'));
  const modules = path.join(folder, 'node_modules');
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Packs a package and unpacks it where npm would install it. */
  const install = (packageFolder: string, ...options: readonly string[]) => {
    const { name, version } = readPackage(packageFolder);
    const args = ['pack', '--silent', '--pack-destination', folder, ...options];
    execFileSync('npm', args, { cwd: packageFolder, stdio: 'pipe' });
    const target = path.join(modules, name);
    mkdirSync(target, { recursive: true });
    const tarball = path.join(folder, `${name}-${version}.tgz`);
    execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  };

  /** What the package declares is installed in the clone. */
  const link = (name: string) => {
    const source = [CLI, ROOT]
      .map((from) => path.join(from, 'node_modules', name))
      .find((candidate) => existsSync(candidate));
    if (!source) throw new Error(`${name} is not installed`);
    const target = path.join(modules, name);
    mkdirSync(path.dirname(target), { recursive: true });
    if (!existsSync(target)) symlinkSync(source, target);
  };

  beforeAll(() => {
    // The Actions have been built for all tests.
    install(ROOT, '--ignore-scripts');
    install(CLI);
    for (const name of Object.keys(readPackage(CLI).dependencies)) link(name);
  });

  const bin = path.join(modules, 'auth0-login-analytics-cli/bin/auth0-login-analytics.js');
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    startCommand(args, { env, cwd: folder, bin });

  it('prints its version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, out: `${readPackage(ROOT).version}\n`, err: '' });
  });

  it('runs the scenario with the Actions of the other package', async () => {
    const { code, out, err } = await run(['start', '--once', '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({ problems: [] });
  });

  it('serves the playground, client included', async () => {
    let script = '';
    const { code } = await startCommand(['start'], { cwd: folder, bin }, (child) => {
      child.stdout?.on('data', async (line) => {
        const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(String(line)) ?? [];
        if (url) script = await (await fetch(`${url}/app.js`)).text();
        child.kill('SIGINT');
      });
    });
    expect(script).toContain('This file contains preact');
    expect(code).toBe(0);
  });

  it('compares its Actions with those of a tenant', async () => {
    const { api } = await startApi();
    const { code, out } = await run(['deploy', 'splunk', '--dry-run'], toEnvironment(api));
    expect(out).toBe(`${api.domain}:\nsplunk   new\nNothing was changed.\n`);
    expect(code).toBe(0);
  });

  it('explains that a new destination needs a clone', async () => {
    expect(await run(['new', 'acme'])).toEqual({
      code: 2,
      out: '',
      err: 'error: new writes source files: run it in a clone of the project. See npx auth0-login-analytics new --help\n',
    });
  });
});

describe('tools/cli/package.json', () => {
  const root = readPackage(ROOT);
  const cli = readPackage(CLI);

  it('has the version of the package, and depends on exactly that version', () => {
    expect(cli.version).toBe(root.version);
    expect(cli.dependencies['auth0-login-analytics']).toBe(root.version);
  });

  it('declares the versions that the rest of the project declares', () => {
    const versions: Record<string, string> = { ...root.devDependencies, ...root.dependencies };
    const shared = Object.keys(cli.dependencies).filter(
      (name) => name in versions && name !== 'auth0-login-analytics',
    );
    expect(shared).toContain('axios');
    expect(shared.map((name) => [name, cli.dependencies[name]])).toEqual(
      shared.map((name) => [name, versions[name]]),
    );
  });
});
