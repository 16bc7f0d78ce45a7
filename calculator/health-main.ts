#!/usr/bin/env node
/**
 * Asks one server for its health (grpc.health.v1, the server as a whole) and ends with 0 or 1: for a container's health
 * check. It runs every few seconds beside the server, so it uses Node's own HTTP/2 alone and starts in a blink.
 */
import { connect } from 'node:http2';

const TIMEOUT_MS = 1_500;
/** A frame of gRPC that is not compressed and holds an empty HealthCheckRequest. */
const EVERY_SERVICE = Buffer.alloc(5);
/** The same with a HealthCheckResponse whose first field, `status`, is SERVING. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 1]);

function end(code: number, message: string): never {
  process.stdout.write(`${message}\n`);
  process.exit(code);
}

function ask(address: string): void {
  setTimeout(() => end(1, `${address} did not answer within ${TIMEOUT_MS} ms`), TIMEOUT_MS);
  const session = connect(`http://${address}`);
  const refused = (error: Error): never => end(1, `${address}: ${error.message}`);
  session.on('error', refused);
  const call = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const answer: Buffer[] = [];
  call.on('error', refused);
  call.on('data', (part: Buffer) => answer.push(part));
  call.on('end', () => {
    const isServing = Buffer.concat(answer).equals(SERVING);
    end(isServing ? 0 : 1, `${address} is ${isServing ? 'SERVING' : 'not SERVING'}`);
  });
  call.end(EVERY_SERVICE);
}

const [address] = process.argv.slice(2);
if (address === undefined) end(2, 'usage: health-main HOST:PORT');
else ask(address);
