import { Deadline, type Http } from '../../lib/http.ts';

/** One piece of work under a deadline of its own. */
export const withinDeadline = async <T>(ms: number, work: (http: Http) => Promise<T>): Promise<T> => {
  const deadline = new Deadline(ms);
  return deadline.race(work(deadline.http)).finally(() => deadline.end());
};
