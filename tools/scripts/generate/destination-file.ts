import type { Sink } from '../../../lib/sink.ts';
import type { VendorResponse } from '../../simulator/vendors/vendor-response.ts';

/** A destination, as its files in the repository declare it. */
export interface DestinationFile {
  /** Name of the file, the sink and the Action: `segment-http`. */
  readonly name: string;
  /** Name of the exported sink: `segmentHttp`. */
  readonly identifier: string;
  readonly sink: Sink;
  /** Names of the npm packages that its Action needs from Auth0. */
  readonly dependencies: readonly string[];
  /** What the vendor's responses mean. */
  readonly responses: readonly VendorResponse[];
}
