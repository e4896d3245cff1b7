import { checkFly } from '../check/check-fly.ts';
import type { Diagnostic } from '../diag/diagnostic.ts';
import { formatFly } from '../fmt/fmt.ts';
import { type ParsedFile, parseFly } from '../parse-fly.ts';
import { Node, Token } from '../syntax/kinds.ts';
import type { ItemNode, ValueNode } from '../syntax/tree.ts';

/** Readable forms of what becomes of a text, by the extension of the file that keeps them. */
export const goldens: Readonly<Record<string, (text: string) => string>> = {
  tokens: (text) => lines(printTokens(parseFly(text))),
  tree: (text) => lines(printTree(parseFly(text))),
  diag: (text) => {
    const { diagnostics, omitted } = checkFly(parseFly(text));
    const rest = omitted === 0 ? [] : [`and ${omitted} more`];
    return lines([...diagnostics.map(printDiagnostic), ...rest]);
  },
  fmt: formatFly,
  json: (text) => {
    const blocks = checkFly(parseFly(text)).blocks;
    const values = blocks.map((block) => ({
      kind: block.kind,
      labels: block.labels,
      isValid: block.isValid,
      values: block.values,
    }));
    return `${JSON.stringify(values, null, 2)}\n`;
  },
};

/** `line:col-line:col CODE severity message`, and a line for each related place and fix. */
export function printDiagnostic({ code, severity, message, range, ...more }: Diagnostic): string {
  const { start, end } = range;
  const place = `${start.line}:${start.col}-${end.line}:${end.col}`;
  const related = more.related.map(
    (other) => `  see ${other.range.start.line}:${other.range.start.col} ${other.message}`,
  );
  const notes = more.notes.map((note) => `  note ${note}`);
  const fixes = more.fixes.map(({ safety, title }) => `  ${safety} fix: ${title}`);
  return [`${place} ${code} ${severity}: ${message}`, ...notes, ...related, ...fixes].join('\n');
}

const tokenNames = new Map(Object.entries(Token).map(([name, kind]): [number, string] => [kind, name]));
const nodeNames = new Map(Object.entries(Node).map(([name, kind]): [number, string] => [kind, name]));

function printTokens(parsed: ParsedFile): string[] {
  const { kinds, starts, count } = parsed.tokens;
  return Array.from({ length: count }, (_, token) => {
    const text = parsed.text.slice(starts[token], starts[token + 1]).replaceAll('\r\n', '\n');
    return `${tokenNames.get(kinds[token] ?? -1)} ${JSON.stringify(text)}`;
  });
}

function printTree(parsed: ParsedFile): string[] {
  return parsed.tree.items.flatMap((item) => printNode(parsed, item, ''));
}

function printNode(parsed: ParsedFile, node: ItemNode | ValueNode, indent: string): string[] {
  const starts = parsed.tokens.starts;
  const name = `${indent}${nodeNames.get(node.kind)}`;
  const deeper = `${indent}  `;
  if (node.kind === Node.attribute) return [`${name} ${node.name}`, ...printNode(parsed, node.value, deeper)];
  if (node.kind === Node.list || node.kind === Node.map) {
    return [name, ...node.items.flatMap((item) => printNode(parsed, item, deeper))];
  }
  if (node.kind === Node.block) {
    const labels = node.labels
      .map((label) => ` ${parsed.text.slice(starts[label], starts[label + 1])}`)
      .join('');
    const broken = node.isBroken ? ' (broken)' : '';
    return [
      `${name} ${node.name}${labels}${broken}`,
      ...node.items.flatMap((item) => printNode(parsed, item, deeper)),
    ];
  }
  const text = parsed.text.slice(starts[node.at], starts[node.end]).replaceAll('\r\n', '\n');
  return [`${name} ${JSON.stringify(text)}`];
}

function lines(all: readonly string[]): string {
  return all.length === 0 ? '' : `${all.join('\n')}\n`;
}
