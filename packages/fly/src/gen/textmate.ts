import { schema } from '../schema/table.ts';
import type { BlockSpec } from '../schema/types.ts';
import { Char, charClass, isNamePart } from '../syntax/chars.ts';
import { roots } from '../syntax/template.ts';

/** A rule of a TextMate grammar. */
interface Rule {
  readonly name?: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly include?: string;
  readonly captures?: Captures;
  readonly beginCaptures?: Captures;
  readonly endCaptures?: Captures;
  readonly patterns?: readonly Rule[];
}

type Captures = Readonly<Record<string, { readonly name: string }>>;

export interface TextMateGrammar {
  readonly name: string;
  readonly scopeName: string;
  readonly patterns: readonly Rule[];
  readonly repository: Readonly<Record<string, { readonly patterns: readonly Rule[] }>>;
}

/** The grammar that editors colour Fly with: from the tables of the lexer and of the schema. */
export function textMateGrammar(): TextMateGrammar {
  return {
    name: 'Fly',
    scopeName: 'source.fly',
    patterns: includes('comments', 'heredocs', 'attributes', 'blocks', 'values'),
    repository: {
      comments: { patterns: comments },
      heredocs: { patterns: heredocs },
      attributes: { patterns: attributes() },
      blocks: { patterns: blocks() },
      values: { patterns: values() },
      interpolation: { patterns: interpolation() },
    },
  };
}

function includes(...names: readonly string[]): Rule[] {
  return names.map((name) => ({ include: `#${name}` }));
}

/** A name, from the character classes of the lexer. */
const nameForm = `[${lettersWhere((code) => charClass[code] === Char.nameStart)}][${lettersWhere((code) => isNamePart[code] === 1)}]*`;

function lettersWhere(is: (code: number) => boolean): string {
  const codes = Array.from({ length: 128 }, (_, code) => code).filter(is);
  const ranges: string[] = [];
  for (let from = 0; from < codes.length; ) {
    let to = from;
    while (codes[to + 1] === (codes[to] ?? 0) + 1) to++;
    const [first, last] = [codes[from] ?? 0, codes[to] ?? 0].map((code) =>
      escapeInClass(String.fromCharCode(code)),
    );
    ranges.push(
      to - from > 1
        ? `${first}-${last}`
        : codes
            .slice(from, to + 1)
            .map((code) => escapeInClass(String.fromCharCode(code)))
            .join(''),
    );
    from = to + 1;
  }
  return ranges.join('');
}

function escapeInClass(text: string): string {
  return text.replace(/[\\\]^-]/g, '\\$&');
}

const comments: readonly Rule[] = [
  { name: 'comment.line.number-sign.fly', match: '#.*$' },
  { name: 'comment.line.double-slash.fly', match: '//.*$' },
  { name: 'comment.block.fly', begin: '/\\*', end: '\\*/' },
];

const heredocTag = '[A-Za-z_][A-Za-z0-9_]*';
const heredocs: readonly Rule[] = [
  {
    name: 'string.unquoted.heredoc.raw.fly',
    begin: `<<-?'(${heredocTag})'~?\\s*$`,
    end: '^\\s*\\1\\b',
    beginCaptures: { 0: { name: 'keyword.operator.heredoc.fly' } },
    endCaptures: { 0: { name: 'keyword.operator.heredoc.fly' } },
  },
  {
    name: 'string.unquoted.heredoc.fly',
    begin: `<<-?(${heredocTag})~?\\s*$`,
    end: '^\\s*\\1\\b',
    beginCaptures: { 0: { name: 'keyword.operator.heredoc.fly' } },
    endCaptures: { 0: { name: 'keyword.operator.heredoc.fly' } },
    patterns: includes('interpolation'),
  },
];

function attributes(): Rule[] {
  const known = [...collect(schema).attributes].toSorted();
  const before = {
    1: { name: 'support.type.property-name.fly' },
    2: { name: 'keyword.operator.assignment.fly' },
  };
  const other = { ...before, 1: { name: 'variable.other.property.fly' } };
  return [
    { match: `\\b(${known.join('|')})\\s*(=)`, captures: before },
    { match: `(${nameForm})\\s*(=)`, captures: other },
  ];
}

function blocks(): Rule[] {
  const top: readonly string[] = Object.keys(schema.blocks);
  const nested = [...collect(schema).blocks].filter((name) => !top.includes(name)).toSorted();
  const header = '(?=(\\s+"[^"]*")*\\s*\\{)';
  return [
    { name: 'keyword.declaration.fly', match: `^(${top.join('|')})\\b${header}` },
    { name: 'entity.name.type.fly', match: `\\b(${[...nested, ...top].join('|')})\\b${header}` },
    { name: 'entity.name.type.other.fly', match: `${nameForm}${header}` },
  ];
}

function values(): Rule[] {
  return [
    {
      name: 'string.quoted.double.fly',
      begin: '"',
      // A string ends with its line, as for the lexer: a forgotten quote colours one line.
      end: '"|$',
      patterns: [
        { name: 'constant.character.escape.fly', match: '\\\\(u\\{[0-9A-Fa-f]{1,6}\\}|["\\\\ntr])' },
        ...includes('interpolation'),
      ],
    },
    { name: 'constant.numeric.fly', match: '-?\\b[0-9]+(\\.[0-9]+)?\\b' },
    { name: 'constant.language.fly', match: '\\b(true|false|null)\\b' },
    { name: 'variable.language.fly', match: `\\b(${roots.join('|')})(\\.${nameForm})+` },
  ];
}

function interpolation(): Rule[] {
  return [
    { name: 'constant.character.escape.fly', match: '\\$\\$\\{' },
    {
      name: 'meta.interpolation.fly',
      match: `(\\$\\{)\\s*((?:${roots.join('|')})(?:\\.${nameForm})+)\\s*(\\})`,
      captures: {
        1: { name: 'punctuation.section.interpolation.begin.fly' },
        2: { name: 'variable.language.fly' },
        3: { name: 'punctuation.section.interpolation.end.fly' },
      },
    },
  ];
}

interface Names {
  readonly attributes: Set<string>;
  readonly blocks: Set<string>;
}

/** Every name of an attribute or block, however deep. */
function collect(spec: BlockSpec, found: Names = { attributes: new Set(), blocks: new Set() }): Names {
  for (const name of Object.keys(spec.attributes ?? {})) found.attributes.add(name);
  for (const [name, inner] of Object.entries(spec.blocks ?? {})) {
    found.blocks.add(name);
    collect(inner, found);
  }
  if (spec.anyBlock !== undefined) collect(spec.anyBlock, found);
  return found;
}
