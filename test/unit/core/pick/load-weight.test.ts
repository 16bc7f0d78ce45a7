import fc from 'fast-check';
import {
  DEFAULT_LOAD_WEIGHT,
  loadWeightAt,
  poolWeights,
  takeReport,
  weightOfReport,
  type LoadReport,
  type LoadWeightState,
} from '../../../../core/pick/load-weight';
import { chiSquareRatio, drawnByWeight, seeded } from '../../../support/statistics';

const options = DEFAULT_LOAD_WEIGHT;
const report = (qps: number, utilization: number, eps = 0): LoadReport => ({ qps, utilization, eps });

describe('the weight of one report', () => {
  it('is the calls per second that the server would bear if it were fully used', () => {
    expect(weightOfReport(report(100, 0.5), options)).toBe(200);
    expect(weightOfReport(report(100, 1.25), options)).toBe(80);
  });

  it('shrinks with the part of the calls that failed', () => {
    expect(weightOfReport(report(100, 0.5, 50), options)).toBe(100);
    expect(weightOfReport(report(100, 0.5, 50), { ...options, errorPenalty: 0 })).toBe(200);
  });

  it('is none where the report does not tell: no calls, no utilization, nearly idle, or rubbish', () => {
    const telling = [
      report(0, 0.5),
      report(10, 0),
      report(10, 0.01),
      report(NaN, 0.5),
      report(10, NaN),
      report(-1, 0.5),
      report(Infinity, Infinity),
    ].map((one) => weightOfReport(one, options));
    expect(telling).toEqual(telling.map(() => null));
    expect(weightOfReport(report(10, 0.01), { ...options, minUtilization: 0 })).toBe(1_000);
  });
});

describe('the weight that is believed', () => {
  const told = (...reports: readonly (readonly [atMs: number, report: LoadReport])[]): LoadWeightState | null =>
    reports.reduce<LoadWeightState | null>((state, [atMs, one]) => takeReport(state, one, atMs, options), null);

  it('is none until the reports have come for the blackout period, then the latest', () => {
    const early = told([0, report(100, 0.5)], [9_000, report(100, 0.25)]);
    expect(loadWeightAt(early, 9_999, options)).toBeNull();
    expect(loadWeightAt(early, 10_000, options)).toBe(400);
  });

  it('stays while later reports tell nothing, and is forgotten three minutes after the last that did', () => {
    const state = told([0, report(100, 0.5)], [20_000, report(0, 0)]);
    expect(loadWeightAt(state, 179_999, options)).toBe(200);
    expect(loadWeightAt(state, 180_000, options)).toBeNull();
  });

  it('begins with a new blackout after it was forgotten', () => {
    const state = told([0, report(100, 0.5)], [200_000, report(100, 0.5)]);
    expect(loadWeightAt(state, 205_000, options)).toBeNull();
    expect(loadWeightAt(state, 210_000, options)).toBe(200);
  });

  it('is always a positive number or none, whatever is reported', () => {
    const any = fc.record({ qps: fc.double(), eps: fc.double(), utilization: fc.double() });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(60_000), any), { maxLength: 20 }), (steps) => {
        let nowMs = 0;
        let state: LoadWeightState | null = null;
        for (const [passedMs, one] of steps) {
          nowMs += passedMs;
          state = takeReport(state, one, nowMs, options);
          const weight = loadWeightAt(state, nowMs, options);
          expect(weight === null || (Number.isFinite(weight) && weight > 0)).toBe(true);
        }
      }),
    );
  });
});

describe('the weights of a pool', () => {
  it('are those of the catalog while fewer than two loads are known', () => {
    expect(
      poolWeights([
        { fixed: 5, load: null },
        { fixed: 3, load: 900 },
      ]),
    ).toEqual([5, 3]);
  });

  it('give one whose load is not known the mean of the others, or what its catalog weight is worth', () => {
    const known = [
      { fixed: 1, load: 100 },
      { fixed: 1, load: 300 },
    ];
    expect(poolWeights([...known, { fixed: 1, load: null }])).toEqual([100, 300, 200]);
    expect(poolWeights([...known, { fixed: 2, load: null }])).toEqual([100, 300, 400]);
  });

  it('draw endpoints by their capacity: twice the calls for the one that is half as busy', () => {
    const loads = [report(100, 0.8), report(100, 0.4), report(50, 0.4)].map((one) => weightOfReport(one, options));
    const weights = poolWeights(loads.map((load) => ({ fixed: 1, load })));
    expect(chiSquareRatio(drawnByWeight(weights, 20_000, seeded(9)), [1 / 4, 1 / 2, 1 / 4])).toBeLessThan(1);
  });

  it('settle where all are equally busy: calls follow capacity, and capacity is read from the calls', () => {
    // Servers that bear 100, 200 and 700 calls/s; 500 calls/s come; weights are set anew each second.
    const capacities = [100, 200, 700];
    let weights: readonly number[] = [1, 1, 1];
    for (let second = 0; second < 5; second += 1) {
      const sum = weights.reduce((all, one) => all + one, 0);
      const reports = capacities.map((capacity, place) => {
        const qps = (500 * weights[place]!) / sum;
        return report(qps, qps / capacity);
      });
      weights = poolWeights(reports.map((one) => ({ fixed: 1, load: weightOfReport(one, options) })));
    }
    expect(weights.map((weight) => Math.round(weight))).toEqual(capacities);
  });
});
