/** Which requests a fault applies to. */
export interface FaultOptions {
  /** Number of requests; all by default. */
  readonly count?: number | undefined;
  /** Number of requests that are handled normally first; 0 by default. */
  readonly skip?: number | undefined;
  /** Method and path of the requests, for example `/^PATCH \/api/`; all by default. */
  readonly request?: RegExp | undefined;
}

/** The one fault that a server injects into its next requests. */
export class FaultPlan<Fault> {
  #fault: Fault | undefined;
  #count = 0;
  #skip = 0;
  #request = /^/;

  /** Replaces the current fault; `undefined` ends it. */
  inject(fault: Fault | undefined, { count = Infinity, skip = 0, request = /^/ }: FaultOptions = {}): void {
    this.#fault = fault;
    this.#count = count;
    this.#skip = skip;
    this.#request = request;
  }

  /** The fault of the next request, which counts as one of those it applies to. */
  next(method = '', path = ''): Fault | undefined {
    if (!this.#request.test(`${method} ${path}`)) return undefined;
    if (this.#skip-- > 0) return undefined;
    return this.#count-- > 0 ? this.#fault : undefined;
  }
}
