/**
 * One listener out of many, each of which hears only what it asks for, in their order.
 */
import type { WorldListener } from './world-listener';

export function broadcast(watchers: readonly Partial<WorldListener>[]): WorldListener {
  return {
    onCall: (...heard) => watchers.forEach((one) => one.onCall?.(...heard)),
    onCallEnd: (...heard) => watchers.forEach((one) => one.onCallEnd?.(...heard)),
    onAttempt: (...heard) => watchers.forEach((one) => one.onAttempt?.(...heard)),
    onAttemptEnd: (...heard) => watchers.forEach((one) => one.onAttemptEnd?.(...heard)),
    onExecution: (...heard) => watchers.forEach((one) => one.onExecution?.(...heard)),
    onEndpoint: (...heard) => watchers.forEach((one) => one.onEndpoint?.(...heard)),
    onTierChange: (...heard) => watchers.forEach((one) => one.onTierChange?.(...heard)),
    onView: (...heard) => watchers.forEach((one) => one.onView?.(...heard)),
    onConnection: (...heard) => watchers.forEach((one) => one.onConnection?.(...heard)),
    onLaunch: (...heard) => watchers.forEach((one) => one.onLaunch?.(...heard)),
    onSignal: (...heard) => watchers.forEach((one) => one.onSignal?.(...heard)),
    onServerEnd: (...heard) => watchers.forEach((one) => one.onServerEnd?.(...heard)),
    onFault: (...heard) => watchers.forEach((one) => one.onFault?.(...heard)),
    onStep: () => watchers.forEach((one) => one.onStep?.()),
  };
}
