/**
 * A TCP relay that adds a round-trip time, half of it in each direction. On loopback a connection is established
 * immediately, so the first bytes of the client wait for one more round trip, as for TCP's handshake. A new connection
 * with TLS 1.3 therefore takes three round trips until its first response, and a reused one takes one.
 *
 * Limitations: no bandwidth limit, slow start, loss or jitter.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { receiveTask, report } from './child-process.ts';

export interface RelayTask {
  readonly rttMs: number;
  /** Ports on loopback. The response is the relay's port for each of them. */
  readonly targets: readonly number[];
}

/** Node's timers are late by up to a millisecond, which a short round trip cannot afford: the rest is polled. */
const TIMER_PRECISION_MS = 1.5;

const runAt = (time: number, action: () => void): void => {
  const remainingMs = time - performance.now();
  if (remainingMs <= 0) action();
  else if (remainingMs > TIMER_PRECISION_MS) {
    setTimeout(runAt, remainingMs - TIMER_PRECISION_MS, time, action);
  } else setImmediate(runAt, time, action);
};

/** Relays one direction. No byte leaves before `opensAt`. */
const forward = (from: Socket, to: Socket, delayMs: number, opensAt: number): void => {
  const queue: Array<{ dueAt: number; action: () => void }> = [];
  const runNext = (): void => {
    queue.shift()?.action();
    if (queue[0]) runAt(queue[0].dueAt, runNext);
  };
  const enqueue = (action: () => void): void => {
    const dueAt = Math.max(performance.now(), opensAt) + delayMs;
    queue.push({ dueAt, action });
    if (queue.length === 1) runAt(dueAt, runNext);
  };
  from.on('data', (chunk) => enqueue(() => to.write(chunk)));
  from.on('end', () => enqueue(() => to.end()));
  from.on('error', () => to.destroy());
};

const listen = async (rttMs: number, target: number): Promise<number> => {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const now = performance.now();
    const destination = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    forward(client, destination, rttMs / 2, now + rttMs);
    forward(destination, client, rttMs / 2, now);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const { rttMs, targets } = await receiveTask<RelayTask>();
report<readonly number[]>(await Promise.all(targets.map((target) => listen(rttMs, target))));
