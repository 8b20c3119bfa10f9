import { AsyncLocalStorage } from 'node:async_hooks';
import { vi } from 'vitest';
import type { LoadedAction } from '../../tools/simulator/auth0/runtime.ts';
import { collectOutcomes } from '../../tools/simulator/outcomes.ts';

/** Executions interleave: the asynchronous context shows which one is printing. */
const outputs = new AsyncLocalStorage<{ text: string }>();

const { log } = console;
console.log = (...line: unknown[]) => {
  const output = outputs.getStore();
  if (output) output.text += `${line.join(' ')}\n`;
  else log(...line);
};

/** One after the other, because two instances must not share a module. */
let loading: Promise<unknown> = Promise.resolve();

/** A fresh instance of an Action from its source instead of the built file. */
export const loadSource = (name: string): LoadedAction => {
  const module = loading.then(() => {
    vi.resetModules();
    return import(`../../actions/${name}.ts`);
  });
  loading = module;
  return {
    async execute(event, api) {
      const { onExecutePostLogin } = await module;
      const output = { text: '' };
      const startedAt = performance.now();
      const { outcomes } = await collectOutcomes(() =>
        outputs.run(output, () => onExecutePostLogin(event, api)),
      );
      return { logs: output.text, outcomes, durationMs: performance.now() - startedAt };
    },
  };
};
