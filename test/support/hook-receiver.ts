/**
 * Receives the webhooks of agents: what each told, in its order, and answers when the test lets it.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class HookReceiver<Told> {
  readonly told: Told[] = [];
  /** Nobody gets an answer. */
  silent = false;
  private readonly held: ServerResponse[] = [];

  private constructor(private readonly server: Server) {}

  static async start<Told>(): Promise<HookReceiver<Told>> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        receiver.told.push(JSON.parse(body) as Told);
        if (receiver.silent) receiver.held.push(response);
        else response.writeHead(204).end();
      });
    });
    const receiver = new HookReceiver<Told>(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** As new; whoever waits for an answer is cut off. */
  forget(): void {
    this.silent = false;
    for (const response of this.held.splice(0)) response.destroy();
    this.told.splice(0);
  }

  async stop(): Promise<void> {
    this.forget();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
