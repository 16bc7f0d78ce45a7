/**
 * A user's program, for tests of how it ends: one call through Understudy, then what a careless user leaves out.
 * Arguments: the target.
 */
import { credentials } from '@grpc/grpc-js';
import { registerUnderstudy } from '../../index';
import { CalculatorClient, calculatorService } from '../../proto/calculator';

const { channelOptions } = registerUnderstudy({ services: [calculatorService] });
const client = new CalculatorClient(process.argv[2] ?? '', credentials.createInsecure(), channelOptions);

client.Add({ left: 2, right: 3 }, { deadline: Date.now() + 10_000 }, (error, answer) => {
  process.stdout.write(error === null ? `${answer?.value ?? ''}\n` : `${error.message}\n`);
  // Closes its client, and forgets Understudy's own close().
  client.close();
});
