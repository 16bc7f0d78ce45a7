import { Metadata, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { LATE_MS, RepeatableScene as Scene, SAFE } from '../../support/repeatable-scene';
import { StandingClock } from '../../support/standing-clock';

describe('an attempt that fails', () => {
  it('is followed by one elsewhere in the same moment, and its caller sees nothing of it', () => {
    const scene = new Scene(['a', 'b']);
    scene.wire(0).listener.onReceiveMetadata(new Metadata());
    scene.wire(0).end(status.UNAVAILABLE);
    expect(scene.asked).toEqual(['a', 'b']);
    scene.wire(1).answer('5');
    expect(scene.shown).toEqual(['headers', '5', 'OK']);
  });

  it('goes up, where it is tried again after a pause, when nobody else is there', () => {
    const scene = new Scene(['a']);
    scene.wire(0).end(status.UNAVAILABLE);
    expect(scene.shown).toEqual(['UNAVAILABLE: a ended']);
  });

  it('is the answer when its status says that a server has worked on it', () => {
    const scene = new Scene(['a', 'b']);
    scene.wire(0).end(status.INVALID_ARGUMENT);
    expect(scene.asked).toEqual(['a']);
    expect(scene.shown).toEqual(['INVALID_ARGUMENT: a ended']);
  });

  it('goes up at once when the server asked for a pause', () => {
    const scene = new Scene(['a', 'b']);
    const trailers = new Metadata();
    trailers.set('grpc-retry-pushback-ms', '50');
    scene.wire(0).end(status.UNAVAILABLE, trailers);
    expect(scene.asked).toEqual(['a']);
    expect(scene.shown).toEqual(['UNAVAILABLE: a ended']);
  });

  it('waits for a hedge that is not late yet, and is followed when that one fails', () => {
    const scene = new Scene(['a', 'b', 'c']);
    scene.clock.advance(LATE_MS);
    scene.wire(0).end(status.UNAVAILABLE);
    expect(scene.asked).toEqual(['a', 'b']);
    scene.wire(1).end(status.UNAVAILABLE);
    expect(scene.asked).toEqual(['a', 'b', 'c']);
    expect(scene.shown).toEqual([]);
  });
});

describe('an attempt that is late', () => {
  it('is joined by another, and ends when that one is answered', () => {
    const scene = new Scene(['a', 'b']);
    scene.call.sendMessageWithContext({}, Buffer.alloc(7));
    scene.call.halfClose();
    scene.clock.advance(LATE_MS - 1);
    expect(scene.asked).toEqual(['a']);
    scene.clock.advance(1);
    expect(scene.asked).toEqual(['a', 'b']);
    expect(scene.wire(1)).toMatchObject({ messages: ['7'], halfClosed: true });
    scene.wire(1).answer('5');
    expect(scene.wire(0).endedWith).toBe(status.CANCELLED);
    expect(scene.shown).toEqual(['headers', '5', 'OK']);
  });

  it('is left alone when its answer is read in the turn of the event loop that finds it late', () => {
    const scene = new Scene(['a', 'b']);
    // A timer of the same moment that was set later goes off later, as sockets are read after all timers.
    scene.clock.after(LATE_MS, () => scene.wire(0).answer('5'));
    scene.clock.advance(500);
    expect(scene.asked).toEqual(['a']);
  });

  it('goes elsewhere as soon as there is somebody', () => {
    const scene = new Scene(['a']);
    scene.clock.advance(LATE_MS + 90);
    scene.add('b');
    scene.offer();
    scene.clock.advance(1);
    expect(scene.asked).toEqual(['a', 'b']);
  });

  it('tells the next server how much time is left', () => {
    const metadata = new Metadata();
    metadata.set('grpc-timeout', '500m');
    const scene = new Scene(['a', 'b'], {}, metadata);
    scene.clock.advance(LATE_MS);
    expect(scene.wire(1).metadata.getMap()).toEqual({ 'grpc-timeout': '490m', 'grpc-previous-rpc-attempts': '1' });
  });

  it('has a second attempt after half its time, where late is later than that', () => {
    const metadata = new Metadata();
    metadata.set('grpc-timeout', '1S');
    const scene = new Scene(['a', 'b'], { usualMs: 400, lateAfterMs: 1_500 }, metadata);
    scene.clock.advance(499);
    expect(scene.asked).toEqual(['a']);
    scene.clock.advance(2);
    expect(scene.asked).toEqual(['a', 'b']);
    expect(scene.wire(1).metadata.getMap()).toMatchObject({ 'grpc-timeout': '500m' });
  });

  it('is no reason for more attempts than are allowed', () => {
    const scene = new Scene(['a', 'b', 'c'], { maxAttempts: 2 });
    scene.clock.advance(1_000);
    expect(scene.asked).toEqual(['a', 'b']);
  });
});

it('a call whose endpoint goes down leaves it before it is late', () => {
  const scene = new Scene(['a', 'b'], { lateAfterMs: 5_000 });
  const [lost] = scene.servers;
  if (lost !== undefined) lost.isDown = true;
  scene.offer();
  scene.clock.advance(1);
  expect(scene.asked).toEqual(['a', 'b']);
});

it.each([
  ['its client stood still', true, null],
  ['its server was slow', false, 501.01],
])('a call that took long because %s says so much of its method: %s', (_why, own, usualMs) => {
  const clock = new StandingClock();
  const scene = new Scene(['a'], {}, undefined, clock);
  if (own) clock.standStill(500);
  clock.read(own ? 1 : 501, () => scene.wire(0).answer('5'));
  clock.advance(1_000);
  expect(scene.shown).toEqual(['headers', '5', 'OK']);
  expect(scene.monitor.usualAttemptMs('/a.B/C')).toBe(usualMs);
});

describe('a call that only waits for a lost endpoint', () => {
  const lostOne = (trailers?: Metadata): Scene => {
    const scene = new Scene(['a', 'b']);
    scene.clock.advance(LATE_MS);
    scene.wire(1).end(status.UNAVAILABLE, trailers);
    expect(scene.shown).toEqual([]);
    const [lost] = scene.servers;
    if (lost !== undefined) lost.isDown = true;
    scene.offer();
    scene.clock.advance(1);
    return scene;
  };

  it('is handed to those who try again later, when the one other endpoint had a bad moment', () => {
    const scene = lostOne();
    expect(scene.wire(0).endedWith).toBe(status.CANCELLED);
    expect(scene.shown).toEqual(['UNAVAILABLE: b ended']);
    scene.clock.advance(1_000);
    expect(scene.asked).toEqual(['a', 'b']);
  });

  it('is so when that one asked for a pause', () => {
    const trailers = new Metadata();
    trailers.set('grpc-retry-pushback-ms', '20');
    expect(lostOne(trailers).shown).toEqual(['UNAVAILABLE: b ended']);
  });

  it('waits on while nobody else is well', () => {
    const scene = new Scene(['a', 'b']);
    scene.clock.advance(LATE_MS);
    scene.wire(1).end(status.UNAVAILABLE);
    for (const server of scene.servers) server.isDown = true;
    scene.offer();
    scene.clock.advance(500);
    expect(scene.shown).toEqual([]);
    scene.wire(0).answer('5');
    expect(scene.shown).toEqual(['headers', '5', 'OK']);
  });
});

it('a stream whose endpoint went down after its headers is not bound to it', () => {
  const scene = new Scene(['a', 'b'], { shape: 'server-stream' });
  scene.wire(0).listener.onReceiveMetadata(new Metadata());
  scene.clock.advance(LATE_MS);
  const [lost] = scene.servers;
  if (lost !== undefined) lost.isDown = true;
  scene.clock.advance(2_500);
  scene.wire(1).listener.onReceiveMetadata(new Metadata());
  scene.wire(1).listener.onReceiveMessage('one');
  scene.wire(1).end(status.OK);
  expect(scene.shown).toEqual(['headers', 'one', 'OK']);
});

describe('a stream of requests', () => {
  it('goes on as soon as one of its attempts has taken a message', () => {
    const scene = new Scene(['a', 'b'], { shape: 'client-stream' });
    scene.clock.advance(LATE_MS);
    let written = 0;
    scene.call.sendMessageWithContext({ callback: () => (written += 1) }, Buffer.from('1'));
    scene.wire(1).written[0]?.();
    expect(written).toBe(1);
    scene.wire(0).written[0]?.();
    expect(written).toBe(1);
  });

  it('of which too much was sent stays with an attempt that is not lost', () => {
    const scene = new Scene(['a', 'b'], { shape: 'client-stream' });
    scene.clock.advance(LATE_MS);
    const [lost] = scene.servers;
    if (lost !== undefined) lost.isDown = true;
    scene.call.sendMessageWithContext({}, Buffer.alloc(1_048_577));
    expect(scene.wire(0).endedWith).toBe(status.CANCELLED);
    scene.wire(1).answer('5');
    expect(scene.shown).toEqual(['headers', '5', 'OK']);
  });
});

it('a call that its caller ends is sent nowhere else', () => {
  const scene = new Scene(['a', 'b', 'c']);
  scene.clock.advance(LATE_MS);
  scene.call.cancelWithStatus(status.CANCELLED, 'enough');
  scene.clock.advance(1_000);
  expect(scene.asked).toEqual(['a', 'b']);
  expect(scene.wires.map(({ endedWith }) => endedWith)).toEqual([status.CANCELLED, status.CANCELLED]);
});

it('a call of which more was sent than can be kept stays where it is', () => {
  const scene = new Scene(['a', 'b'], { shape: 'client-stream' });
  scene.call.sendMessageWithContext({}, Buffer.alloc(1_048_577));
  scene.clock.advance(1_000);
  scene.wire(0).end(status.UNAVAILABLE);
  expect(scene.asked).toEqual(['a']);
  expect(scene.shown).toEqual(['UNAVAILABLE: a ended']);
});

describe('a stream of answers', () => {
  it('is bound to the attempt that brings the first message', () => {
    const scene = new Scene(['a', 'b'], { shape: 'server-stream' });
    scene.wire(0).listener.onReceiveMetadata(new Metadata());
    scene.clock.advance(LATE_MS);
    scene.wire(1).listener.onReceiveMetadata(new Metadata());
    scene.wire(1).listener.onReceiveMessage('one');
    expect(scene.wire(0).endedWith).toBe(status.CANCELLED);
    scene.wire(1).listener.onReceiveMessage('two');
    scene.wire(1).end(status.UNAVAILABLE);
    expect(scene.shown).toEqual(['headers', 'one', 'two', 'UNAVAILABLE: b ended']);
    expect(scene.asked).toEqual(['a', 'b']);
  });

  it('shows its headers after a second, since a caller may wait for them before it reads', () => {
    const scene = new Scene(['a'], { shape: 'server-stream' });
    scene.wire(0).listener.onReceiveMetadata(new Metadata());
    scene.clock.advance(999);
    expect(scene.shown).toEqual([]);
    scene.clock.advance(1);
    expect(scene.shown).toEqual(['headers']);
  });
});

const happening = fc.oneof(
  fc.record({ what: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ what: fc.constant('fails' as const), attempt: fc.nat(3) }),
  fc.record({ what: fc.constant('answers' as const), attempt: fc.nat(3) }),
  fc.record({ what: fc.constant('down' as const), server: fc.nat(4) }),
  fc.record({ what: fc.constant('cancelled' as const) }),
);

function happen(scene: Scene, event: typeof happening extends fc.Arbitrary<infer T> ? T : never): void {
  switch (event.what) {
    case 'time':
      scene.clock.advance(event.ms);
      break;
    case 'fails':
      scene.wires[event.attempt]?.end(status.UNAVAILABLE);
      break;
    case 'answers': {
      const wire = scene.wires[event.attempt];
      if (wire?.endedWith === null) wire.answer('5');
      break;
    }
    case 'down': {
      const server = scene.servers[event.server];
      if (server !== undefined) server.isDown = true;
      scene.offer();
      break;
    }
    case 'cancelled':
      scene.call.cancelWithStatus(status.CANCELLED, 'enough');
      break;
  }
}

it('whatever happens, a caller is told one end, each attempt goes elsewhere, and nothing is sent or left after the end', () => {
  const ends = (scene: Scene): number => scene.shown.filter((what) => what === 'OK' || what.includes(':')).length;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(happening, { maxLength: 15 }), (servers, events) => {
      const scene = new Scene(['a', 'b', 'c', 'd', 'e'].slice(0, servers));
      for (const event of events) {
        const wasOver = ends(scene) > 0;
        const before = scene.wires.length;
        happen(scene, event);
        expect(ends(scene)).toBeLessThanOrEqual(1);
        expect(wasOver && scene.wires.length > before).toBe(false);
      }
      expect(new Set(scene.asked).size).toBe(scene.asked.length);
      expect(scene.asked.length).toBeLessThanOrEqual(SAFE.maxAttempts);
      const isOver = ends(scene) === 1;
      expect(scene.wires.every(({ endedWith }) => endedWith !== null)).toBe(isOver);
      expect(['', 'headers,5,OK', expect.stringContaining(': ')]).toContainEqual(scene.shown.join());
    }),
  );
});
