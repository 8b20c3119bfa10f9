/** The same port on every start, so that an open window of the playground reconnects. */
import type { Playground } from './playground.ts';
import { type PlaygroundServer, startPlaygroundServer } from './server.ts';

export const PREFERRED_PORT = 4880;
const PORTS_TRIED = 10;

/** Starts the server on the first port that is free, from the preferred one on. */
export const startOnPreferredPort = async (
  playground: Playground,
  preferred = PREFERRED_PORT,
): Promise<PlaygroundServer> => {
  for (let port = preferred; port < preferred + PORTS_TRIED; port += 1) {
    try {
      return await startPlaygroundServer(playground, port);
    } catch (error) {
      if (Reflect.get(Object(error), 'code') !== 'EADDRINUSE') throw error;
    }
  }
  return startPlaygroundServer(playground);
};
