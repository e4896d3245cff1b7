import { type Definition, positionOf, referencesIn, type Scope, type Span } from '@polar-gosling/fly';
import type { Placed } from '../cross-check.ts';
import type { NestSource } from '../load-files.ts';
import type { Origin, Through } from './effective.ts';
import { settingAt } from './origin.ts';

/** What names stand for in the environment in force. */
export interface Names {
  readonly scope: Scope;
  readonly environment: NestSource | undefined;
}

/** Chains are bounded by the language; circles give no value and end here. */
const longestChain = 16;

/** The names that the text of a value is made of, those of locals included, each once. */
export function namesThrough(parsed: NestSource['parsed'], span: Span, names: Names): Through[] {
  const found = new Map<string, Through>();
  const walk = (from: NestSource['parsed'], at: Span, depth: number) => {
    for (const { path } of referencesIn(from, at)) {
      const [root, name = ''] = path;
      const key = `${root}.${name}`;
      if ((root !== 'var' && root !== 'local') || found.has(key)) continue;
      const definition = names.scope.definitionOf(root, name);
      found.set(key, { name: key, origin: originOf({ root, name }, definition, names) });
      if (definition !== undefined && depth < longestChain) {
        walk(definition.parsed, spanOfNode(definition), depth + 1);
      }
    }
  };
  walk(parsed, span, 0);
  return [...found.values()];
}

function originOf(
  { root, name }: { readonly root: 'var' | 'local'; readonly name: string },
  definition: Definition | undefined,
  { environment }: Names,
): Origin {
  if (definition !== undefined) {
    const { line, col } = positionOf(definition.parsed, spanOfNode(definition).start);
    const layer = root === 'var' ? 'variable' : 'local';
    return { kind: 'file', layer, file: definition.parsed.file, line, col };
  }
  const values = environment?.blocks.find(({ kind }) => kind === 'values');
  if (environment === undefined || values === undefined) return { kind: 'built-in', why: 'no value' };
  const placed: Placed = { source: environment, block: values };
  return { ...settingAt(placed, [name]).origin, layer: 'values' };
}

function spanOfNode({ parsed, node }: Definition): Span {
  const { starts } = parsed.tokens;
  return { start: starts[node.at] ?? 0, end: starts[node.end] ?? parsed.text.length };
}
