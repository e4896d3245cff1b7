/** A piece of a text with interpolation. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  /** `${root.name}`: `at` is the offset of its first letter inside the raw text. */
  | {
      readonly kind: 'reference';
      readonly path: readonly string[];
      readonly at: number;
      readonly length: number;
    }
  /** `${` without `}`, or something that is no reference. */
  | {
      readonly kind: 'bad';
      readonly why: 'open' | 'no-name' | 'no-dot';
      readonly at: number;
      readonly length: number;
      readonly text: string;
    };

/** Roots of references. */
export const roots: readonly string[] = ['var', 'local', 'egg', 'bucket', 'job', 'env'];

const opening = /\$\$\{|\$\{([^}"\n]*)(\}?)/g;
const dotted = /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)+$/;

/**
 * Cuts the raw text of a string or heredoc. In a heredoc `${NAME}`, `${x:-y}` and whatever else has no dotted
 * name is text for the shell; in a quoted string it is a mistake.
 */
export function cutTemplate(raw: string, isHeredoc: boolean): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let from = 0;
  for (const match of raw.matchAll(opening)) {
    const part = match[0] === '$${' ? ({ kind: 'text', text: '${' } as const) : readPart(match, isHeredoc);
    if (part === undefined) continue;
    if (match.index > from) parts.push({ kind: 'text', text: raw.slice(from, match.index) });
    parts.push(part);
    from = match.index + match[0].length;
  }
  if (from < raw.length) parts.push({ kind: 'text', text: raw.slice(from) });
  return parts;
}

/** `undefined`: the text of a shell. */
function readPart(match: RegExpExecArray, isHeredoc: boolean): TemplatePart | undefined {
  const inner = match[1] ?? '';
  const name = inner.trim();
  const isClosed = match[2] === '}';
  const isOurs = dotted.test(name) || roots.includes(name.slice(0, Math.max(0, name.indexOf('.'))));
  if (isHeredoc && !isOurs) return undefined;
  const at = match.index + 2 + (inner.length - inner.trimStart().length);
  const place = { at, length: name.length };
  if (!isClosed) return { kind: 'bad', why: 'open', at: match.index, length: 2, text: match[0] };
  if (dotted.test(name)) return { kind: 'reference', path: name.split('.'), ...place };
  return { kind: 'bad', why: name.includes('.') ? 'no-name' : 'no-dot', ...place, text: name };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

/** Resolves the escapes of a quoted string; an unknown one stays as it is (it was reported). */
export function decodeEscapes(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(
    /\\(?:u\{([0-9A-Fa-f]{1,6})\}|(.))/gs,
    (whole, hex: string | undefined, letter: string) => {
      if (hex === undefined) return escapes[letter] ?? whole;
      const code = Number.parseInt(hex, 16);
      return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? whole : String.fromCodePoint(code);
    },
  );
}

/** A quoted string that reads back as this text: nothing in it is an escape or a reference by accident. */
export function quote(text: string): string {
  const escaped = text.replace(/["\\\n\r\t]|[^\P{C}\n\r\t]|[\u2028\u2029\ufffd]/gu, (letter) => {
    const known = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }[letter];
    return known ?? `\\u{${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`;
  });
  return `"${escaped.replaceAll('${', () => '$${')}"`;
}

export interface HeredocParts {
  /** The body without the indentation of the closing tag, LF line ends. */
  readonly body: string;
  readonly isRaw: boolean;
  /** Offset of the first body line inside the token. */
  readonly bodyAt: number;
  /** Blanks taken from each line. */
  readonly indent: number;
}

/** Takes a heredoc token apart. */
export function readHeredoc(token: string): HeredocParts {
  const head = token.indexOf('\n') + 1;
  const isRaw = token.slice(0, head).includes("'");
  const isChomped = token.slice(0, head).trimEnd().endsWith('~');
  const last = token.lastIndexOf('\n') + 1;
  if (head === 0 || last < head) return { body: '', isRaw, bodyAt: token.length, indent: 0 };
  const indent = token.length - last - token.slice(last).trimStart().length;
  const lines = token.slice(head, last).split('\n').slice(0, -1);
  const body = lines
    .map((line) => stripIndent(line.endsWith('\r') ? line.slice(0, -1) : line, indent))
    .join('\n');
  const ending = lines.length === 0 || isChomped ? '' : '\n';
  return { body: `${body}${ending}`, isRaw, bodyAt: head, indent };
}

function stripIndent(line: string, indent: number): string {
  let at = 0;
  while (at < indent && (line.charCodeAt(at) === 32 || line.charCodeAt(at) === 9)) at++;
  return line.slice(at);
}
