// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a literal ${ of Fly is written like this
import type { Random } from '../quality/random.ts';

type Words = readonly [string, ...string[]];

/** Pieces of text that both languages read as they stand; `%{` and a lone `$` before `{` mean something to HCL. */
const pieces: Words = [
  'a',
  'Z9',
  ' ',
  '-',
  '_',
  '.',
  ':',
  '/',
  '%',
  '#',
  '//',
  '/*',
  "'",
  '{',
  '}',
  '[',
  ']',
  '=',
  ',',
];
const widePieces: Words = ['é', 'ß', '日本', '😀', '→'];
const heredocPieces: Words = [...pieces, '\\n', '"', '$${'];
const escapes: Words = ['\\n', '\\t', '\\r', '\\"', '\\\\', '$${', '$${var.x}'];
const names: Words = ['a', 'b1', 'c_d', 'e-f', '_g', 'H', 'egg', 'type', 'for_each', 'trueish', 'null_'];
const depth = 4;

/** A file that means the same in Fly and in HCL: attributes, blocks, literals, comments, heredocs. */
export function makeCommonFile(random: Random): string {
  const maker = new FileMaker(random);
  const text = maker.body('', 0);
  return random.isLikely(0.15) && !text.includes('<<-') ? text.replaceAll('\n', '\r\n') : text;
}

class FileMaker {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  body(indent: string, level: number): string {
    const random = this.#random;
    const lines = random.shuffle(this.#names()).map((name) => this.#attribute(name, indent));
    for (let count = random.int(level === 0 ? 5 : 3); count > 0 && level < depth; count--) {
      lines.push(this.#block(indent, level));
    }
    return random
      .shuffle(lines)
      .map((line) => `${this.#comment(indent)}${line}`)
      .join('');
  }

  /** Each name once: both languages refuse a second. */
  #names(): string[] {
    return this.#random.shuffle(names).slice(0, this.#random.int(5));
  }

  #attribute(name: string, indent: string): string {
    const random = this.#random;
    const equals = random.pick([' = ', '=', '  =  ', '\t= ']);
    if (random.isLikely(0.15)) return `${indent}${name}${equals}${this.#heredoc(indent)}`;
    const end = random.pick(['\n', '\n', ' # end\n', ' // end\n', ' /* end */\n']);
    return `${indent}${name}${equals}${this.#value(indent, 0)}${end}`;
  }

  #block(indent: string, level: number): string {
    const random = this.#random;
    const labels = Array.from({ length: random.int(3) }, () => ` "${random.pick(['x', 'y-1', 'Z_2'])}"`);
    const head = `${indent}${random.pick(names)}${labels.join('')} {`;
    if (random.isLikely(0.1)) return `${head}${random.pick(['', ' '])}}\n`;
    if (random.isLikely(0.1)) return `${head} ${random.pick(names)} = ${this.#scalar()} }\n`;
    return `${head}\n${this.body(`${indent}${random.pick(['  ', '\t', ' '])}`, level + 1)}${indent}}\n`;
  }

  #value(indent: string, level: number): string {
    const random = this.#random;
    const kind = level < depth ? random.int(8) : 0;
    if (kind === 6) return this.#list(indent, level);
    if (kind === 7) return this.#map(indent, level);
    return this.#scalar();
  }

  #scalar(): string {
    const random = this.#random;
    const number = () => random.pick([random.int(10), random.int(1e6), 9_007_199_254_740_991]);
    return random.pick([
      () => this.#string(),
      () => this.#string(),
      () => random.pick(['true', 'false', 'null']),
      () => `${random.pick(['', '-'])}${1 + number()}`.replace('9007199254740992', '9007199254740991'),
      () => `${random.pick(['', '-'])}${random.int(100)}.${random.int(1e5)}1`,
    ])();
  }

  #string(): string {
    const random = this.#random;
    const parts = Array.from({ length: random.int(6) }, () => {
      if (random.isLikely(0.2)) return random.pick(escapes);
      return random.pick(random.isLikely(0.2) ? widePieces : pieces);
    });
    return `"${withoutDirectives(parts)}"`;
  }

  #list(indent: string, level: number): string {
    const random = this.#random;
    const items = Array.from({ length: random.int(4) }, () => this.#value(`${indent}  `, level + 1));
    if (random.isLikely(0.5)) return `[${items.join(', ')}]`;
    const end = random.pick(['', ',', ', # last']);
    const lines = items.map((item, index) => `${indent}  ${item}${index < items.length - 1 ? ',' : end}\n`);
    return `[\n${lines.join('')}${indent}]`;
  }

  #map(indent: string, level: number): string {
    const random = this.#random;
    const entries = this.#names().map((name) => {
      const key = random.isLikely(0.3) ? `"${name} ${random.int(9)}"` : name;
      return `${key} = ${this.#value(`${indent}  `, level + 1)}`;
    });
    if (random.isLikely(0.4)) return `{ ${entries.join(', ')} }`;
    const end = random.pick(['', ',']);
    return `{\n${entries.map((entry) => `${indent}  ${entry}${end}\n`).join('')}${indent}}`;
  }

  /** Its least indented line stands as far as its end: HCL looks at the lines, Fly at the end. */
  #heredoc(indent: string): string {
    const random = this.#random;
    const tag = random.pick(['EOT', 'END_2', 'X']);
    const inner = `${indent}  `;
    const lines = Array.from({ length: 1 + random.int(4) }, (_, index) => {
      if (index > 0 && random.isLikely(0.2)) return '';
      const parts = Array.from({ length: 1 + random.int(5) }, () => random.pick(heredocPieces));
      return `${inner}${index > 0 ? random.pick(['', '  ', '\t']) : ''}|${withoutDirectives(parts)}`;
    });
    return `<<-${tag}\n${lines.join('\n')}\n${inner}${tag}\n`;
  }

  #comment(indent: string): string {
    const comments: Words = [
      '',
      '',
      '',
      '\n',
      `${indent}# a "comment" {\n`,
      `${indent}// [ = \n`,
      `${indent}/* { \n ] */\n`,
    ];
    return this.#random.pick(comments);
  }
}

/** `%{` starts a directive of HCL, however it came to stand there. */
function withoutDirectives(parts: readonly string[]): string {
  return parts.join('').replaceAll('%{', '% {');
}
