/** What `new` writes works before a word of it is changed, and nothing that exists is lost. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDestination } from '../../tools/cli/commands/new.ts';
import { ROOT } from '../../tools/shared/manifest.ts';
import { copyClone, runInCopy, runNodeIn } from '../support/clone.ts';
import type { CommandResult } from '../support/command.ts';

/** As long as a name may be, and after its neighbors in alphabetical order. */
const NAME = 'zany-night-owls-of-analytics-2-0';

const getFiles = (name: string): string[] => [
  `actions/${name}.ts`,
  `tests/contract/vendors/${name}.test.ts`,
  `tests/unit/${name}.test.ts`,
  `tools/simulator/vendors/${name}.responses.ts`,
  `tools/simulator/vendors/${name}.ts`,
];

/** Its own tests, and those that every destination must pass. */
const TESTS = [
  ...getFiles(NAME).filter((file) => file.endsWith('.test.ts')),
  'tests/contract/conformance.test.ts',
  'tests/contract/declarations.test.ts',
];

describe('auth0-login-analytics new', { timeout: 180_000 }, () => {
  let copy: string;
  beforeAll(async () => {
    copy = await copyClone();
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  const runNew = (name: string): Promise<CommandResult> => runInCopy(copy, ['new', name]);
  const runNode = (...args: string[]) => runNodeIn(copy, ...args);

  it('writes a destination that passes every check', async () => {
    const { code, out, err } = await runNew(NAME);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const file of getFiles(NAME)) expect(out).toContain(file);

    const checks = await Promise.all([
      runNode('node_modules/typescript/bin/tsc'),
      runNode('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'),
      runNode('--import', 'tsx', 'tools/scripts/generate.ts', '--check'),
      runNode('node_modules/vitest/vitest.mjs', 'run', '--reporter=verbose', ...TESTS, '-t', '[zZ]any'),
    ]);
    for (const { code, out } of checks) expect(code, out).toBe(0);
    for (const file of TESTS) expect(checks[3].out).toContain(`✓ ${file}`);
  });

  it('adds the destination to every list, and changes nothing else there', () => {
    const read = (folder: string, file: string) => readFileSync(path.join(folder, file), 'utf8');
    for (const file of ['a0deploy.yaml', 'actions/all.ts', 'actions/index.ts', 'docs/configuration.md']) {
      const before = read(ROOT, file).split('\n');
      const after = read(copy, file).split('\n');
      expect(after.join('\n')).toContain(NAME);
      expect(before.filter((line) => !after.includes(line) && !line.includes('datadog'))).toEqual([]);
    }
  });

  it('writes nothing if one of its files exists', async () => {
    const existing = 'tests/unit/night-owl.test.ts';
    writeFileSync(path.join(copy, existing), '');
    const { code, err } = await runNew('night-owl');
    expect(err).toContain(`nothing was written, because these files exist: ${existing}`);
    expect(code).toBe(2);
    const others = getFiles('night-owl').filter((file) => file !== existing);
    expect(others.filter((file) => existsSync(path.join(copy, file)))).toEqual([]);
  });
});

describe('createDestination', () => {
  it('spells the name for files, code, secrets and sentences', async () => {
    const files = await createDestination('night-owl-2');
    expect([...files.keys()]).toEqual(getFiles('night-owl-2'));
    const action = files.get('actions/night-owl-2.ts');
    expect(action).toContain(
      "export const nightOwl2 = defineSink({\n  name: 'night-owl-2',\n  title: 'Night Owl 2,",
    );
    expect(action).toContain('NIGHT_OWL_2_TOKEN: required(credential');
    expect([...files].join()).not.toMatch(/example.?vendor/i);
  });

  it.each([
    ['', 'a name consists of'],
    ['Acme', 'a name consists of'],
    ['acme_cloud', 'a name consists of'],
    ['acme cloud', 'a name consists of'],
    ['../acme', 'a name consists of'],
    ['acme--cloud', 'a name consists of'],
    ['acme-', 'a name consists of'],
    ['-acme', 'a name consists of'],
    ['2acme', 'a name consists of'],
    ['ácme', 'a name consists of'],
    [`${NAME}0`, 'at most 32 characters'],
    ['all', 'the name all is reserved'],
    ['index', 'the name index is reserved'],
    ['default', 'the name default is reserved'],
    ['await', 'the name await is reserved'],
    ['send', 'the name send is reserved'],
    ['to-payload', 'the name to-payload is reserved'],
    ['example-vendor', 'the name example-vendor is reserved'],
    ['splunk', 'these files exist: actions/splunk.ts, '],
    ['segment-http', 'tools/simulator/vendors/segment-http.ts'],
    ['vendor-mock', 'these files exist: tools/simulator/vendors/vendor-mock.ts'],
    ['splunk-hec', 'splunk already has a secret SPLUNK_HEC_URL'],
    ['keenio', 'keen already has a secret KEENIO_URL'],
  ])('rejects the name %j', async (name, problem) => {
    await expect(createDestination(name)).rejects.toThrow(problem);
  });
});
