import { build } from '../../tools/shared/build.ts';

/** The bundles that the tests run are those of the source as it is. */
export default async (): Promise<void> => {
  await build();
};
