/** Makes the guardians that the configuration asks for: one for each service with something to do. */
import { Guardian, type GuardianPorts } from './guardian';
import type { Hook } from './hooks/hook';
import type { HookRung, ServiceConfig } from './service-config';

export interface GuardianParts extends Omit<GuardianPorts, 'hooks'> {
  readonly hookOf: (rung: HookRung) => Hook;
}

export function buildGuardians(
  services: readonly ServiceConfig[],
  owner: string,
  parts: GuardianParts,
): readonly Guardian[] {
  return services
    .filter(({ guardian }) => guardian.onLost.length > 0)
    .map(({ instance: { service }, guardian, restart: { stableAfterMs } }) => {
      // A child is nobody's but its own agent's, and the schema lets none through.
      const rungs = guardian.onLost.filter((rung) => rung.type !== 'child');
      const hooks = rungs.map((rung) => ({ hook: parts.hookOf(rung), attempts: rung.attempts }));
      return new Guardian({ service, owner, afterMs: guardian.afterMs, stableAfterMs }, { ...parts, hooks });
    });
}
