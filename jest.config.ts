import type { Config } from 'jest';

const project = (name: string): NonNullable<Config['projects']>[number] => ({
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  testEnvironment: '<rootDir>/test/support/leak-gate.ts',
  // Types are checked apart, by `npm run check:types`: transpiling alone is several times faster.
  transform: { '\\.ts$': ['ts-jest', { diagnostics: false }] },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
});

const config: Config = {
  // `drills` run one after the other, apart from the rest (package.json): whole clusters and other tests would starve each
  // other on two cores, and calls of a starved cluster end by their deadlines.
  projects: ['unit', 'contract', 'integration', 'chaos', 'guards', 'drills'].map(project),
  // Integration tests start real processes: more workers than cores would only make them wait for each other.
  maxWorkers: 2,
  testTimeout: 30_000,
};

export default config;
