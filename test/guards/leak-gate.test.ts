import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(__dirname, '../..');

/** Runs one planted test file in a Jest of its own, behind the gate. */
function runBehindGate(fixture: string): string {
  const config = {
    rootDir: root,
    testMatch: [`<rootDir>/test/guards/fixtures/leaks/${fixture}`],
    testEnvironment: '<rootDir>/test/support/leak-gate.ts',
    transform: { '\\.ts$': ['ts-jest', { diagnostics: false }] },
    modulePathIgnorePatterns: ['<rootDir>/dist/'],
  };
  const words = [resolve(root, 'node_modules/jest/bin/jest.js'), '--config', JSON.stringify(config)];
  return spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' }).stderr;
}

describe('the leak gate', () => {
  it('fails a test file that leaves a server, a child process, a timer or a file behind, and names them', () => {
    expect(runBehindGate('leaking.ts')).toContain(
      'the tests of this file left open: 1 x ProcessWrap, 1 x TCPServerWrap, setInterval of 1234 ms, setTimeout of 6000 ms, understudy-left',
    );
  });

  it('lets a test file pass that closes everything, however late', () => {
    expect(runBehindGate('tidy.ts')).toMatch(/Tests: +1 passed/);
  });
});
