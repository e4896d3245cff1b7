import type { Progress, ProgressOptions } from './stage.ts';

/** `{"stage": 1, "name": …, "event": "started|note|done|failed", "elapsed_ms": …, "detail": …}` per event. */
export function createJsonProgress({ out, clock }: ProgressOptions): Progress {
  let stages = 0;
  const print = (event: object) => out.write(`${JSON.stringify(event)}\n`);
  return {
    stage(name) {
      const stage = ++stages;
      const startedAt = clock.monotonic();
      let isOpen = true;
      const say = (event: string, detail?: string) => {
        if (!isOpen) return;
        const elapsed_ms = Math.round(clock.monotonic() - startedAt);
        print({ stage, name, event, elapsed_ms, ...(detail === undefined ? {} : { detail }) });
        isOpen = event === 'started' || event === 'note';
      };
      say('started');
      return {
        note: (text) => say('note', text),
        done: (detail) => say('done', detail),
        fail: (detail) => say('failed', detail),
      };
    },
    line: (text) => {
      print({ event: 'line', detail: text });
    },
    close: () => undefined,
  };
}
