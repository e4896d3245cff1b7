import { cutTemplate, type ParsedFile, type Span, Token } from '@polar-gosling/fly';

/** A reference such as `var.region`, bare or in `${…}`. */
export interface ReferenceAt {
  readonly path: readonly string[];
  readonly span: Span;
}

/** The reference that holds the offset. */
export function referenceAt(parsed: ParsedFile, token: number, offset: number): ReferenceAt | undefined {
  const kind = parsed.tokens.kinds[token];
  if (kind === Token.name || kind === Token.dot) return bareReference(parsed, token);
  if (kind !== Token.string && kind !== Token.heredoc) return undefined;
  const start = parsed.tokens.starts[token] ?? 0;
  const raw = parsed.text.slice(start, parsed.tokens.starts[token + 1]);
  if (/^<<-?'/.test(raw)) return undefined;
  for (const part of cutTemplate(raw, kind === Token.heredoc)) {
    if (part.kind !== 'reference') continue;
    const span = { start: start + part.at, end: start + part.at + part.length };
    if (span.start <= offset && offset <= span.end) return { path: part.path, span };
  }
  return undefined;
}

function bareReference({ tokens, text }: ParsedFile, token: number): ReferenceAt | undefined {
  const isPart = (at: number) => tokens.kinds[at] === Token.name || tokens.kinds[at] === Token.dot;
  let [first, last] = [token, token];
  while (first > 0 && isPart(first - 1)) first--;
  while (isPart(last + 1)) last++;
  const span = { start: tokens.starts[first] ?? 0, end: tokens.starts[last + 1] ?? 0 };
  const path = text.slice(span.start, span.end).split('.');
  return path.length > 1 && path.every((name) => name !== '') ? { path, span } : undefined;
}
