/**
 * A caller as a program: a safe call each five milliseconds, and on stdout a JSON line after each twentieth call and at
 * each failover. Argument: the target. It runs until it is killed.
 */
import { credentials } from '@grpc/grpc-js';
import { registerUnderstudy } from '../../../index';
import { CalculatorClient, calculatorService } from '../../../proto/calculator';

const { channelOptions, events } = registerUnderstudy({ services: [calculatorService] });
const client = new CalculatorClient(process.argv[2] ?? '', credentials.createInsecure(), channelOptions);
let calls = 0;
let failed = 0;

const say = (facts: object = {}): void => void process.stdout.write(`${JSON.stringify({ calls, failed, ...facts })}\n`);
events.on('failover', ({ reason }) => say({ failover: reason }));

setInterval(() => {
  client.Add({ left: 2, right: 3 }, { deadline: Date.now() + 10_000 }, (error) => {
    calls += 1;
    if (error !== null) failed += 1;
    if (calls % 20 === 0) say();
  });
}, 5);
