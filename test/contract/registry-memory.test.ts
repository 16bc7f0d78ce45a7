import { MemoryRegistry } from '../../registry/memory/memory-registry';
import { systemClock } from '../../runtime/system-clock';
import { registryContract } from './registry-contract';

describe('the memory registry', () => {
  registryContract({ open: () => new MemoryRegistry(systemClock()), lockTtlMs: 10_000 });
});
