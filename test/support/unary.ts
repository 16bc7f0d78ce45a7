/** Shared with the chaos command. */
export { unary } from '../../scripts/chaos/unary';
