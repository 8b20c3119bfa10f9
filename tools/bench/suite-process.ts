/** Runs one suite. */
import { receiveTask, report } from './child-process.ts';
import type { Metric } from './metrics.ts';
import type { Network } from './network.ts';
import { loadSuite } from './suite.ts';

export interface SuiteTask {
  readonly name: string;
  readonly isQuick: boolean;
  readonly network?: Network;
}

/** Progress any number of times, and then the metrics. */
export type SuiteMessage =
  | { readonly done: number; readonly total: number }
  | { readonly metrics: readonly Metric[] };

const { name, isQuick, network } = await receiveTask<SuiteTask>();
const suite = await loadSuite(name);
const metrics = await suite.run({
  isQuick,
  get network() {
    if (!network) throw new Error(`The suite ${name} does not declare that it needs a network`);
    return network;
  },
  onProgress: (done, total) => report<SuiteMessage>({ done, total }),
});
report<SuiteMessage>({ metrics });
process.disconnect();
process.exit();
