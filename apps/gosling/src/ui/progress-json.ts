import type { Progress, ProgressOptions } from './stage.ts';

/**
 * `{"stage": 1, "name": …, "event": "started|note|received|done|failed", "elapsed_ms": …, "detail": …}` per event;
 * `received` has `received_bytes` and, where it is known, `total_bytes`.
 */
export function createJsonProgress({ out, clock }: ProgressOptions): Progress {
  let stages = 0;
  const print = (event: object) => out.write(`${JSON.stringify(event)}\n`);
  return {
    stage(name) {
      const stage = ++stages;
      const startedAt = clock.monotonic();
      let isOpen = true;
      const say = (event: string, facts: object) => {
        if (!isOpen) return;
        const elapsed_ms = Math.round(clock.monotonic() - startedAt);
        print({ stage, name, event, elapsed_ms, ...facts });
      };
      const end = (event: string, detail?: string) => {
        say(event, { detail });
        isOpen = false;
      };
      say('started', {});
      return {
        note: (detail) => say('note', { detail }),
        received: ({ received, total }) => say('received', { received_bytes: received, total_bytes: total }),
        done: (detail) => end('done', detail),
        fail: (detail) => end('failed', detail),
      };
    },
    line: (text) => {
      print({ event: 'line', detail: text });
    },
    close: () => undefined,
  };
}
