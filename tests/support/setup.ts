/**
 * Blocks connections beyond this machine, and fails the test that tries to make one. A host under `.invalid` does not
 * exist: https://www.rfc-editor.org/rfc/rfc6761#section-6.4
 */
import dns from 'node:dns';
import { Socket } from 'node:net';
import { afterEach, expect } from 'vitest';

const LOOPBACK = ['127.0.0.1', 'localhost', '::1', undefined];

const attempts: string[] = [];

/** Removes the attempts so far, so that they fail no test. For the tests of this guard alone. */
export const takeAttempts = (): string[] => attempts.splice(0);

const isInvalid = (host = ''): boolean => host.endsWith('.invalid');

const connect = Socket.prototype.connect;
Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  // Node itself passes one array of arguments.
  const [target] = [args[0]].flat() as [{ host?: string; path?: string } | undefined];
  if (!target?.path && !LOOPBACK.includes(target?.host) && !isInvalid(target?.host)) {
    attempts.push(String(target?.host));
    throw new Error(`A test tried to reach ${target?.host}`);
  }
  return Reflect.apply(connect, this, args);
};

const { lookup } = dns;
dns.lookup = ((hostname: string, ...args: unknown[]): unknown => {
  if (!isInvalid(hostname)) return Reflect.apply(lookup, dns, [hostname, ...args]);
  const callback = args.at(-1) as (error: Error) => void;
  const details = { errno: -3008, code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname };
  return process.nextTick(callback, Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), details));
}) as typeof lookup;

afterEach(() => {
  expect(attempts.splice(0), 'hosts beyond loopback that a test tried to reach').toEqual([]);
});
