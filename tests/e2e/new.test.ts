/** `npm run new`: what it writes works at once, and nothing that was there is lost. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generate } from '../../tools/cli/commands/new.ts';
import { ROOT } from '../../tools/shared/manifest.ts';

/** As long as a name may be, and sorted behind what it is imported with. */
const NAME = 'zany-night-owls-of-analytics-2-0';

const filesOf = (name: string): string[] => [
  `actions/${name}.ts`,
  `tests/embedded-${name}.test.ts`,
  `tests/${name}.test.ts`,
  `tools/simulator/vendors/${name}.ts`,
];

describe('in a copy of the project', { timeout: 120_000 }, () => {
  // Not what a developer may keep beside them, secrets for one.
  const COPIED = [
    ...['.gitignore', 'a0deploy.yaml', 'biome.json', 'package.json', 'package-lock.json', 'README.md'],
    ...['actions', 'lib', 'tests', 'tools', 'tsconfig.json', 'types', 'vitest.config.ts'],
  ];
  let copy: string;

  beforeAll(() => {
    copy = mkdtempSync(path.join(tmpdir(), 'new-'));
    for (const name of COPIED) cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string }>((resolve) => {
      // Without what vitest tells its own children.
      const options = { cwd: copy, env: { PATH: process.env.PATH, NO_COLOR: '1' } };
      const child = execFile(process.execPath, args, options, (_, out, err) =>
        resolve({ code: child.exitCode ?? -1, out: out + err }),
      );
    });
  const runTool = (name: string, ...args: string[]) => run('--import', 'tsx', `tools/${name}.ts`, ...args);
  const read = (file: string): string => readFileSync(path.join(copy, file), 'utf8');

  /** Path → content, of every file that was copied or has been added. */
  const snapshot = (): Map<string, string> =>
    new Map(
      COPIED.flatMap((name) =>
        name.includes('.')
          ? [name]
          : readdirSync(path.join(copy, name), { recursive: true, withFileTypes: true })
              .filter((entry) => entry.isFile())
              .map((entry) => path.relative(copy, path.join(entry.parentPath, entry.name))),
      ).map((file) => [file, read(file)]),
    );

  it('writes a destination that passes every check before a word of it is changed', async () => {
    const before = snapshot();
    const { code, out } = await runTool('new', NAME);
    expect(code, out).toBe(0);
    for (const file of filesOf(NAME)) expect(out).toContain(file);

    const after = snapshot();
    const changed = [...after.keys()].filter((file) => after.get(file) !== before.get(file));
    expect(changed.toSorted()).toEqual([...filesOf(NAME), 'a0deploy.yaml', 'actions/all.ts'].toSorted());
    const entry = new RegExp(`\\n {2}- name: ${NAME}\\n(?:.+\\n)+`);
    expect(after.get('a0deploy.yaml')?.replace(entry, '')).toBe(before.get('a0deploy.yaml'));

    expect(await runTool('docs')).toEqual({ code: 0, out: '' });
    const tests = [`${NAME}.test.ts`, 'declarations.test.ts', 'conformance.test.ts'];
    const withoutOthersConformance = `^(?!from its \\w+ (?!${NAME} ))`;
    const checks = await Promise.all([
      run('node_modules/typescript/bin/tsc'),
      run('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'),
      run(
        'node_modules/vitest/vitest.mjs',
        'run',
        '--no-cache',
        '--reporter=verbose',
        ...tests,
        '-t',
        withoutOthersConformance,
      ),
    ]);
    for (const { code, out } of checks) expect(code, out).toBe(0);
    expect(checks[2].out).toContain(`✓ tests/conformance.test.ts > from its bundle > ${NAME} > delivers`);
  });

  it.each([
    [
      'a file is in the way',
      'tests/embedded-night-owl.test.ts',
      '',
      /embedded-night-owl\.test\.ts already\n/,
    ],
    ['a place is missing', 'a0deploy.yaml', 'actions: []\n', /a0deploy\.yaml is laid out in another way/],
  ])('writes nothing if %s', async (_, file, content, problem) => {
    writeFileSync(path.join(copy, file), content);
    const before = snapshot();
    const { code, out } = await runTool('new', 'night-owl');
    expect(out).toMatch(/^Nothing was written, because /);
    expect(out).toMatch(problem);
    expect(code).toBe(2);
    expect(snapshot()).toEqual(before);
    rmSync(path.join(copy, file));
  });
});

describe('a name', () => {
  it('is spelled as files, code, secrets and sentences want it', async () => {
    const files = await generate('night-owl-2');
    expect([...files.keys()]).toEqual(filesOf('night-owl-2'));
    const [action = ''] = files.values();
    expect(action).toMatch(/^\/\*\*\n \* Night Owl 2, through/);
    expect(action).toContain("export const nightOwl2: Sink<typeof secrets> = {\n  name: 'night-owl-2',");
    expect(action).toContain('NIGHT_OWL_2_TOKEN: v.pipe(credential');
    expect([...files].join()).not.toMatch(/example.?vendor/i);
  });

  it.each([
    ['', 'A name has'],
    ['Acme', 'A name has'],
    ['acme_cloud', 'A name has'],
    ['acme cloud', 'A name has'],
    ['../acme', 'A name has'],
    ['acme--cloud', 'A name has'],
    ['acme-', 'A name has'],
    ['-acme', 'A name has'],
    ['2acme', 'A name has'],
    ['ácme', 'A name has'],
    [`${NAME}0`, 'no longer than 32 characters'],
    ['all', 'all means something else here'],
    ['default', 'default means something else here'],
    ['await', 'await means something else here'],
    ['record', 'record means something else here'],
    ['to-payload', 'to-payload means something else here'],
    ['example-vendor', 'example-vendor means something else here'],
    ['splunk', 'there is actions/splunk.ts, tests/embedded-splunk.test.ts, '],
    ['segment-http', 'tools/simulator/vendors/segment-http.ts, segment-http in a0deploy.yaml already'],
    ['conformance', 'there is tests/conformance.test.ts already'],
    ['splunk-hec', 'splunk has a secret SPLUNK_HEC_URL already'],
    ['keenio', 'keen has a secret KEENIO_URL already'],
  ])('cannot be %j', async (name, problem) => {
    await expect(generate(name)).rejects.toThrow(problem);
  });
});
