/** A playground with its server for all tests of a file, reset before each. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { Playground } from '../../tools/playground/playground.ts';
import { type PlaygroundServer, startPlaygroundServer } from '../../tools/playground/server.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';

const ALL = vendors.map(({ name }) => name);

export interface RunningPlayground {
  readonly playground: Playground;
  readonly server: PlaygroundServer;
}

/** @param boundNames all Actions of one destination by default. */
export const usePlayground = (boundNames: readonly string[] = ALL): RunningPlayground => {
  let running: RunningPlayground;
  beforeAll(async () => {
    const playground = await Playground.open(boundNames);
    running = { playground, server: await startPlaygroundServer(playground) };
  }, 30_000);
  beforeEach(() => running.playground.reset());
  afterAll(() => Promise.all([running.server.close(), running.playground.close()]));
  return {
    get playground() {
      return running.playground;
    },
    get server() {
      return running.server;
    },
  };
};
