/**
 * A gRPC server that takes 300 ms to start and says that it is well, and nothing else. Plain JavaScript without a library, so
 * that on any machine which is fast enough its start is known.
 */
const { createServer } = require('node:http2');

const START_MS = 300;
/** grpc.health.v1.HealthCheckResponse with status SERVING, behind a prefix of five bytes. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);

const server = createServer();
server.on('stream', (stream) => {
  stream.on('error', () => undefined);
  stream.resume();
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(SERVING);
});
setTimeout(() => server.listen(Number(process.argv[2]), '127.0.0.1'), START_MS - process.uptime() * 1_000);
