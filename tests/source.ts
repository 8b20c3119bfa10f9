import { vi } from 'vitest';
import type { LoadedAction } from '../tools/local/runtime.ts';

/** A fresh instance of an Action from its source, in place of the built file. */
export const loadSource = (name: string): LoadedAction => {
  vi.resetModules();
  const module = import(`../actions/${name}.ts`);
  return {
    async execute(event, api) {
      const { onExecutePostLogin } = await module;
      const start = performance.now();
      let logs = '';
      const log = vi.spyOn(console, 'log').mockImplementation((line) => {
        logs += `${line}\n`;
      });
      await onExecutePostLogin(event, api);
      log.mockRestore();
      return { logs, durationMs: performance.now() - start };
    },
  };
};
