/* eslint-disable jest/no-export -- a suite that the tests of every registry run */
/**
 * What every registry promises, as tests. A new implementation calls this with a way to open one; everything runs on
 * real time and waits for conditions only.
 */
import type { Registry } from '../../registry/port';
import { instance, registration } from '../support/registrations';
import { catalogContract } from './registry-contract-catalog';
import { locksContract } from './registry-contract-locks';
import { membershipContract } from './registry-contract-membership';
import { settingsContract } from './registry-contract-settings';

export interface RegistryUnderTest {
  /** Empty as far as the test's own names go. */
  open(): Registry;
  /** The shortest TTL of a lock that it accepts. */
  readonly lockTtlMs: number;
}

let names = 0;

export function registryContract({ open, lockTtlMs }: RegistryUnderTest): void {
  let registry: Registry;
  let service: string;

  beforeEach(() => {
    registry = open();
    names += 1;
    service = `contract-${names}`;
  });

  afterEach(async () => {
    for (const { id } of await registry.registered()) await registry.deregister(id);
    await registry.close();
  });

  const opened = (): { readonly registry: Registry; readonly service: string } => ({ registry, service });
  membershipContract(opened);
  catalogContract(opened);
  locksContract(opened, lockTtlMs);
  settingsContract(opened);

  describe('as a whole', () => {
    it('says where it is and that it is well', async () => {
      expect(registry.description).not.toBe('');
      expect(await registry.ping()).toMatchObject({ leader: true, version: expect.stringMatching(/^\d/) as string });
    });

    it('rejects with the reason of a signal that is aborted already', async () => {
      const signal = AbortSignal.abort(new Error('changed my mind'));
      await expect(registry.snapshot({ service }, signal)).rejects.toThrow('changed my mind');
      await expect(registry.register(registration(instance(service)), signal)).rejects.toThrow('changed my mind');
      await expect(registry.acquire({ key: service, slots: 1, holder: 'x', ttlMs: lockTtlMs }, signal)).rejects.toThrow(
        'changed my mind',
      );
      await registry.watch({ service }, () => undefined, signal);
    });

    it('ends watches when it is closed, and then answers nothing', async () => {
      const other = open();
      const watching = other.watch({ service }, () => undefined, new AbortController().signal);
      await other.close();
      await other.close();
      await watching;
      await expect(other.ping()).rejects.toMatchObject({ code: 'unavailable' });
      await other.watch({ service }, () => undefined, new AbortController().signal);
    });
  });
}
