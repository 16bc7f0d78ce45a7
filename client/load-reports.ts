/**
 * Reads the load that one endpoint's server reports in the trailers of its answers (ORCA, gRFC A51), and remembers the
 * weight that follows from it. What a report is worth is decided in core/pick/load-weight. Where servers report nothing
 * it costs one look into the trailers of each attempt.
 */
import type { Metadata } from '@grpc/grpc-js';
import { decodeLoadReport, LOAD_REPORT_KEY } from '../core/measure/orca-report';
import {
  loadWeightAt,
  takeReport,
  type LoadReport,
  type LoadWeightOptions,
  type LoadWeightState,
} from '../core/pick/load-weight';

export class LoadReports {
  private state: LoadWeightState | null = null;
  private lastBytes: Buffer | null = null;
  private lastReport: LoadReport | null = null;

  constructor(private readonly options: LoadWeightOptions) {}

  /** A new connection may lead to another process: what was reported does not count any more. */
  connected(): void {
    this.state = null;
  }

  /** At the end of each attempt, with its trailers, as grpc-js hands them to a picker's `onCallEnded`. */
  attemptEnded(trailers: Metadata, nowMs: number): void {
    const bytes = trailers.get(LOAD_REPORT_KEY)[0];
    if (bytes === undefined || typeof bytes === 'string') return;
    const report = this.read(bytes);
    if (report !== null) this.state = takeReport(this.state, report, nowMs, this.options);
  }

  /** The weight by its load, or null while nothing that can be believed was reported. */
  weightAt(nowMs: number): number | null {
    return loadWeightAt(this.state, nowMs, this.options);
  }

  /** Whether it reports at all: only then does the weight change with time. */
  get any(): boolean {
    return this.state !== null;
  }

  /** A server makes one report a second, and sends it with every answer. */
  private read(bytes: Buffer): LoadReport | null {
    if (this.lastBytes?.equals(bytes) !== true) {
      this.lastBytes = bytes;
      this.lastReport = decodeLoadReport(bytes);
    }
    return this.lastReport;
  }
}
