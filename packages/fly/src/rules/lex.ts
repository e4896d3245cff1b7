export type RuleTokenKind = 'word' | 'number' | 'text' | 'operator' | 'punctuation' | 'bad' | 'end';

export interface RuleToken {
  readonly kind: RuleTokenKind;
  /** Keywords in upper case, `&&`, `||`, `!` as AND, OR, NOT; text without its quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const tokenForm =
  /\s+|(?<word>[A-Za-z_]\w*)|(?<number>\d[\w.]*%?)|'(?<text>[^']*)'|(?<operator>[=!<>]=|[<>=])|(?<logic>&&|\|\||!)|(?<punctuation>[()[\],])|(?<bad>[\s\S])/gy;
const logic: Readonly<Record<string, string>> = { '&&': 'AND', '||': 'OR', '!': 'NOT' };
const keywords = ['AND', 'OR', 'NOT', 'IN'];

/** Cuts the text of a rule into tokens; the last one is `end`. */
export function lexRule(text: string): RuleToken[] {
  const tokens: RuleToken[] = [];
  for (const match of text.matchAll(tokenForm)) {
    const groups = match.groups ?? {};
    const entry = Object.entries(groups).find(([, found]) => found !== undefined);
    if (entry === undefined) continue;
    const [kind, found] = entry;
    const place = { start: match.index, end: match.index + match[0].length };
    if (kind === 'logic') tokens.push({ kind: 'word', text: logic[found] ?? found, ...place });
    else if (kind === 'word') tokens.push({ kind, text: toKeyword(found), ...place });
    else tokens.push({ kind: kind as RuleTokenKind, text: found, ...place });
  }
  tokens.push({ kind: 'end', text: '', start: text.length, end: text.length });
  return tokens;
}

function toKeyword(word: string): string {
  const upper = word.toUpperCase();
  return keywords.includes(upper) ? upper : word;
}
