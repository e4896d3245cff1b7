import type { Clock } from '@polar-gosling/kernel';
import { type TofuEvent, tofuErrors } from '@polar-gosling/ports/tofu';
import { interruptMarkerOf } from './interrupt.ts';
import { parseUiLine, toLogLine, toTofuEvent, type UiLine } from './json-lines.ts';
import type { CommandResult } from './outcome.ts';
import { followLines, type Output, readTail, readWhole, withOutput } from './output.ts';
import { startTool } from './process.ts';
import { readBootId } from './process-identity.ts';
import { recordProcess } from './run-directory.ts';
import { createFactCollector } from './run-facts.ts';
import type { RunLog } from './run-log.ts';

const stderrBytes = 64 * 1024;
const stderrLetters = 4000;

export interface CommandContext {
  readonly program: string;
  readonly runDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly hardEndAt: number;
  readonly graceMs: number;
  readonly lineBytes: number;
  /** Longest answer that is read. */
  readonly answerBytes: number;
  readonly clock: Clock;
  readonly log: RunLog;
  readonly mask: (text: string) => string;
  onEvent(event: TofuEvent): void;
  onStart(pid: number): void;
}

export interface Commands {
  /** Its output is the JSON UI: told, logged, and read for facts as it comes. */
  run(args: readonly string[], signal: AbortSignal): Promise<CommandResult>;
  /** Its output is the answer. Fails with TOFU_PLAN_FAILED where that is longer than what is read. */
  ask(args: readonly string[], signal: AbortSignal): Promise<CommandResult & { stdout: string }>;
}

/** Runs the commands of one run, one after the other. */
export function createCommands(context: CommandContext): Commands {
  let count = 0;
  const isNews = createNews();
  const start = async (args: readonly string[], output: Output, signal: AbortSignal) => {
    const { runDir, clock } = context;
    const startedAt = clock.now();
    const interruptMarker = interruptMarkerOf(runDir, ++count);
    context.log.add(JSON.stringify({ type: 'command', '@message': `tofu ${args.join(' ')}` }), false);
    const { program, env, hardEndAt, graceMs } = context;
    const command = { program, args, cwd: runDir, env, output, interruptMarker, hardEndAt, graceMs };
    const { pid, startTime, done } = await startTool(command, clock, signal);
    context.onStart(pid);
    await recordProcess(runDir, { pid, startTime, bootId: readBootId(), interruptMarker });
    return { startedAt, done };
  };
  const readStderr = async ({ stderr }: Output) =>
    context.mask(await readTail(stderr, stderrBytes)).slice(-stderrLetters);
  return {
    run: (args, signal) =>
      withOutput(context.runDir, async (output) => {
        const { startedAt, done } = await start(args, output, signal);
        const collector = createFactCollector();
        const { clock, lineBytes } = context;
        await followLines(output.stdout, { done, clock, lineBytes }, (text) => {
          const masked = context.mask(text);
          const line = parseUiLine(masked);
          collector.add(line);
          context.log.add(toLogLine(masked, line), line.diagnostic?.severity === 'error');
          if (isNews(line)) context.onEvent(toTofuEvent(line));
        });
        return { startedAt, end: await done, facts: collector.facts(), stderr: await readStderr(output) };
      }),
    ask: (args, signal) =>
      withOutput(context.runDir, async (output) => {
        const { startedAt, done } = await start(args, output, signal);
        const end = await done;
        const facts = createFactCollector().facts();
        const stderr = await readStderr(output);
        const stdout = await readWhole(output.stdout, context.answerBytes);
        if (stdout === undefined) throw tooLong(args, context.answerBytes);
        return { startedAt, end, facts, stderr, stdout };
      }),
  };
}

const repeated: ReadonlySet<string> = new Set(['version', 'planned_change']);

/** The apply of a plan says once more what the plan has said. */
function createNews(): (line: UiLine) => boolean {
  const told = new Set<string>();
  return ({ type, '@message': message }) => {
    if (!repeated.has(type)) return true;
    const isNew = !told.has(message);
    told.add(message);
    return isNew;
  };
}

function tooLong([command]: readonly string[], answerBytes: number) {
  const most = `${answerBytes / 1024 / 1024} MiB`;
  return tofuErrors.planFailed({
    summary: `the answer to "${command}" is longer than ${most}, which is all that is read`,
    detail: '',
  });
}
