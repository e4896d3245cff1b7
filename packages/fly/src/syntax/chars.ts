import type { Sink } from '../diag/sink.ts';

/** Classes of ASCII characters that start a token. */
export const Char = {
  other: 0,
  nameStart: 1,
  digit: 2,
  blank: 3,
  newline: 4,
  quote: 5,
  punctuation: 6,
  /** `#`, `/`: a comment may start here. */
  comment: 7,
  /** `<`: a heredoc may start here. */
  angle: 8,
  minus: 9,
} as const;

const nameStart = /[A-Za-z_]/;
const namePart = /[A-Za-z0-9_-]/;

function classOf(character: string): number {
  if (nameStart.test(character)) return Char.nameStart;
  if (/[0-9]/.test(character)) return Char.digit;
  if (character === ' ' || character === '\t') return Char.blank;
  if (character === '\n' || character === '\r') return Char.newline;
  if (character === '"' || character === "'") return Char.quote;
  if (character === '#' || character === '/') return Char.comment;
  if (character === '<') return Char.angle;
  if (character === '-') return Char.minus;
  return '{}[]()=,.:>!&|?+*%'.includes(character) ? Char.punctuation : Char.other;
}

/** Class by ASCII code. */
export const charClass = Uint8Array.from({ length: 128 }, (_, code) => classOf(String.fromCharCode(code)));
/** 1 for the ASCII codes that may continue a name. */
export const isNamePart = Uint8Array.from({ length: 128 }, (_, code) =>
  namePart.test(String.fromCharCode(code)) ? 1 : 0,
);

/** Does the text of a string end in the quote that closes it, or in one that people take for it? */
export function endsInQuote(text: string): boolean {
  return /["'`“”‟»]$/.test(text);
}

/** Letters of other scripts that look like ASCII ones, and those. */
const lookAlikes: ReadonlyMap<string, string> = new Map(
  [...'аАеЕоОрРсСхХуУвВкКмМнНтТіІјЈѕЅԁԛԝһοΟαΑεΕιΙκΚνΝρΡτΤυΥχΧηΗΒΖΜγ'].map((letter, index) => [
    letter,
    [...'aAeEoOpPcCxXyYbBkKmMhHtTiIjJsSdqwhoOaAeEiIkKvNpPtTuYxXnHBZMy'][index] ?? letter,
  ]),
);

/** A name with its look-alike letters replaced by the ASCII ones. */
export function toAsciiName(name: string): string {
  return [...name].map((letter) => lookAlikes.get(letter) ?? letter).join('');
}

// One scan by a character class; a file without such characters pays only this.
const suspicious = /[[\p{Cc}--[\t\n\r]]\p{Cs}\u202a-\u202e\u2066-\u2069\u2028\u2029\ufffd]/gv;

/** Reports control, bidirectional and undecodable characters and lone carriage returns, wherever they stand. */
export function checkCharacters(text: string, sink: Sink): void {
  suspicious.lastIndex = 0;
  for (let hit = suspicious.exec(text); hit !== null; hit = suspicious.exec(text)) {
    const at = hit.index;
    const code = text.codePointAt(at) ?? 0;
    reportCharacter(sink, at, code);
  }
  for (let at = text.indexOf('\r'); at >= 0; at = text.indexOf('\r', at + 1)) {
    if (text.charCodeAt(at + 1) === 10) continue;
    sink.add({
      code: 'FLY007',
      start: at,
      end: at + 1,
      message: 'a carriage return alone is no line end',
      fixes: [
        { title: 'write a line feed', safety: 'safe', edits: [{ start: at, end: at + 1, text: '\n' }] },
      ],
    });
  }
}

/** Is it one of the characters that `checkCharacters` reports? */
export function isReported(character: string): boolean {
  suspicious.lastIndex = 0;
  return suspicious.test(character);
}

function reportCharacter(sink: Sink, at: number, code: number): void {
  const shown = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  const span = { start: at, end: at + 1 };
  if (code >= 0xd800 && code <= 0xfffd) {
    sink.add({ code: 'FLY006', ...span, message: 'this byte sequence is not UTF-8' });
    return;
  }
  const fixes = [{ title: 'remove it', safety: 'suggested' as const, edits: [{ ...span, text: '' }] }];
  if (code < 0xa0) sink.add({ code: 'FLY005', ...span, message: `control character ${shown}`, fixes });
  else
    sink.add({
      code: 'FLY008',
      ...span,
      message: `invisible character ${shown} changes what is shown`,
      fixes,
    });
}
