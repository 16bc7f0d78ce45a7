/** Shared with the chaos command. */
export { until } from '../../scripts/chaos/until';
