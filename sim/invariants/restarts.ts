/**
 * What is promised of restarts: never two processes, no more in a window than allowed, never at once after a short life, and
 * no more instances in recovery on suspicion than the fleet allows.
 */
import { isServing } from '../../core/domain/health';
import type { Invariant } from './invariant';

/** Half of a delay is random (core/decide/restart.ts). */
const LEAST_DELAY_SHARE = 0.5;

export const restartsAreBounded: Invariant = ({ truth, restart, violate }) => {
  const launches = new Map<string, number[]>();
  const endedMs = new Map<string, number>();
  const forgiven = new Map<string, number>();
  const judgeWait = (instance: string, livedMs: number, waitedMs: number): void => {
    if (livedMs >= restart.stableAfterMs || waitedMs >= restart.initialDelayMs * LEAST_DELAY_SHARE) return;
    violate(`${instance} was started again ${Math.round(waitedMs)} ms after a life of ${Math.round(livedMs)} ms`);
  };
  return {
    onSignal: (instance, signal) => {
      if (signal === 'SIGHUP') forgiven.set(instance, truth.nowMs);
    },
    onServerEnd: (instance) => void endedMs.set(instance, truth.nowMs),
    onLaunch: (instance) => {
      if (truth.hosts.get(instance)?.server.isUp === true) violate(`${instance} was started while it ran`);
      // A new agent begins anew, as after an operator's word.
      const anewMs = Math.max(truth.hosts.get(instance)?.startedMs ?? 0, forgiven.get(instance) ?? 0);
      const sinceMs = Math.max(truth.nowMs - restart.windowMs, anewMs);
      const all = launches.get(instance) ?? [];
      const recent = all.filter((atMs) => atMs >= sinceMs);
      // The first start of an agent is no restart.
      if (recent.length > restart.maxAttempts + 1)
        violate(`${instance} was started ${recent.length + 1} times within ${restart.windowMs} ms`);
      const last = all.at(-1) ?? -Infinity;
      const end = endedMs.get(instance) ?? -Infinity;
      if (last >= sinceMs && end > last) judgeWait(instance, end - last, truth.nowMs - end);
      launches.set(instance, [...all, truth.nowMs]);
    },
  };
};

export const recoveryIsGuarded: Invariant = ({ truth, restart, recoveryAtOnce, violate }) => {
  const begun = new Map<string, number>();
  const launches = new Map<string, readonly number[]>();
  /** What was given up makes room for others. */
  const isGivenUp = (instance: string): boolean => {
    const recent = (launches.get(instance) ?? []).filter((atMs) => truth.nowMs - atMs < restart.windowMs);
    return recent.length > restart.maxAttempts && truth.hosts.get(instance)?.server.isUp === false;
  };
  return {
    onLaunch: (instance) => void launches.set(instance, [...(launches.get(instance) ?? []), truth.nowMs]),
    onStep: () => {
      for (const [instance] of begun) if (truth.hosts.get(instance)?.server.isWell === true) begun.delete(instance);
    },
    onSignal: (instance, signal) => {
      const host = truth.hosts.get(instance);
      if (signal !== 'SIGTERM' || host === undefined || host.isLeaving) return;
      const others = [...begun].filter(
        ([other, sinceMs]) => other !== instance && !isGivenUp(other) && truth.guardedSince(other, sinceMs),
      );
      if (others.length >= recoveryAtOnce)
        violate(`${instance} was stopped on suspicion while ${others.map(([id]) => id).join(', ')} recovered`);
      begun.set(instance, truth.nowMs);
    },
  };
};

/** Two failed probes, a stop, a report: and as much again. */
const TOLD_MS = 8_000;

export const illnessIsTold: Invariant = ({ truth, healthOf, violate }) => ({
  onStep: () => {
    for (const id of truth.hosts.keys()) {
      const goneMs = truth.goneForMs(id);
      if (goneMs < TOLD_MS || !isServing(healthOf(id) ?? 'missing') || !truth.agentWellSince(id, truth.nowMs - goneMs))
        continue;
      violate(`${id} has been gone for ${Math.round(goneMs)} ms, and the catalog says ${healthOf(id)}`);
    }
  },
});

export const noWellServerIsStopped: Invariant = ({ truth, violate }) => ({
  onSignal: (instance, signal) => {
    const host = truth.hosts.get(instance);
    if (signal !== 'SIGTERM' || host === undefined || host.isLeaving) return;
    if (truth.serverWellSince(instance, truth.nowMs - TOLD_MS)) violate(`${instance} was stopped though it was well`);
  },
});
