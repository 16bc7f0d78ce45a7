import { noAnswerError, oneLine, refusalCode, refusedError } from '../../../../registry/consul/consul-error';

// The sentences are those of Consul 1.8 and of current ones.
it.each([
  [500, 'CheckID "understudy:calculator-1" does not have associated TTL', 'unknown-instance'],
  [
    404,
    'Unknown check ID "understudy:calculator-1". Ensure that the check ID is passed, not the check name.',
    'unknown-instance',
  ],
  [500, 'Unknown check "understudy:calculator-1"', 'unknown-instance'],
  [404, 'No service registered with ID "calculator-1"', 'unknown-instance'],
  [
    404,
    'Unknown service ID "calculator-1". Ensure that the service ID is passed, not the service name.',
    'unknown-instance',
  ],
  [500, 'Unknown service "calculator-1"', 'unknown-instance'],
  [403, 'Permission denied', 'permission-denied'],
  [403, 'ACL not found', 'permission-denied'],
  [401, '', 'permission-denied'],
  [500, 'rpc error making call: Permission denied', 'permission-denied'],
  [500, 'rpc error making call: ACL not found', 'permission-denied'],
  [400, 'Request decode failed', 'invalid-request'],
  [429, 'Your IP is issuing too many concurrent connections', 'unavailable'],
  [500, 'No cluster leader', 'unavailable'],
  [503, '', 'unavailable'],
  [404, 'page not found', 'unavailable'],
])('takes HTTP %i "%s" as %s', (status, text, code) => {
  expect(refusalCode({ status, text })).toBe(code);
});

it('says where, what and why in one line', () => {
  const error = refusedError('Consul at a:8500', 'beat of x', { status: 500, text: 'No cluster\n leader' });
  expect(error.message).toBe('Consul at a:8500: beat of x: HTTP 500, No cluster leader');
  const refused = Object.assign(new Error('consul: connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  expect(noAnswerError('Consul at a:8500', 'ping', refused).message).toBe('Consul at a:8500: ping: connection refused');
  expect(noAnswerError('C', 'ping', new Error('consul: self-signed certificate')).message).toBe(
    'C: ping: self-signed certificate',
  );
});

it('keeps a line short', () => {
  expect(oneLine('x'.repeat(1000))).toHaveLength(300);
});
