import type { ParsedFile } from '../parse-fly.ts';
import { compile } from '../schema/compiled.ts';
import { schema } from '../schema/table.ts';
import { Node } from '../syntax/kinds.ts';
import type { AttributeNode, BlockNode, ItemNode, Span, ValueNode } from '../syntax/tree.ts';
import type { FlyBlock } from './blocks.ts';

const file = compile('', schema);

/**
 * Place of a value by its path of names, labels and list indices: `['gitlab', 'project_id']`,
 * `['repositories', 'repo', 'api-service', 'gitlab']`, `['runner', 'tags', 0]`. Where the path goes further
 * than the file, the place of the last thing that is there (a default has its block's place).
 */
export function spanOf(
  parsed: ParsedFile,
  block: Pick<FlyBlock, 'node' | 'kind'>,
  path: readonly (string | number)[],
): Span {
  let here: BlockNode | AttributeNode | ValueNode = block.node;
  for (let at = 0; at < path.length; at++) {
    const step = path[at] ?? '';
    const next = findStep(here, step);
    if (next === undefined) break;
    here = next.node;
    // A labelled block takes two steps: its kind and its label.
    if (here.kind === Node.block && here.labels.length > 0) {
      const labelled = next.candidates.find((item) => labelOf(parsed, item) === path[at + 1]);
      if (labelled === undefined && next.candidates.length > 1) break;
      here = labelled ?? here;
      at++;
    }
  }
  return toSpan(parsed, here);
}

type Step = {
  readonly node: BlockNode | AttributeNode | ValueNode;
  readonly candidates: readonly BlockNode[];
};

function findStep(from: BlockNode | AttributeNode | ValueNode, step: string | number): Step | undefined {
  const node = from.kind === Node.attribute ? from.value : from;
  if (node.kind === Node.list) {
    const item = typeof step === 'number' ? node.items[step] : undefined;
    return item && { node: item, candidates: [] };
  }
  if (node.kind !== Node.block && node.kind !== Node.map) return undefined;
  if (typeof step === 'number') return undefined;
  const found = node.items.filter((item) => isNamed(item, step));
  const blocks = found.filter((item) => item.kind === Node.block);
  const first = found[0];
  if (first === undefined || first.kind === Node.badItem) return undefined;
  return { node: first, candidates: blocks };
}

/** Does the item have this name, or an older one for it? */
function isNamed(item: ItemNode, name: string): boolean {
  if (item.kind === Node.badItem) return false;
  if (item.name === name) return true;
  const aliases = file.blocks.get('mothergoose')?.aliases;
  return item.kind === Node.block && aliases?.get(item.name) === name;
}

function labelOf(parsed: ParsedFile, item: BlockNode): string {
  const token = item.labels[0] ?? item.at;
  const text = parsed.text.slice(parsed.tokens.starts[token], parsed.tokens.starts[token + 1]);
  return text.replaceAll('"', '');
}

function toSpan(parsed: ParsedFile, node: BlockNode | AttributeNode | ValueNode): Span {
  const starts = parsed.tokens.starts;
  const end = node.kind === Node.block ? (node.labels.at(-1) ?? node.at) + 1 : valueEnd(node);
  const at = node.kind === Node.attribute ? node.value.at : node.at;
  return { start: starts[at] ?? 0, end: starts[end] ?? parsed.text.length };
}

function valueEnd(node: AttributeNode | ValueNode): number {
  return node.kind === Node.attribute ? node.value.end : node.end;
}
