import { Reader } from '../check/reader.ts';
import { Sink } from '../diag/sink.ts';
import { parseFly } from '../parse-fly.ts';
import { collectScope } from '../resolve/scope.ts';
import type { Plain } from '../schema/types.ts';
import { Node } from '../syntax/kinds.ts';
import type { ItemNode } from '../syntax/tree.ts';

/** What a body holds, without a schema: the form in which another reader of the same text can tell it. */
export interface PlainBody {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly blocks: readonly {
    readonly type: string;
    readonly labels: readonly string[];
    readonly body: PlainBody;
  }[];
}

/** The values of a text without references, or what is wrong with it. */
export function readPlain(text: string): { readonly values: PlainBody } | { readonly problem: string } {
  const parsed = parseFly(text);
  const sink = new Sink(text);
  const reader = new Reader(parsed, sink, collectScope([parsed]));
  const values = bodyOf(parsed.tree.items, reader);
  const [problem] = [...parsed.diagnostics, ...sink.findings];
  return problem === undefined ? { values } : { problem: `${problem.code} ${problem.message}` };
}

function bodyOf(items: readonly ItemNode[], reader: Reader): PlainBody {
  const attributes: [string, unknown][] = [];
  const blocks: PlainBody['blocks'][number][] = [];
  for (const item of items) {
    if (item.kind === Node.attribute) attributes.push([item.name, tagged(reader.read(item.value))]);
    if (item.kind !== Node.block) continue;
    const labels = item.labels.map((token) => reader.tokenText(token).slice(1, -1));
    blocks.push({ type: item.name, labels, body: bodyOf(item.items, reader) });
  }
  return { attributes: Object.fromEntries(attributes), blocks };
}

/** Maps and numbers with their kind: `{}` is told from a map with one entry, 1 from "1". */
function tagged(value: Plain | undefined): unknown {
  if (typeof value === 'number') return { number: value };
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== 'object' || value === null) return value;
  return { map: Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, tagged(entry)])) };
}
