import type { Service } from '../destination.ts';
import { keen } from './keen.ts';
import { segment, segmentHttp } from './segment.ts';
import { splunk } from './splunk.ts';

export const services: readonly Service[] = [splunk, keen, segment, segmentHttp];
