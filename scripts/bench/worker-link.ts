/**
 * Questions and answers between the bench and the processes that it forks. One question at a time per worker; an error
 * in the worker is the asker's error. A worker ends when its parent is gone.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { endProcess } from '../quickstart/processes';
import { plainCode } from './plain-code';

export interface Worker<Question, Answer> {
  readonly child: ChildProcess;
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

interface Reply<Answer> {
  readonly answer?: Answer;
  readonly error?: string;
}

/** Forks `scripts/bench/<name>.ts` and resolves when it listens. */
export async function startWorker<Question extends object, Answer>(
  name: string,
  args: readonly string[] = [],
  nodeFlags: readonly string[] = [],
): Promise<Worker<Question, Answer>> {
  const entry = join(__dirname, `${name}.ts`);
  const child = fork(entry, args, {
    execArgv: [...nodeFlags, '-r', join(__dirname, 'plain-worker.cjs')],
    stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
    // Ctrl-C reaches the bench alone, which ends things in order.
    detached: true,
  });
  // One that ends before it has read its code is told of by its exit.
  child.stdin?.on('error', () => undefined).end(JSON.stringify(plainCode(entry)));
  const reply = async (): Promise<Answer> => {
    const waiting = new AbortController();
    const [first] = (await Promise.race([
      once(child, 'message', waiting),
      once(child, 'exit', waiting).then(() => [{ error: 'it ended' }]),
    ]).finally(() => waiting.abort())) as [Reply<Answer>];
    if (first.error !== undefined) throw new Error(`${name} ${args.join(' ')}: ${first.error}`);
    return first.answer as Answer;
  };
  await reply();
  return {
    child,
    ask(question) {
      const answer = reply();
      child.send(question);
      return answer;
    },
    stop: () => endProcess(child, 2_000),
  };
}

/** The worker's side: says that it listens, and answers each question. */
export function answerParent(answer: (question: never) => Promise<object>): void {
  const send = (reply: Reply<object>): void => void process.send?.(reply);
  process.on('disconnect', () => process.exit());
  process.on('message', (question) => {
    answer(question as never).then(
      (value) => send({ answer: value }),
      (error: unknown) => send({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  send({});
}
