/** Connections without a network, so that what is left is the work of the one who sends. */
import http from 'node:http';
import { Duplex } from 'node:stream';

const HEAD_END = '\r\n\r\n';

/** Takes requests with a Content-Length, and answers each with the same bytes. */
class SilentSocket extends Duplex {
  readonly #answer: Buffer;
  #received = '';

  constructor(answer: Buffer) {
    super();
    this.#answer = answer;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#received += chunk.toString('latin1');
    done();
    const bodyAt = this.#received.indexOf(HEAD_END) + HEAD_END.length;
    if (bodyAt < HEAD_END.length) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#received)?.[1]);
    if (this.#received.length - bodyAt < length) return;
    this.#received = '';
    setImmediate(() => this.push(this.#answer));
  }

  // What node:http and its users ask of a socket: https://nodejs.org/docs/latest-v22.x/api/net.html#class-netsocket
  setKeepAlive = (): this => this;
  setNoDelay = (): this => this;
  setTimeout = (): this => this;
  ref = (): this => this;
  unref = (): this => this;
  destroySoon = (): this => this.destroy();
}

/** From here on, connections of plain http in this process are to nobody, who answers with this JSON. */
export const silenceNetwork = (json: string): void => {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${json.length}`;
  const answer = Buffer.from(head + HEAD_END + json);
  Reflect.set(http.Agent.prototype, 'createConnection', () => new SilentSocket(answer));
};
