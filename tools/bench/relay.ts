/**
 * A network in between: a TCP relay that adds a round-trip time, half of it in each direction. What the client sends
 * first waits for a whole one more, as the handshake of TCP would have it wait: the relay is on loopback, where a
 * connection is there at once. So a new connection with TLS 1.3 costs three round trips until its first answer, and
 * a kept one costs one.
 *
 * Not reproduced: bandwidth, slow start, loss, jitter.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { input, output } from './child.ts';

export interface RelayOrder {
  readonly rttMs: number;
  /** Ports on loopback. */
  readonly targets: readonly number[];
}

/** Timers of Node are up to a millisecond off, which is much of a short way: the rest is waited for by turns. */
const TIMER_PRECISION_MS = 1.5;

const at = (time: number, act: () => void): void => {
  const remainingMs = time - performance.now();
  if (remainingMs <= 0) act();
  else if (remainingMs > TIMER_PRECISION_MS) setTimeout(at, remainingMs - TIMER_PRECISION_MS, time, act);
  else setImmediate(at, time, act);
};

/** One direction. `opensAt` is when the first byte can be on its way. */
const forward = (from: Socket, to: Socket, delayMs: number, opensAt: number): void => {
  const queue: Array<{ dueAt: number; act: () => void }> = [];
  const next = (): void => {
    queue.shift()?.act();
    if (queue[0]) at(queue[0].dueAt, next);
  };
  const enqueue = (act: () => void): void => {
    const dueAt = Math.max(performance.now(), opensAt) + delayMs;
    queue.push({ dueAt, act });
    if (queue.length === 1) at(dueAt, next);
  };
  from.on('data', (chunk) => enqueue(() => to.write(chunk)));
  from.on('end', () => enqueue(() => to.end()));
  from.on('error', () => to.destroy());
};

const listen = async ({ rttMs }: RelayOrder, target: number): Promise<number> => {
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

const order = await input<RelayOrder>();
output(await Promise.all(order.targets.map((target) => listen(order, target))));
