/** Shared with the chaos command. */
export { program, ROOT } from '../../scripts/chaos/program';
