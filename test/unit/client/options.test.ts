import { parseClientOptions, type ClientTunables } from '../../../client/options';

describe('the options of registerUnderstudy', () => {
  it('may be left out', () => {
    expect(parseClientOptions({})).toMatchObject({ scheme: 'consul', failback: 'auto', maxAttempts: 4 });
  });

  it('are refused with every fault and its key', () => {
    const wrong = { failback: 'sometimes', settleMs: -1, maxAttempts: 9, methods: { Add: 'IDEMPOTENT' }, typo: 1 };
    const attempt = (): unknown => parseClientOptions(wrong as unknown as ClientTunables);
    for (const key of ['failback', 'settleMs', 'maxAttempts', 'methods', 'typo']) expect(attempt).toThrow(key);
  });
});
