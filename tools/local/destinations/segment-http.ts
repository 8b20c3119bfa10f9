import type { Service } from '../destination.ts';
import { segment } from './segment.ts';

export const segmentHttp: Service = { ...segment, name: 'segment-http' };
