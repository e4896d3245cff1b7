import type { BodyContext, Seen, Values } from './body.ts';
import { pathText } from './convert.ts';
import type { Reader } from './reader.ts';

interface Body {
  readonly values: Values;
  readonly seen: Seen;
}

/** What a body as a whole has to hold: required names, names that exclude each other, pairs in order. */
export function checkSets(reader: Reader, context: BodyContext, body: Body): void {
  const { spec } = context.block;
  if (!body.seen.isBroken && !context.isPartial) checkRequired(reader, context, body.seen);
  if (spec.exactlyOne !== undefined) checkExactlyOne(reader, context, body);
  for (const [low, high] of spec.ordered ?? []) checkOrdered(reader, [low, high], body);
}

function checkRequired(reader: Reader, context: BodyContext, seen: Seen): void {
  const { requiredAttributes, requiredBlocks } = context.block;
  for (const name of requiredAttributes) {
    if (isAbsent(seen, name)) reportAbsent(reader, context, `the attribute ${name}`);
  }
  for (const name of requiredBlocks) {
    if (isAbsent(seen, name)) reportAbsent(reader, context, `a block ${name}`);
  }
}

function isAbsent(seen: Seen, name: string): boolean {
  return !seen.at.has(name) && !seen.excused.has(name);
}

function reportAbsent(reader: Reader, { block, header, path }: BodyContext, what: string): void {
  const message = `${block.name} needs ${what}`;
  reader.sink.add({ code: 'FLY043', ...header, message, path: pathText(path) });
}

function checkExclusive(reader: Reader, group: readonly string[], { values, seen }: Body): void {
  const [first, second] = group.flatMap((name) => {
    const token = seen.at.get(name);
    // In a patch, null makes room for another of the group.
    return token === undefined || values[name] === null ? [] : [{ name, span: reader.tokenSpan(token) }];
  });
  if (first === undefined || second === undefined) return;
  reader.sink.add({
    code: 'FLY044',
    ...second.span,
    message: `${first.name} and ${second.name} exclude each other`,
    related: [{ ...first.span, message: `${first.name} is set here` }],
  });
}

function checkExactlyOne(reader: Reader, context: BodyContext, body: Body): void {
  const { seen } = body;
  const group = context.block.spec.exactlyOne ?? [];
  checkExclusive(reader, group, body);
  const isSet = group.some((name) => seen.at.has(name) || seen.excused.has(name));
  if (isSet || seen.isBroken || context.isPartial) return;
  const message = `${context.block.name} needs one of ${group.join(', ')}`;
  reader.sink.add({ code: 'FLY045', ...context.header, message, path: pathText(context.path) });
}

function checkOrdered(reader: Reader, [low, high]: readonly [string, string], body: Body): void {
  const lowest = body.values[low];
  const highest = body.values[high];
  const span = body.seen.at.get(low);
  const other = body.seen.at.get(high);
  if (typeof lowest !== 'number' || typeof highest !== 'number' || lowest <= highest) return;
  if (span === undefined || other === undefined) return;
  reader.sink.add({
    code: 'FLY033',
    ...reader.tokenSpan(span),
    message: `${low} (${lowest}) is above ${high} (${highest})`,
    related: [{ ...reader.tokenSpan(other), message: `${high} is set here` }],
  });
}
