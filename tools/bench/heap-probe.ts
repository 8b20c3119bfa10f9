/** Preloaded into the process of a command that knows nothing of it: reports the heap whenever the parent asks. */
import { report } from './child-process.ts';
import { getHeapMb } from './heap.ts';

process.on('message', () => report<number>(getHeapMb()));
// The command exits when it is done, although the parent could still ask.
process.channel?.unref();
