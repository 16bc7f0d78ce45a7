/**
 * An agent that is killed in the moment in which it has started a program: before it knows the process id, so before it
 * could note it. `killed-at-start-script.ts NOTE hook|server PROGRAM ARGUMENTS…`
 */
import { HookNotes } from '../../agent/hook-notes';
import { execHook } from '../../agent/hooks/exec-hook';
import { notedLauncher } from '../../agent/noted-launcher';
import { ServerNote } from '../../agent/server-note';
import { commandLauncher } from '../../agent/server-process';
import { systemClock } from '../../runtime/system-clock';

const [note = '', kind, program = '', ...args] = process.argv.slice(2);
const command: [string, ...string[]] = [program, ...args];
const { env } = process;
const die = (): void => void process.kill(process.pid, 'SIGKILL');

if (kind === 'hook') {
  const notes = new HookNotes(note);
  notes.begun = die;
  const context = { service: 's', instance: 'i', incident: 'x', reason: 'r', attempt: 1 };
  void execHook({ command, timeoutMs: 60_000, env, notes }, systemClock()).run(context, new AbortController().signal);
} else {
  const serverNote = new ServerNote(note);
  serverNote.write = die;
  notedLauncher(commandLauncher({ command, env }), serverNote, systemClock()).launch(() => undefined);
}
