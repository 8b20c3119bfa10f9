import { loadBuilt } from '../tools/local/built.ts';
import { describeFaults } from './faults.ts';

describeFaults(loadBuilt);
