export { responses } from './segment.responses.ts';
