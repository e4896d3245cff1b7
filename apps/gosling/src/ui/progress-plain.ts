import { formatElapsed } from './elapsed.ts';
import type { Progress, ProgressOptions } from './stage.ts';
import { createStyle } from './style.ts';
import { cleanLine } from './text.ts';

/** One line per event, for pipes and CI logs. */
export function createPlainProgress({ out, clock, color }: ProgressOptions): Progress {
  const style = createStyle(color);
  const print = (text: string) => out.write(`${text}\n`);
  return {
    stage(name) {
      const startedAt = clock.monotonic();
      let isOpen = true;
      const end = (mark: string, detail?: string) => {
        if (!isOpen) return;
        isOpen = false;
        const elapsed = style('dim', `(${formatElapsed(clock.monotonic() - startedAt)})`);
        print(`${mark} ${cleanLine(name)}${detail ? `: ${cleanLine(detail)}` : ''} ${elapsed}`);
      };
      print(`${style('cyan', '…')} ${cleanLine(name)}`);
      return {
        note: (text) => {
          if (isOpen) print(`  ${cleanLine(text)}`);
        },
        received: () => undefined,
        done: (detail) => end(style('green', '✓'), detail),
        fail: (detail) => end(style('red', '✗'), detail),
      };
    },
    line: (text) => {
      print(cleanLine(text));
    },
    close: () => undefined,
  };
}
