/** Shared with the chaos command. */
export { startCalculator, type CalculatorProcess, type StartOptions } from '../../scripts/chaos/calculator-process';
