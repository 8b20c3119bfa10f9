import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import { describeFaults } from './faults.ts';

await describeFaults(loadBuilt);
