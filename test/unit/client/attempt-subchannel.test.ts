/**
 * Node keeps the HTTP/2 stream of an attempt that has ended until the next full garbage collection, and the small ones
 * copy all that hangs on it, which was a fifth of what a call cost.
 */
import { setFlagsFromString } from 'node:v8';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { Metadata, status } from '@grpc/grpc-js';
import { AttemptSubchannel, type SubchannelPorts } from '../../../client/attempt-subchannel';
import type { CallListener, SubchannelInterface } from '../../../client/grpc-experimental';
import type { MethodShape } from '../../../client/method-safety';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const END = { code: status.OK, details: '', metadata: new Metadata() };

/** A caller of one method, and what grpc-js's end of the wire holds of it. */
function called(shape: MethodShape): { readonly caller: WeakRef<CallListener>; readonly kept: CallListener } {
  const kept: CallListener[] = [];
  const real = { createCall: (...wish: readonly unknown[]) => void kept.push(wish[3] as CallListener) };
  const child = { addHealthStateWatcher: () => undefined, getRealSubchannel: () => real };
  const ports = { safety: { shapeOf: () => shape }, onStream: () => () => undefined };
  const connection = new AttemptSubchannel(
    child as unknown as SubchannelInterface,
    ports as unknown as SubchannelPorts,
  );
  const caller: CallListener = {
    onReceiveMetadata: () => undefined,
    onReceiveMessage: () => undefined,
    onReceiveStatus: () => undefined,
  };
  connection.getRealSubchannel().createCall(new Metadata(), 'host', '/a.B/C', caller, undefined);
  const [onTheWire] = kept;
  if (onTheWire === undefined) throw new Error('nothing was put on the wire');
  return { caller: new WeakRef(caller), kept: onTheWire };
}

describe.each<MethodShape>(['unary', 'server-stream'])('a call, %s', (shape) => {
  test('is held by its attempt while that is under way, and by nothing after it', async () => {
    const { caller, kept } = called(shape);
    kept.onReceiveMessage('an answer');
    await nextTurn();
    collectGarbage();
    expect(caller.deref()).toBeDefined();
    kept.onReceiveStatus(END);
    await nextTurn();
    collectGarbage();
    expect(caller.deref()).toBeUndefined();
  });
});
