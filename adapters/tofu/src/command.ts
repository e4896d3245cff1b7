import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@polar-gosling/kernel';
import type { TofuEvent } from '@polar-gosling/ports/tofu';
import { followLines } from './follow-file.ts';
import { parseUiLine, toLogLine, toTofuEvent } from './json-lines.ts';
import type { CommandResult } from './outcome.ts';
import { interruptMarkerOf, startTool } from './process.ts';
import { readBootId } from './process-identity.ts';
import { recordProcess } from './run-directory.ts';
import { createFactCollector } from './run-facts.ts';
import type { RunLog } from './run-log.ts';

const stderrLetters = 4000;

export interface CommandContext {
  readonly program: string;
  readonly runDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly hardEndAt: number;
  readonly graceMs: number;
  readonly lineBytes: number;
  readonly clock: Clock;
  readonly log: RunLog;
  readonly mask: (text: string) => string;
  onEvent(event: TofuEvent): void;
  onStart(pid: number): void;
}

export interface Commands {
  /** Its output is the JSON UI: told, logged, and read for facts as it comes. */
  run(args: readonly string[], signal: AbortSignal): Promise<CommandResult>;
  /** Its output is the answer. */
  ask(args: readonly string[], signal: AbortSignal): Promise<CommandResult & { stdout: string }>;
}

/** Runs the commands of one run, one after the other, each with its own output files. */
export function createCommands(context: CommandContext): Commands {
  let count = 0;
  const start = async (args: readonly string[], signal: AbortSignal) => {
    const { runDir, clock } = context;
    const number = ++count;
    const stdout = join(runDir, `${number}.stdout`);
    const stderr = join(runDir, `${number}.stderr`);
    const interruptMarker = interruptMarkerOf(runDir, number);
    context.log.add(JSON.stringify({ type: 'command', '@message': `tofu ${args.join(' ')}` }), false);
    const { program, env, hardEndAt, graceMs } = context;
    const command = { program, args, cwd: runDir, env, stdout, stderr, interruptMarker, hardEndAt, graceMs };
    const { pid, startTime, done } = await startTool(command, clock, signal);
    context.onStart(pid);
    await recordProcess(runDir, { pid, startTime, bootId: readBootId(), interruptMarker });
    return { done, stdout, stderr };
  };
  const readStderr = async (path: string) => context.mask(await readFile(path, 'utf8')).slice(-stderrLetters);
  return {
    async run(args, signal) {
      const { done, stdout, stderr } = await start(args, signal);
      const collector = createFactCollector();
      await followLines(stdout, { done, clock: context.clock, lineBytes: context.lineBytes }, (text) => {
        const masked = context.mask(text);
        const line = parseUiLine(masked);
        collector.add(line);
        context.log.add(toLogLine(masked, line), line.diagnostic?.severity === 'error');
        context.onEvent(toTofuEvent(line));
      });
      return { end: await done, facts: collector.facts(), stderr: await readStderr(stderr) };
    },
    async ask(args, signal) {
      const { done, stdout, stderr } = await start(args, signal);
      const end = await done;
      const facts = createFactCollector().facts();
      return { end, facts, stderr: await readStderr(stderr), stdout: await readFile(stdout, 'utf8') };
    },
  };
}
