import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from 'oxc-parser';
import { ROOT } from '../../tools/shared/manifest.ts';

/** Path of a file → paths of the project's files that it imports, types included, all relative to the root. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

export const readImportGraph = (folders: readonly string[]): ImportGraph =>
  new Map(
    folders
      .flatMap((folder) => sourceFiles(folder))
      .map((file) => [file, getImports(file, readFileSync(path.join(ROOT, file), 'utf8'))]),
  );

/** A `${…}` in the path of a dynamic import becomes `*`. */
export const getImports = (file: string, source: string): string[] => {
  const { module, errors } = parseSync(file, source);
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const requests = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
    ...module.dynamicImports.map(({ moduleRequest }) =>
      source.slice(moduleRequest.start + 1, moduleRequest.end - 1).replace(/\$\{.*?\}/g, '*'),
    ),
  ];
  const relative = requests.filter((request) => request.startsWith('.'));
  return [...new Set(relative.map((request) => path.join(path.dirname(file), request)))];
};

/** The files of one circle of imports, the first of them repeated at the end; undefined if there is none. */
export const findCycle = (graph: ImportGraph): string[] | undefined => {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const imported of graph.get(file) ?? []) {
      const cycle = visit(imported, [...trail, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return undefined;
};

const sourceFiles = (folder: string): string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.split(path.sep).includes('node_modules'))
    .map((file) => path.join(folder, file));
