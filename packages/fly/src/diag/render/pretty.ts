import type { Severity } from '../codes.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { maskInPlace, maskSecrets } from '../mask.ts';

export interface RenderOptions {
  /** Texts of the files by their paths; a frame is shown where the text is known. */
  readonly sources?: ReadonlyMap<string, string>;
  readonly color?: boolean;
}

const widestFrame = 120;
const colors: Readonly<Record<Severity | 'frame', string>> = {
  error: '31;1',
  warning: '33;1',
  info: '36;1',
  frame: '34;1',
};

/** Diagnostics for people: message, place, the line with a mark under it, notes and what can be done. */
export function renderDiagnostics(list: readonly Diagnostic[], options: RenderOptions = {}): string {
  const paint = options.color === true ? paintAnsi : (_: string, text: string) => text;
  const lines = new Map<string, readonly string[]>();
  for (const file of new Set(list.map((diagnostic) => diagnostic.file))) {
    const source = options.sources?.get(file);
    if (source !== undefined) lines.set(file, source.split(/\r\n|\n|\r/));
  }
  return list.map((diagnostic) => render(diagnostic, lines.get(diagnostic.file), paint)).join('\n');
}

type Paint = (color: string, text: string) => string;

function render(diagnostic: Diagnostic, source: readonly string[] | undefined, paint: Paint): string {
  const { severity, code, message, file, range, notes, related, fixes } = diagnostic;
  const head = `${paint(colors[severity], `${severity} ${code}`)}: ${maskSecrets(visible(message))}`;
  const gutter = String(range.start.line).length + 1;
  const bar = (text: string) => paint(colors.frame, `${' '.repeat(gutter)}${text}`);
  const out = [head, `${bar('-->')} ${visible(file)}:${range.start.line}:${range.start.col}`];
  if (source !== undefined) out.push(...frame(diagnostic, source, paint));
  for (const note of notes) out.push(`${bar(' =')} note: ${maskSecrets(visible(note))}`);
  if (diagnostic.envs !== undefined) {
    out.push(`${bar(' =')} in the environments ${visible(diagnostic.envs.join(', '))}`);
  }
  for (const place of related) {
    const { line, col } = place.range.start;
    out.push(`${bar(' =')} ${visible(place.file)}:${line}:${col}: ${maskSecrets(visible(place.message))}`);
  }
  for (const fix of fixes) out.push(`${bar(' =')} fix (${fix.safety}): ${maskSecrets(visible(fix.title))}`);
  if (diagnostic.omitted !== undefined) out.push('', `and ${diagnostic.omitted} more in ${visible(file)}`);
  out.push('');
  return out.join('\n');
}

/** The line with its number, and a mark under the place. */
function frame({ range, severity }: Diagnostic, source: readonly string[], paint: Paint): string[] {
  const { line, col } = range.start;
  const text = [...visible(maskInPlace(source[line - 1] ?? ''))];
  const end = range.end.line === line ? range.end.col : text.length + 1;
  // Of a long line only the part around the place is shown.
  const from = Math.max(0, Math.min(col - 1 - widestFrame / 2, text.length - widestFrame));
  const shown = text.slice(from, from + widestFrame).join('');
  const mark = '^'.repeat(Math.max(1, Math.min(end - col, widestFrame - (col - 1 - from))));
  const number = String(line);
  const blank = ' '.repeat(number.length);
  return [
    `${paint(colors.frame, `${number} |`)} ${from > 0 ? '…' : ''}${shown}`.trimEnd(),
    `${paint(colors.frame, `${blank} |`)} ${' '.repeat(col - 1 - from + (from > 0 ? 1 : 0))}${paint(colors[severity], mark)}`,
  ];
}

/** Control and direction characters never reach the terminal; each is one character wide. */
function visible(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu, '\ufffd');
}

function paintAnsi(color: string, text: string): string {
  return `\u001b[${color}m${text}\u001b[0m`;
}
