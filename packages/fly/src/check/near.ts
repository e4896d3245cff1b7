import { nearest } from '@polar-gosling/kernel';
import type { FixFinding, Sink } from '../diag/sink.ts';

/** "Did you mean": only while findings are kept, so a hostile file costs nothing here. */
export function near(sink: Sink, word: string, known: Iterable<string>): string | undefined {
  return sink.isFull ? undefined : nearest(word, known);
}

/** Replaces a span, as the only edit of a fix. */
export function replacing(
  span: { readonly start: number; readonly end: number },
  text: string,
  safety: FixFinding['safety'] = 'safe',
): FixFinding {
  const title = text === '' ? 'remove it' : `write ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
  return { title, safety, edits: [{ start: span.start, end: span.end, text }] };
}
