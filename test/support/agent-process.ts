/** Shared with the chaos command. */
export { calculatorCommand, startAgent } from '../../scripts/chaos/agent-process';
export type { AgentProcess, StartAgentOptions } from '../../scripts/chaos/agent-process';
