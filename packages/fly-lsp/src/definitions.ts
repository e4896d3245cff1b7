import { type BlockNode, Node, type Span } from '@polar-gosling/fly';
import { spanOfTokens } from './positions.ts';
import type { FlySource } from './snapshot.ts';
import { unquote } from './unquote.ts';

/** A name that other places of the Nest refer to. */
export interface Definition {
  readonly kind: 'var' | 'local' | 'egg' | 'eggsbucket' | 'job';
  readonly name: string;
  readonly source: FlySource;
  readonly nameSpan: Span;
  readonly span: Span;
}

const kinds = { variable: 'var', egg: 'egg', eggsbucket: 'eggsbucket', job: 'job' } as const;

/** Every name that the files define, in their order. */
export function findDefinitions(sources: readonly FlySource[]): Definition[] {
  return sources.flatMap((source) =>
    source.parsed.tree.items.flatMap((item) => (item.kind === Node.block ? definitionsOf(source, item) : [])),
  );
}

function definitionsOf(source: FlySource, block: BlockNode): Definition[] {
  const { parsed } = source;
  if (block.name === 'locals') {
    return block.items.flatMap((item) => {
      if (item.kind !== Node.attribute) return [];
      const nameSpan = spanOfTokens(parsed, item.at, item.at + 1);
      return [
        {
          kind: 'local' as const,
          name: item.name,
          source,
          nameSpan,
          span: spanOfTokens(parsed, item.at, item.end),
        },
      ];
    });
  }
  const kind = Object.entries(kinds).find(([name]) => name === block.name)?.[1];
  const label = block.labels[0];
  if (kind === undefined || label === undefined) return [];
  const nameSpan = spanOfTokens(parsed, label, label + 1);
  const name = unquote(parsed.text.slice(nameSpan.start, nameSpan.end));
  return [{ kind, name, source, nameSpan, span: spanOfTokens(parsed, block.at, block.end) }];
}
