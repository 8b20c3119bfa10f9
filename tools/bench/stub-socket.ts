/** Connections without a network, so that only the sender's own work remains to be measured. */
import http from 'node:http';
import { Duplex } from 'node:stream';

const HEAD_END = '\r\n\r\n';

/** Accepts requests with a Content-Length, and responds to each with the same bytes. */
class StubSocket extends Duplex {
  readonly #response: Buffer;
  #received = '';

  constructor(response: Buffer) {
    super();
    this.#response = response;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#received += chunk.toString('latin1');
    done();
    const bodyStart = this.#received.indexOf(HEAD_END) + HEAD_END.length;
    if (bodyStart < HEAD_END.length) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#received)?.[1]);
    if (this.#received.length - bodyStart < length) return;
    this.#received = '';
    setImmediate(() => this.push(this.#response));
  }

  // What node:http calls on a socket: https://nodejs.org/docs/latest-v22.x/api/net.html#class-netsocket
  setKeepAlive = (): this => this;
  setNoDelay = (): this => this;
  setTimeout = (): this => this;
  ref = (): this => this;
  unref = (): this => this;
  destroySoon = (): this => this.destroy();
}

/** From now on every plain http connection of this process goes to a stub, whose response depends on the port. */
export const stubNetwork = (responses: ReadonlyMap<number, string>): void => {
  const createConnection = ({ port }: { port: number | string }): StubSocket => {
    const json = responses.get(Number(port));
    if (json === undefined) throw new Error(`Nothing responds on port ${port}`);
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${json.length}`;
    return new StubSocket(Buffer.from(head + HEAD_END + json));
  };
  Reflect.set(http.Agent.prototype, 'createConnection', createConnection);
};
