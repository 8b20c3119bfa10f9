/**
 * The first login of a fresh instance: loads the code, and records. Bundled and run by plain Node, since a loader of
 * TypeScript would slow down `require`. Prints one FirstLogin as JSON.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { loadAction } from '../simulator/auth0/runtime.ts';
import type { Post } from './baselines.ts';

export type Order =
  | {
      readonly action: string;
      readonly file: string;
      readonly dependencies: readonly string[];
      /** In the first nobody logs in, so that the Action loads and no more. */
      readonly events: readonly [Event, Event];
    }
  | { readonly file: string; readonly post: Post };

export interface FirstLogin {
  readonly loadMs: number;
  readonly sendMs: number;
}

const prepare = (order: Order): { load: () => Promise<void>; send: () => Promise<void> } => {
  if ('post' in order) {
    let made: () => Promise<void>;
    return {
      async load() {
        made = createRequire(import.meta.url)(order.file)(order.post);
      },
      send: () => made(),
    };
  }
  const { action: name, file, dependencies, events } = order;
  const action = loadAction({ name, code: readFileSync(file, 'utf8'), dependencies });
  const execute = async (event: Event): Promise<void> => {
    const { error, logs } = await action.execute(event, {} as PostLoginAPI);
    if (error || logs) throw error ?? new Error(logs);
  };
  return { load: () => execute(events[0]), send: () => execute(events[1]) };
};

const { load, send } = prepare(JSON.parse(process.argv[2] ?? '{}'));
const start = performance.now();
await load();
const loaded = performance.now();
await send();
const end = performance.now();
const result: FirstLogin = { loadMs: loaded - start, sendMs: end - loaded };
console.log(JSON.stringify(result));
process.exit();
