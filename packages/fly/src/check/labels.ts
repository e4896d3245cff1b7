import type { CompiledBlock } from '../schema/compiled.ts';
import { endsInQuote } from '../syntax/chars.ts';
import { Token } from '../syntax/kinds.ts';
import { decodeEscapes } from '../syntax/template.ts';
import type { BlockNode } from '../syntax/tree.ts';
import { replacing } from './near.ts';
import type { Reader } from './reader.ts';

const labelForm = /^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;
/** Names under which rows and secrets of our own stand. */
const reserved = ['rift', 'nest', 'mg', 'uf', 'all', 'default'];

/** The labels of a block; reports those that are absent, too many or of another form. */
export function checkLabels(reader: Reader, item: BlockNode, block: CompiledBlock): string[] {
  const wanted = block.spec.labels ?? 0;
  const labels = item.labels.map((token) => readLabel(reader, token));
  if (labels.length < wanted) reportAbsent(reader, item, { block, wanted });
  const extra = item.labels[wanted];
  if (extra !== undefined) {
    const message = wanted === 0 ? `${block.name} takes no label` : `${block.name} takes ${wanted} label`;
    const span = reader.spanOf({ at: extra, end: (item.labels.at(-1) ?? extra) + 1 });
    const previous = reader.tokenSpan(item.labels[wanted - 1] ?? item.at);
    const edit = { start: previous.end, end: span.end, text: '' };
    const fixes = [{ title: 'remove it', safety: 'suggested' as const, edits: [edit] }];
    reader.sink.add({ code: 'FLY041', ...span, message, fixes });
  }
  for (const [index, label] of labels.slice(0, wanted).entries()) {
    checkForm(reader, item.labels[index] ?? item.at, label);
  }
  const name = labels[wanted - 1];
  const token = item.labels[wanted - 1];
  if (
    block.spec.isNamed &&
    name !== undefined &&
    token !== undefined &&
    reserved.includes(name.toLowerCase())
  ) {
    reader.sink.add({
      code: 'FLY047',
      ...reader.tokenSpan(token),
      message: `${JSON.stringify(name)} is a reserved name`,
    });
  }
  return labels.slice(0, wanted);
}

function readLabel(reader: Reader, token: number): string {
  const text = reader.tokenText(token);
  if (reader.kindOf(token) !== Token.string) return text;
  return decodeEscapes(text.length > 1 && endsInQuote(text) ? text.slice(1, -1) : text.slice(1));
}

function reportAbsent(
  reader: Reader,
  item: BlockNode,
  { block, wanted }: { block: CompiledBlock; wanted: number },
): void {
  const start = reader.tokenSpan(item.labels.at(-1) ?? item.at).end;
  const what = wanted === 2 ? 'a kind and a name' : 'a name';
  const edits = [{ start, end: start, text: ` "my-${block.name}"` }];
  reader.sink.add({
    code: 'FLY040',
    ...reader.tokenSpan(item.at),
    message: `${block.name} needs ${what} in quotes: ${block.name} "my-${block.name}" {`,
    fixes: [{ title: 'insert a name', safety: 'placeholder', edits }],
  });
}

function checkForm(reader: Reader, token: number, label: string): void {
  const span = reader.tokenSpan(token);
  const text = reader.tokenText(token);
  if (reader.kindOf(token) === Token.name) {
    const fixes = [replacing(span, `"${label}"`)];
    reader.sink.add({ code: 'FLY042', ...span, message: 'a label stands in quotes', fixes });
    return;
  }
  // What is wrong with the quotes was reported.
  const isWhole = text.length > 1 && text.startsWith('"') && text.endsWith('"');
  if (!isWhole || labelForm.test(label)) return;
  const message = 'a label is 1 to 63 letters, digits, - and _, with a letter or digit at both ends';
  const repaired = repairLabel(label);
  const fixes = repaired === undefined ? [] : [replacing(span, `"${repaired}"`, 'suggested')];
  reader.sink.add({ code: 'FLY042', ...span, message, fixes });
}

function repairLabel(label: string): string | undefined {
  const text = label
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^[_-]+|[_-]+$/g, '');
  return labelForm.test(text) ? text : undefined;
}
