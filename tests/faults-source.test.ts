import { describeFaults } from './faults.ts';
import { loadSource } from './source.ts';

describeFaults(loadSource);
