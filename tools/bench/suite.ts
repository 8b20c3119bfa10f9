/** Runs one section, in a process of its own. */
import { input, output } from './child.ts';
import type { Link } from './link.ts';
import type { Metric, Suite } from './metrics.ts';

export interface Order {
  readonly name: string;
  readonly isQuick: boolean;
  readonly link?: Link;
}

export type Report =
  | { readonly metrics: readonly Metric[] }
  | { readonly done: number; readonly total: number };

const { name, isQuick, link } = await input<Order>();
const { section }: { section: Suite } = await import(`./${name}.ts`);
const metrics = await section.run({
  isQuick,
  get link() {
    if (!link) throw new Error(`The section ${name} has not said that it needs a link`);
    return link;
  },
  progress: (done, total) => output({ done, total }),
});
output({ metrics });
process.disconnect();
process.exit();
