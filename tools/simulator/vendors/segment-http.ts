import { segment } from './segment.ts';
import type { Vendor } from './vendor-mock.ts';

export const segmentHttp: Vendor = { ...segment, name: 'segment-http' };
