/** Runs one section, in a process of its own. */
import { input, output } from './child.ts';
import type { Figure, Section } from './figures.ts';
import type { Link } from './link.ts';

export interface Order {
  readonly name: string;
  readonly isQuick: boolean;
  readonly link?: Link;
}

export type Report =
  | { readonly figures: readonly Figure[] }
  | { readonly done: number; readonly total: number };

const { name, isQuick, link } = await input<Order>();
const { section }: { section: Section } = await import(`./${name}.ts`);
const figures = await section.run({
  isQuick,
  get link() {
    if (!link) throw new Error(`The section ${name} has not said that it needs a link`);
    return link;
  },
  progress: (done, total) => output({ done, total }),
});
output({ figures });
process.disconnect();
process.exit();
