/**
 * Counts the probes of one server, and follows the calls that it tells of itself in their answers.
 */
import { watchQuiet, type QuietState } from '../core/decide/let-go';
import type { ProbeResult } from './ports';
import type { ServiceFigures } from './service-ports';

export class ProbeTally {
  private probes = 0;
  private failures = 0;
  private quiet: QuietState | undefined;

  take(result: ProbeResult, nowMs: number): void {
    this.probes += 1;
    if (result.outcome !== 'pass') this.failures += 1;
    this.quiet = watchQuiet(this.quiet, result.calls, nowMs);
  }

  figures(): Pick<ServiceFigures, 'probes' | 'failures' | 'calls'> {
    return { probes: this.probes, failures: this.failures, calls: this.quiet?.seen };
  }
}
