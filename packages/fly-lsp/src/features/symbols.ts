import { type BlockNode, Node } from '@polar-gosling/fly';
import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver';
import { spanOfTokens, toRange } from '../positions.ts';
import type { FlySource, Snapshot } from '../snapshot.ts';
import { wordOf } from './cursor.ts';

/** The blocks of a file as a tree, and the names that `locals` gives. */
export function documentSymbols({ source }: Pick<Snapshot, 'source'>): DocumentSymbol[] {
  return symbolsOf(source, source.parsed.tree.items);
}

function symbolsOf(source: FlySource, items: BlockNode['items']): DocumentSymbol[] {
  return items.flatMap((item) => (item.kind === Node.block ? [blockSymbol(source, item)] : []));
}

function blockSymbol(source: FlySource, block: BlockNode): DocumentSymbol {
  const labels = block.labels.map((token) => wordOf(source, token));
  const isNamed = labels.length > 0;
  const children = block.name === 'locals' ? localSymbols(source, block) : symbolsOf(source, block.items);
  return {
    name: isNamed ? labels.join(' ') : block.name,
    ...(isNamed && { detail: block.name }),
    kind: block.name === 'variable' ? SymbolKind.Variable : SymbolKind.Object,
    range: toRange(source, spanOfTokens(source.parsed, block.at, block.end)),
    selectionRange: toRange(
      source,
      spanOfTokens(source.parsed, block.labels[0] ?? block.at, (block.labels[0] ?? block.at) + 1),
    ),
    children,
  };
}

function localSymbols(source: FlySource, block: BlockNode): DocumentSymbol[] {
  return block.items.flatMap((item) => {
    if (item.kind !== Node.attribute) return [];
    return [
      {
        name: item.name,
        kind: SymbolKind.Constant,
        range: toRange(source, spanOfTokens(source.parsed, item.at, item.end)),
        selectionRange: toRange(source, spanOfTokens(source.parsed, item.at, item.at + 1)),
      },
    ];
  });
}
