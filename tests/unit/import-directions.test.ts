import { describe, expect, it } from 'vitest';
import { findCycle, getImports, readImportGraph } from '../support/import-graph.ts';

/** Folder → the folders that it may import from, in addition to itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  actions: ['lib'],
  'tools/shared': ['lib', 'actions'],
  'tools/simulator': ['lib', 'actions', 'tools/shared'],
  'tools/playground': ['lib', 'actions', 'tools/shared', 'tools/simulator'],
  'tools/bench': ['lib', 'actions', 'tools/shared', 'tools/simulator'],
  'tools/cli': ['lib', 'actions', 'tools/shared'],
  'tools/scripts': ['lib', 'actions', 'tools'],
  tests: ['lib', 'actions', 'tools'],
};

/** What a vendor's responses mean: data, and no part of the mock vendor. */
const VENDOR_RESPONSES = /^tools\/simulator\/vendors\/([\w*-]+\.responses|vendor-response)\.ts$/;

const COMMANDS_THAT_RUN_ACTIONS = /^tools\/cli\/commands\/(deploy|start|try)\.ts$/;

const isWithin = (folder: string, file: string): boolean => file.startsWith(`${folder}/`);

const mayImport = (file: string, imported: string): boolean => {
  const [folder, allowed] = Object.entries(MAY_IMPORT).find(([name]) => isWithin(name, file)) ?? [];
  if (!folder || !allowed) return false;
  if ([folder, ...allowed].some((name) => isWithin(name, imported))) return true;
  if (folder !== 'tools/cli') return false;
  return (
    VENDOR_RESPONSES.test(imported) ||
    (COMMANDS_THAT_RUN_ACTIONS.test(file) && /^tools\/(simulator|playground)\//.test(imported))
  );
};

describe('imports', () => {
  const graph = readImportGraph(['lib', 'actions', 'tools', 'tests']);

  it('point one way: lib ← actions ← tools ← tests', () => {
    const forbidden = [...graph].flatMap(([file, imports]) =>
      imports
        .filter((imported) => !mayImport(file, imported))
        .map((imported) => `${file} imports ${imported}`),
    );
    expect(forbidden).toEqual([]);
  });

  it('form no cycle', () => {
    expect(findCycle(graph)).toBeUndefined();
  });
});

describe('mayImport', () => {
  it.each([
    ['lib/http.ts', 'actions/splunk.ts', false],
    ['actions/splunk.ts', 'lib/http.ts', true],
    ['actions/splunk.ts', 'tools/shared/build.ts', false],
    ['tools/simulator/sandbox.ts', 'tools/cli/main.ts', false],
    ['tools/bench/bench.ts', 'tools/playground/server.ts', false],
    ['tools/cli/doctor/hints.ts', 'tools/simulator/vendors/splunk.responses.ts', true],
    ['tools/cli/doctor/hints.ts', 'tools/simulator/vendors/splunk.ts', false],
    ['tools/cli/commands/try.ts', 'tools/simulator/sandbox.ts', true],
    ['tools/cli/commands/secrets.ts', 'tools/simulator/sandbox.ts', false],
    ['tools/scripts/build.ts', 'tests/support/events.ts', false],
  ])('decides for %s → %s: %s', (file, imported, expected) => {
    expect(mayImport(file, imported)).toBe(expected);
  });
});

describe('getImports', () => {
  it('sees imports of values and types, exports from a file, and dynamic imports', () => {
    const source = [
      "import { a } from './a.ts';",
      "import type { B } from '../b.ts';",
      "import { v4 } from 'uuid';",
      "export * from './c.ts';",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code that is parsed.
      "await import('./d.ts'); await import(`./${name}.ts`);",
    ].join('\n');
    expect(getImports('lib/x/y.ts', source)).toEqual([
      'lib/x/a.ts',
      'lib/b.ts',
      'lib/x/c.ts',
      'lib/x/d.ts',
      'lib/x/*.ts',
    ]);
  });
});

describe('findCycle', () => {
  it('names the files of a cycle in order', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', []],
      ['c', ['d']],
      ['d', ['c']],
    ]);
    expect(findCycle(graph)).toEqual(['c', 'd', 'c']);
  });

  it('finds none where two files import the same third', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', []],
    ]);
    expect(findCycle(graph)).toBeUndefined();
  });
});
