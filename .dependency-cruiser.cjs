// Which room may import which (the table stands in ARCHITECTURE.md). Each rule has a planted violation in
// test/guards/fixtures, a small tree with the same rooms, and test/guards/imports.test.ts proves that it is caught.
const { join } = require('node:path');

/** Paths are relative to the folder that is checked, so that `test/unit/core/` is no part of the room `core/`. */
const room = (name) => `^${name}/`;
const nodeModules = '(^|/)node_modules/';

/** `from` may import, inside the project, nothing but `allowed`. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: {
    pathNot: [...allowed, nodeModules],
    dependencyTypesNot: ['core', 'npm', 'npm-dev', 'npm-no-pkg', 'unknown'],
  },
});

const oneHome = (name, module, homes, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { pathNot: [...homes, nodeModules, room('test')] },
  to: { path: `(^|/)node_modules/${module}/` },
});

module.exports = {
  forbidden: [
    only('core-imports-core', room('core'), [room('core')], 'core decides: it imports core alone'),
    {
      name: 'core-is-pure',
      comment: 'core has no I/O, no clock and no library',
      severity: 'error',
      from: { path: room('core') },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-no-pkg'] },
    },
    only(
      'runtime-imports-core',
      room('runtime'),
      [room('core'), room('runtime')],
      'clock, timers and randomness for the edge',
    ),
    only(
      'registry-port-imports-core',
      '^registry/(port|snapshot)\\.ts$',
      [room('core'), '^registry/(port|snapshot)\\.ts$'],
      'the port speaks domain types',
    ),
    only(
      'registry-consul-alone',
      room('registry/consul'),
      [room('core'), room('runtime'), '^registry/(port|snapshot)\\.ts$', room('registry/consul')],
      'implementations never know each other',
    ),
    only(
      'registry-memory-alone',
      room('registry/memory'),
      [room('core'), room('runtime'), '^registry/(port|snapshot)\\.ts$', room('registry/memory')],
      'implementations never know each other',
    ),
    only(
      'agent-imports',
      room('agent'),
      [room('core'), room('runtime'), '^registry/(port|snapshot|factory)\\.ts$', room('agent'), '^package\\.json$'],
      'the agent knows the registry by its port',
    ),
    {
      name: 'agent-factory-in-composition-root',
      comment: 'only the composition root chooses a registry',
      severity: 'error',
      from: { path: room('agent'), pathNot: '^agent/main\\.ts$' },
      // Its types alone open nothing.
      to: { path: '^registry/factory\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    only(
      'client-imports',
      room('client'),
      [room('core'), room('runtime'), '^registry/(port|snapshot|factory)\\.ts$', room('client')],
      'the client knows the registry by its port',
    ),
    {
      name: 'client-factory-where-the-target-is-parsed',
      comment: 'only the watch hub, which is handed a parsed target, opens a registry',
      severity: 'error',
      from: { path: room('client'), pathNot: '^client/watch-hub\\.ts$' },
      // Its types alone open nothing.
      to: { path: '^registry/factory\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    only(
      'server-imports',
      room('server'),
      [room('core'), room('runtime'), room('server')],
      'helpers inside a gRPC server know nobody else',
    ),
    only(
      'calculator-imports-public-api',
      room('calculator'),
      [room('calculator'), room('proto'), '^(server/)?index\\.ts$'],
      'the example uses only what a user of the package could use',
    ),
    only(
      'cli-imports',
      room('cli'),
      [
        room('cli'),
        room('core'),
        room('runtime'),
        '^registry/(port|factory)\\.ts$',
        '^agent/main\\.ts$',
        '^package\\.json$',
      ],
      'the CLI opens a registry and starts the agent',
    ),
    only(
      'sim-imports',
      room('sim'),
      [room('sim'), room('core'), room('runtime'), room('registry'), room('agent'), room('client')],
      'the simulation drives the real parts, and nothing of the tests',
    ),
    {
      name: 'nobody-imports-sim',
      comment: 'the simulation is a leaf, but for its tests',
      severity: 'error',
      from: { pathNot: [room('sim'), room('test'), nodeModules] },
      to: { path: room('sim') },
    },
    {
      name: 'nobody-imports-test',
      comment: 'tests are leaves',
      severity: 'error',
      from: { pathNot: [room('test'), nodeModules] },
      to: { path: room('test') },
    },
    {
      name: 'shipped-code-uses-shipped-packages',
      comment: 'whoever installs the package gets its dependencies, not our tools',
      severity: 'error',
      from: { path: '^(core|runtime|registry|agent|client|server|calculator|cli|proto)/|^index\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'] },
    },
    {
      name: 'no-cycles',
      comment: 'no import cycles',
      severity: 'error',
      from: { pathNot: [nodeModules, room('proto/generated')] },
      to: { circular: true },
    },
    oneHome(
      'consul-in-its-room',
      'consul',
      [room('registry/consul')],
      'the consul package is known in registry/consul alone',
    ),
    oneHome('winston-in-composition-roots', 'winston', ['^agent/logging\\.ts$'], 'one file makes the logger'),
    oneHome(
      'cron-in-composition-roots',
      'node-cron',
      ['^agent/main\\.ts$', '^agent/schedule\\.ts$'],
      'schedules are made in one place',
    ),
    {
      name: 'grpc-experimental-has-one-door',
      comment: 'the balancer and resolver API of grpc-js is experimental: one file knows it',
      severity: 'error',
      from: { pathNot: [room('client'), room('sim'), room('test'), nodeModules] },
      to: { path: '^client/grpc-experimental\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: nodeModules },
    exclude: { path: ['^dist/', '^coverage/', '^test/guards/fixtures/'] },
    tsConfig: { fileName: join(__dirname, 'tsconfig.json') },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
