/** `npm run build`: builds every Action and the package that Actions of your own can use. */
import { build, buildPackage } from '../shared/build.ts';

await Promise.all([build(), buildPackage()]);
