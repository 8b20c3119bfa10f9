import { loadSource } from '../support/source.ts';
import { describeFaults } from './faults.ts';

await describeFaults(loadSource);
