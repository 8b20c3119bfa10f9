/**
 * The first login of a fresh instance: loads the code, and records. It is bundled and run by plain Node, because a
 * loader of TypeScript would slow down `require`. Prints a ColdStart as JSON.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { loadAction } from '../simulator/auth0/runtime.ts';
import type { BaselineOptions, RecordLogin } from './baselines.ts';

export type ColdStartTask = ActionTask | BaselineTask;

interface ActionTask {
  readonly action: string;
  readonly file: string;
  readonly dependencies: readonly string[];
  readonly resolveFrom: string;
  /** A silent authentication, for which the Action only loads its code. */
  readonly silentEvent: Event;
  readonly loginEvent: Event;
}

interface BaselineTask {
  readonly file: string;
  readonly options: BaselineOptions;
}

export interface ColdStart {
  readonly loadMs: number;
  readonly recordMs: number;
}

interface Subject {
  load(): Promise<void>;
  recordLogin(): Promise<void>;
}

const createAction = (task: ActionTask): Subject => {
  const { action: name, file, silentEvent, loginEvent, ...packages } = task;
  const action = loadAction({ name, code: readFileSync(file, 'utf8'), ...packages });
  const execute = async (event: Event): Promise<void> => {
    const { error, logs } = await action.execute(event, {} as PostLoginAPI);
    // An Action that has delivered a login logs nothing.
    if (error || logs) throw error ?? new Error(logs);
  };
  return { load: () => execute(silentEvent), recordLogin: () => execute(loginEvent) };
};

const createBaseline = ({ file, options }: BaselineTask): Subject => {
  let recordLogin: RecordLogin;
  return {
    async load() {
      recordLogin = createRequire(import.meta.url)(file)(options);
    },
    recordLogin: () => recordLogin(),
  };
};

const task: ColdStartTask = JSON.parse(process.argv[2] ?? '{}');
const subject = 'action' in task ? createAction(task) : createBaseline(task);
const start = performance.now();
await subject.load();
const loaded = performance.now();
await subject.recordLogin();
const end = performance.now();
console.log(JSON.stringify({ loadMs: loaded - start, recordMs: end - loaded } satisfies ColdStart));
process.exit();
