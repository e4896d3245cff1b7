import type { TofuEvent } from '@polar-gosling/ports/tofu';
import { z } from 'zod';

/** One line of OpenTofu's `-json` output, of its 1.x format: only what is used here. */
const UiLine = z.object({
  '@message': z.string().default(''),
  type: z.string().default('log'),
  hook: z
    .object({ resource: z.object({ addr: z.string() }).optional(), action: z.string().optional() })
    .optional(),
  change: z.object({ resource: z.object({ addr: z.string() }), action: z.string() }).optional(),
  diagnostic: z
    .object({
      severity: z.enum(['error', 'warning']),
      summary: z.string(),
      detail: z.string().default(''),
      address: z.string().optional(),
      snippet: z.object({ context: z.string().nullish() }).optional(),
    })
    .optional(),
  outputs: z.record(z.string(), z.object({ value: z.unknown().optional() })).optional(),
});
export type UiLine = z.infer<typeof UiLine>;
export type UiDiagnostic = NonNullable<UiLine['diagnostic']>;

/** Reads one line; text that is no such JSON is kept as a log line. */
export function parseUiLine(line: string): UiLine {
  try {
    const parsed = UiLine.safeParse(JSON.parse(line));
    if (parsed.success) return parsed.data;
  } catch {
    // not JSON: raw text of the tool or of a provider
  }
  return { '@message': line, type: 'log' };
}

/** The line as a log keeps it: JSON as it came, raw text as JSON of the same form. */
export function toLogLine(text: string, line: UiLine): string {
  const isRaw = line.type === 'log' && line['@message'] === text;
  return isRaw ? JSON.stringify({ type: 'log', '@message': text }) : text;
}

const resourceTypes = /^(planned_change|resource_drift|apply_\w+|provision_(start|complete|errored))$/;

/** Progress as the port tells it. */
export function toTofuEvent(line: UiLine): TofuEvent {
  if (line.diagnostic !== undefined) {
    const { severity, summary, detail, address } = line.diagnostic;
    const message = detail === '' ? summary : `${summary}: ${detail}`;
    return { kind: 'diagnostic', severity, message, ...(address === undefined ? {} : { address }) };
  }
  const address = line.hook?.resource?.addr ?? line.change?.resource.addr;
  const kind = resourceTypes.test(line.type) ? 'resource' : otherKind(line.type);
  return { kind, message: line['@message'], ...(address === undefined ? {} : { address }) };
}

function otherKind(type: string): 'stage' | 'log' {
  return type === 'version' || type === 'change_summary' ? 'stage' : 'log';
}

/** Splits bytes into lines; what is longer than `capBytes` is cut, never kept in memory. */
export function createLineSplitter(
  capBytes: number,
  onLine: (line: string) => void,
): { push(chunk: Uint8Array): void; end(): void } {
  let parts: Uint8Array[] = [];
  let size = 0;
  const keep = (part: Uint8Array) => {
    const room = capBytes - size;
    if (room <= 0 || part.length === 0) return;
    parts.push(part.slice(0, room));
    size += Math.min(room, part.length);
  };
  const flush = () => {
    if (size > 0) onLine(Buffer.concat(parts).toString('utf8').replace(/\r$/, ''));
    parts = [];
    size = 0;
  };
  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
        keep(chunk.subarray(from, at));
        flush();
        from = at + 1;
      }
      keep(chunk.subarray(from));
    },
    end: flush,
  };
}
