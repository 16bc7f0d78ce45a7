import { openRegistry } from '../../registry/factory';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { registryContract } from './registry-contract';

describe('the Consul registry', () => {
  let consul: ConsulProcess;

  beforeAll(async () => {
    consul = await startConsul();
  });
  afterAll(() => consul.stop());

  registryContract({ open: () => openRegistry({ address: consul.address }, {}), lockTtlMs: 10_000 });
});
