import type { ParsedFile } from '../parse-fly.ts';
import { Token } from '../syntax/kinds.ts';
import { cutTemplate } from '../syntax/template.ts';
import type { Span } from '../syntax/tree.ts';

/** A reference such as `var.region`, bare or in `${…}`. */
export interface ReferencePlace {
  readonly path: readonly string[];
  readonly span: Span;
}

/** Every reference in a part of the file that begins and ends with whole tokens, in the order of the text. */
export function referencesIn(parsed: ParsedFile, { start, end }: Span): ReferencePlace[] {
  const found: ReferencePlace[] = [];
  const { starts, count } = parsed.tokens;
  for (let token = firstFrom(parsed, start); token < count && (starts[token] ?? end) < end; token++) {
    const kind = parsed.tokens.kinds[token];
    if (kind === Token.string || kind === Token.heredoc) found.push(...inText(parsed, token));
    if (kind !== Token.name) continue;
    const last = lastOfName(parsed, token);
    if (last > token) found.push(bare(parsed, token, last));
    token = last;
  }
  return found;
}

/** The first token that starts at the offset or behind it. */
function firstFrom({ tokens }: ParsedFile, offset: number): number {
  let low = 0;
  let high = tokens.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens.starts[middle] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function inText({ text, tokens }: ParsedFile, token: number): ReferencePlace[] {
  const start = tokens.starts[token] ?? 0;
  const raw = text.slice(start, tokens.starts[token + 1]);
  if (!raw.includes('${') || /^<<-?'/.test(raw)) return [];
  return cutTemplate(raw, tokens.kinds[token] === Token.heredoc).flatMap((part) => {
    if (part.kind !== 'reference') return [];
    return [{ path: part.path, span: { start: start + part.at, end: start + part.at + part.length } }];
  });
}

/** The last token of a name with dots. */
function lastOfName({ tokens }: ParsedFile, token: number): number {
  let last = token;
  while (tokens.kinds[last + 1] === Token.dot && tokens.kinds[last + 2] === Token.name) last += 2;
  return last;
}

function bare({ text, tokens }: ParsedFile, first: number, last: number): ReferencePlace {
  const span = { start: tokens.starts[first] ?? 0, end: tokens.starts[last + 1] ?? text.length };
  return { path: text.slice(span.start, span.end).split('.'), span };
}
