import type { Clock } from '@polar-gosling/kernel';
import { formatBytes } from './bytes.ts';
import { formatElapsed } from './elapsed.ts';
import type { Progress, ProgressOptions } from './stage.ts';
import { createStyle } from './style.ts';
import { cleanLine, clipLine } from './text.ts';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;
const notesShown = 3;
const eraseLine = '\u001b[2K';
const lineUp = '\u001b[1A';

interface OpenStage {
  readonly name: string;
  readonly startedAt: number;
  notes: string[];
  received?: string;
}

/** Ended stages stay above as printed; the open ones below are drawn anew with their elapsed time. */
export function createTreeProgress({ out, clock, color }: ProgressOptions): Progress {
  const style = createStyle(color);
  const open = new Set<OpenStage>();
  let drawn = 0;
  let frame = 0;
  let isClosed = false;

  const draw = (above: readonly string[] = []) => {
    const columns = Math.max(20, out.columns ?? 80);
    const spinner = style('cyan', frames[frame % frames.length] ?? '·');
    const live = [...open].flatMap((stage) => [
      `${spinner} ${stage.name}${stage.received ?? ''} ${style('dim', formatElapsed(clock.monotonic() - stage.startedAt))}`,
      ...stage.notes.slice(-notesShown).map((note) => style('dim', `  ${note}`)),
    ]);
    const erase = `${eraseLine}\r${`${lineUp}${eraseLine}`.repeat(drawn)}`;
    const lines = [...above, ...live.map((line) => clipLine(line, columns - 1))];
    out.write(erase + lines.map((line) => `${line}\n`).join(''));
    drawn = live.length;
  };
  const ticker = createTicker(clock, () => {
    frame += 1;
    draw();
  });

  return {
    stage(name) {
      const stage: OpenStage = { name: cleanLine(name), startedAt: clock.monotonic(), notes: [] };
      const end = (mark: string, detail?: string) => {
        if (!open.delete(stage)) return;
        const elapsed = style('dim', formatElapsed(clock.monotonic() - stage.startedAt));
        draw([`${mark} ${stage.name}${detail ? `: ${cleanLine(detail)}` : ''} ${elapsed}`]);
        if (open.size === 0) ticker.stop();
      };
      open.add(stage);
      draw();
      if (!isClosed) ticker.start();
      return {
        note: (text) => {
          if (!open.has(stage)) return;
          stage.notes = [...stage.notes.slice(1 - notesShown), cleanLine(text)];
          draw();
        },
        received: (bytes) => {
          stage.received = `: ${formatBytes(bytes)}`;
          if (open.has(stage)) draw();
        },
        done: (detail) => end(style('green', '✓'), detail),
        fail: (detail) => end(style('red', '✗'), detail),
      };
    },
    line: (text) => draw([cleanLine(text)]),
    close: () => {
      isClosed = true;
      ticker.stop();
    },
  };
}

function createTicker(clock: Clock, onTick: () => void): { start(): void; stop(): void } {
  let running: AbortController | undefined;
  const run = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      try {
        await clock.sleep(frameMs, signal);
      } catch {
        return; // stopped while waiting
      }
      if (!signal.aborted) onTick();
    }
  };
  return {
    start() {
      if (running !== undefined) return;
      running = new AbortController();
      void run(running.signal);
    },
    stop() {
      running?.abort();
      running = undefined;
    },
  };
}
