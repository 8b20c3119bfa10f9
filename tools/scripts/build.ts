/** `npm run build`: builds dist/<name>.js for every Action. */
import { build } from '../shared/build.ts';

await build();
