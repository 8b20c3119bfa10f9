/** A suite measures metrics that belong together. Each is a file of suites/, which exports it as `suite`. */
import type { Metric } from './metrics.ts';
import type { Network } from './network.ts';

export interface Suite {
  readonly title: string;
  /** Flags for the Node process that it runs in. */
  readonly nodeFlags?: readonly string[];
  /** Whether it needs the mock vendors behind the relay, or the retired libraries. */
  readonly needs: { readonly network?: true; readonly baselines?: true };
  run(context: SuiteContext): Promise<readonly Metric[]>;
}

export interface SuiteContext {
  readonly isQuick: boolean;
  /** Throws unless the suite needs it. */
  readonly network: Network;
  onProgress(done: number, total: number): void;
}

/** In the order in which they run. */
export const SUITE_NAMES = ['warm', 'cold', 'several', 'outage', 'cpu', 'growth', 'size'];

export const loadSuite = async (name: string): Promise<Suite> => (await import(`./suites/${name}.ts`)).suite;
