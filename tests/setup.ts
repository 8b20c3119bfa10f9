/** Nothing in a test reaches beyond this machine: a connection that tries to fails, and its test with it. */
import { Socket } from 'node:net';
import { afterEach, expect } from 'vitest';

const LOOPBACK = ['127.0.0.1', 'localhost', '::1', undefined];

const attempts: string[] = [];

/** For the tests of this guard alone. */
export const forgivenAttempts = (): string[] => attempts.splice(0);

const connect = Socket.prototype.connect;
Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  // Node passes its own calls on as one array of arguments.
  const [target] = [args[0]].flat() as [{ host?: string; path?: string } | undefined];
  if (!target?.path && !LOOPBACK.includes(target?.host)) {
    attempts.push(String(target?.host));
    throw new Error(`A test tried to reach ${target?.host}`);
  }
  return Reflect.apply(connect, this, args);
};

afterEach(() => {
  expect(attempts.splice(0), 'hosts beyond loopback that a test tried to reach').toEqual([]);
});
