import { EventEmitter } from 'node:events';
import { DrainableHealth } from '../../../server/drainable-health';

type Handlers = Readonly<Record<'check' | 'watch' | 'list', (call: unknown, callback?: unknown) => void>>;

/** The handlers that a server would get, and calls as a server would make them. */
function scene(health: DrainableHealth) {
  let handlers: Handlers | undefined;
  health.addToServer({ addService: (_definition, added) => (handlers = added as unknown as Handlers) });
  const check = (service: string): unknown => {
    let answer: unknown;
    handlers!.check({ request: { service } }, (error: unknown, reply: unknown) => (answer = error ?? reply));
    return answer;
  };
  const watch = (service: string) => {
    const seen: unknown[] = [];
    const write = (message: { status: string }): void => void seen.push(message.status);
    const call = Object.assign(new EventEmitter(), { request: { service }, write });
    call.on('error', ({ code }: { code: number }) => {
      seen.push(code);
      call.emit('cancelled');
    });
    handlers!.watch(call);
    return { seen, cancel: () => call.emit('cancelled') };
  };
  return { check, watch };
}

const UNAVAILABLE = 14;

describe('DrainableHealth', () => {
  it('serves the whole server unless told otherwise, and each service as told', () => {
    const { check } = scene(new DrainableHealth({ calculator: 'NOT_SERVING' }));
    expect(check('')).toEqual({ status: 'SERVING' });
    expect(check('calculator')).toEqual({ status: 'NOT_SERVING' });
    expect(check('other')).toMatchObject({ code: 5 });
  });

  it('tells watchers of each change once, and of nothing that is not a change', () => {
    const health = new DrainableHealth();
    const { seen } = scene(health).watch('');
    health.setStatus('', 'SERVING');
    health.setStatus('', 'NOT_SERVING');
    health.setStatus('', 'NOT_SERVING');
    health.setStatus('', 'SERVING');
    expect(seen).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
  });

  it('says NOT_SERVING for every service when a drain begins, later ones too, and never takes it back', () => {
    const health = new DrainableHealth({ calculator: 'SERVING' });
    health.setStatus('late', 'SERVING');
    const { check, watch } = scene(health);
    const { seen } = watch('calculator');
    health.announceDrain();
    health.announceDrain();
    health.setStatus('calculator', 'SERVING');
    expect(seen).toEqual(['SERVING', 'NOT_SERVING']);
    for (const service of ['', 'calculator', 'late']) expect(check(service)).toEqual({ status: 'NOT_SERVING' });
  });

  it('ends every open watch with UNAVAILABLE, also of services that it does not know', () => {
    const health = new DrainableHealth();
    const { watch } = scene(health);
    const known = watch('');
    const unknown = watch('other');
    const gone = watch('');
    gone.cancel();
    health.announceDrain();
    health.endWatches();
    health.endWatches();
    expect(known.seen).toEqual(['SERVING', 'NOT_SERVING', UNAVAILABLE]);
    expect(unknown.seen).toEqual(['SERVICE_UNKNOWN', UNAVAILABLE]);
    expect(gone.seen).toEqual(['SERVING']);
  });

  it('answers a watch that slipped in at the very end, and ends it', () => {
    const health = new DrainableHealth();
    const { watch } = scene(health);
    health.announceDrain();
    health.endWatches();
    expect(watch('').seen).toEqual(['NOT_SERVING', UNAVAILABLE]);
  });
});
