import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { Ledger } from '../../../calculator/ledger';
import { SharedCalls } from '../../../calculator/shared-calls';
import { parseCallId, type CallId } from '../../../core/decide/call-id';
import { calculatorService } from '../../../proto/calculator';
import type { Answer } from '../../../server/index';

const ANSWER: Answer = {
  code: status.OK,
  details: 'OK',
  message: Buffer.from([1, 2, 255]),
  headers: { begun: 'yes' },
  trailers: { 'detail-bin': 'AAH/' },
};
const id: CallId = parseCallId('1800000000000-abcdefghijklmnop')!;

let root: string;
let folder: string;
let ledger: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'understudy-shared-calls-'));
  folder = join(root, 'calls');
  ledger = join(root, 'one.ledger');
});
afterEach(() => rmSync(root, { recursive: true }));

const calls = (): SharedCalls => new SharedCalls(folder, ledger);

/** Pid of a process that is gone. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

function claimOfTheDead(turn = 0): void {
  calls();
  writeFileSync(join(folder, `${id.text}.${turn}`), JSON.stringify({ fingerprint: 'f', pid: deadPid(), ledger }));
}

describe('the call ids that calculators share', () => {
  it('let one of them execute a call, and the others wait', async () => {
    const claims = await Promise.all([calls().claim(id, 'f'), calls().claim(id, 'f'), calls().claim(id, 'f')]);
    expect(claims).toEqual([
      { state: 'mine' },
      { state: 'held', fingerprint: 'f' },
      { state: 'held', fingerprint: 'f' },
    ]);
  });

  it('let all of them answer it when it was executed', async () => {
    const holder = calls();
    await holder.claim(id, 'f');
    await holder.settle(id, ANSWER);
    expect(await calls().claim(id, 'f')).toEqual({ state: 'answered', fingerprint: 'f', answer: ANSWER });
  });

  it('let another execute it when it was released', async () => {
    const holder = calls();
    await holder.claim(id, 'f');
    await holder.release(id);
    expect(await calls().claim(id, 'f')).toEqual({ state: 'mine' });
  });

  it('let another execute what a dead one had claimed and not executed', async () => {
    claimOfTheDead(0);
    claimOfTheDead(1);
    const holder = calls();
    expect(await holder.claim(id, 'f')).toEqual({ state: 'mine' });
    expect(await calls().claim(id, 'f')).toEqual({ state: 'held', fingerprint: 'f' });
    await holder.release(id);
    expect(await calls().claim(id, 'f')).toEqual({ state: 'mine' });
  });

  it('answer from its ledger what a dead one had executed and not answered', async () => {
    claimOfTheDead();
    const dead = Ledger.open(ledger);
    await dead.append({ id: 'wish', amount: 3, instance: 'one', stamp: '', value: 7, call: id.text });
    await dead.close();
    const claim = await calls().claim(id, 'f');
    if (claim.state !== 'answered') throw new Error(`it is ${claim.state}`);
    const { message } = claim.answer;
    expect(calculatorService.MemoryAdd.responseDeserialize(Buffer.from(message!))).toEqual({
      value: 7,
      instance: 'one',
    });
  });

  it('leave nothing half written behind', async () => {
    const holder = calls();
    await holder.claim(id, 'f');
    await calls().claim(id, 'f');
    await holder.settle(id, ANSWER);
    expect(readdirSync(folder).sort()).toEqual([`${id.text}.0`, `${id.text}.answer`]);
  });
});
