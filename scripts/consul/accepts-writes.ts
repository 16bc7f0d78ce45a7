/**
 * Says whether a Consul does its work: it creates a session, which needs a leader, the own node in the catalog and a
 * passing node check, and removes it again. A state that merely answers is not enough.
 */
import { request } from 'node:http';

const TIMEOUT_MS = 2_000;

/** Never rejects: a Consul that is away does not accept writes. */
export async function acceptsWrites(httpPort: number, token?: string): Promise<boolean> {
  const created = await put(httpPort, '/v1/session/create', token).catch(() => undefined);
  if (created?.status !== 200) return false;
  const { ID: id } = JSON.parse(created.body) as { readonly ID: string };
  await put(httpPort, `/v1/session/destroy/${id}`, token).catch(() => undefined);
  return true;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function put(port: number, path: string, token: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': 0, ...(token === undefined ? {} : { 'X-Consul-Token': token }) };
    const call = request({ host: '127.0.0.1', port, path, method: 'PUT', agent: false, headers, timeout: TIMEOUT_MS });
    call.once('error', reject);
    call.once('timeout', () => call.destroy(new Error('no answer')));
    call.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (body += part));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.end();
  });
}
