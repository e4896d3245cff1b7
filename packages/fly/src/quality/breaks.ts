// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import type { Random } from './random.ts';

/** A text with one mistake, and the place that a good message points at. */
export interface Broken {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

export type Break = (text: string, random: Random) => Broken | undefined;

/** One place of a text, by a pattern. */
function findOne(text: string, pattern: RegExp, random: Random): RegExpExecArray | undefined {
  return random.oneOf([...text.matchAll(pattern)]);
}

interface Edit {
  /** What stands there instead. */
  readonly text: string;
  /** Part of the new text that is to be accused, absent: all of it. */
  readonly from?: number;
  readonly to?: number;
}

/** Replaces one match of a pattern. */
export function replacing(pattern: RegExp, edit: (match: RegExpExecArray, random: Random) => Edit): Break {
  return (text, random) => {
    const match = findOne(text, pattern, random);
    if (match === undefined) return undefined;
    const { text: put, from = 0, to = put.length } = edit(match, random);
    const broken = text.slice(0, match.index) + put + text.slice(match.index + match[0].length);
    return { text: broken, from: match.index + from, to: match.index + to };
  };
}

/** `name` of a line `name = value`, replaced by another line; the new value is to be accused. */
function withValue(pattern: RegExp, values: readonly [string, ...string[]]): Break {
  return replacing(pattern, ([, head = ''], random) => {
    const text = `${head}${random.pick(values)}`;
    return { text, from: head.length };
  });
}

/** The `}` of a block goes; its header is to be accused. */
function withoutBrace(text: string, random: Random): Broken | undefined {
  const match = findOne(text, /^( *)[a-z]+ (?:"[^"\n]*" )?\{\n[\s\S]*?^\1\}\n/gm, random);
  if (match === undefined) return undefined;
  const [block, indent = ''] = match;
  const inner = block.slice(0, -`${indent}}\n`.length);
  const broken = text.slice(0, match.index) + inner + text.slice(match.index + block.length);
  return { text: broken, from: match.index + indent.length, to: match.index + block.indexOf('\n') };
}

/** A name with two letters exchanged, one left out or one doubled. */
function misspell(name: string, random: Random): string {
  const at = 1 + random.int(name.length - 2);
  const [before, letter = '', next = '', after] = [
    name.slice(0, at),
    name[at],
    name[at + 1],
    name.slice(at + 2),
  ];
  const way = letter === next ? 2 : random.int(3);
  if (way === 0) return `${before}${next}${letter}${after}`;
  return way === 1 ? `${before}${next}${after}` : `${before}${letter}${letter}${next}${after}`;
}

const attributeLine = /^ +[a-z_]+ *= *[^<\n]+\n/gm;
const numberLine = /^( +(?:cpu|concurrent|project_id|group_id|disk) *= *)\d+/gm;
const blockName = /(?<=^ {2})(cloud|resources|runner|gitlab|environment)(?= \{)/gm;

/** The kinds of the first measurement, by their names. */
export const firstBreaks: Readonly<Record<string, Break>> = {
  'quote forgotten at the end': replacing(/(?<== *)"[^"\n]+"(?=\n)/g, ([all]) => ({
    text: all.slice(0, -1),
  })),
  'quote forgotten at the start': replacing(/(?<== *)"[a-z0-9.-]+"(?=\n)/g, ([all]) => ({
    text: all.slice(1),
  })),
  '} forgotten': withoutBrace,
  '} too much': replacing(/^( *)\}\n/gm, ([all, indent = '']) => ({
    text: `${all}${all}`,
    from: all.length + indent.length,
    to: 2 * all.length - 1,
  })),
  '{ forgotten': replacing(/^( *)([a-z]+(?: "[^"\n]*")?) \{(?=\n)/gm, ([, indent = '', head = '']) => ({
    text: `${indent}${head}`,
    from: indent.length,
    to: indent.length + head.length + 1,
  })),
  '] forgotten': replacing(/\["[^\]\n]*"\]/g, ([all]) => ({ text: all.slice(0, -1), to: all.length })),
  'comma forgotten': replacing(/("[^"\n]*"), (?="[^\n]*\])/g, ([, item = '']) => ({
    text: `${item} `,
    from: item.length,
    to: item.length + 2,
  })),
  '= forgotten': replacing(/^( +)([a-z_]+) *= *(?=["\d[])/gm, ([, indent = '', name = '']) => ({
    text: `${indent}${name} `,
    from: indent.length,
    to: indent.length + name.length + 2,
  })),
  ': for =': replacing(/(?<=^ +[A-Za-z_]+ *)= /gm, () => ({ text: ': ', to: 1 })),
  'attribute misspelt': replacing(
    /(?<=^ +)(type|provider|region|concurrent|idle_timeout|executor|memory|disk|server|project_id|group_id)(?= *=)/gm,
    ([name], random) => ({ text: misspell(name, random) }),
  ),
  'block misspelt': replacing(blockName, ([name], random) => ({ text: misspell(name, random) })),
  'heredoc not closed': replacing(/<<-EOT(\n[\s\S]*?)\n +EOT\n/g, ([, body = '']) => ({
    text: `<<-EOT${body}\n`,
    to: '<<-EOT'.length,
  })),
};

/** More kinds: tokens, types, sets and references. */
export const moreBreaks: Readonly<Record<string, Break>> = {
  'text for a number': withValue(numberLine, ['"3"', '"many"', 'true', '[3]']),
  'number out of range': withValue(numberLine, ['0', '-1']),
  'word not in the set': withValue(/^( +(?:type|provider|spot|executor) *= *)"[a-z]+"/gm, [
    '"vmm"',
    '"dcoker"',
    '"awss"',
    '"none"',
  ]),
  'duration without form': withValue(/^( +idle_timeout *= *)"\d+m"/gm, [
    '"10 mins"',
    '"soon"',
    '10',
    '10m',
    '"1m1h"',
  ]),
  'attribute twice': replacing(attributeLine, ([line]) => ({
    text: `${line}${line}`,
    from: line.length + line.search(/\S/),
    to: 2 * line.length,
  })),
  'type absent': (text) => {
    const at = text.indexOf('egg "');
    const broken = text.replace(/^ {2}type = .*\n\n/m, '');
    return { text: broken, from: at, to: text.indexOf('\n', at) };
  },
  'both of two that exclude each other': replacing(
    /^( +)(project_id|group_id) = \d+\n/gm,
    ([line, indent = '', name = '']) => {
      const other = name === 'group_id' ? 'project_id' : 'group_id';
      return { text: `${line}${indent}${other} = 7\n`, from: indent.length };
    },
  ),
  'reference not closed': replacing(/"\$\{egg\.name\}-cache"/g, () => ({
    text: '"${egg.name-cache"',
    to: '"${egg.name-cache"'.length,
  })),
  'reference unknown': replacing(/(?<=[^$]\$\{)egg\.name(?=\})/g, (_, random) => ({
    text: random.pick(['eg.name', 'egg.nam', 'vra.env', 'egg.name.x']),
  })),
  'name as a reference': replacing(/(?<== *")\$\{egg\.name\}/g, () => ({ text: '${NAME}' })),
  'single quotes': replacing(/(?<== *)"([a-z0-9.-]+)"(?=\n)/g, ([, word = '']) => ({ text: `'${word}'` })),
  'value absent': replacing(/^( +[a-z_]+ *=) *[^<\n]+\n/gm, ([, head = '']) => ({
    text: `${head}\n`,
    from: head.search(/\S/),
    to: head.length + 1,
  })),
  'control character': replacing(/(?<=")[a-z0-9.-]+(?="\n)/g, ([word]) => ({
    text: `${word}\u0007`,
    from: word.length,
  })),
  'unknown escape': replacing(/(?<=")[a-z0-9.-]+(?="\n)/g, ([word]) => ({
    text: `${word}\\d`,
    from: word.length,
  })),
  'stray character': replacing(/^( +)(?=[a-z_]+ *=)/gm, ([indent]) => ({
    text: `${indent}@ `,
    from: indent.length,
    to: indent.length + 1,
  })),
  'block as attribute': replacing(
    /^( {2})(cloud|resources|runner|gitlab) \{/gm,
    ([, indent = '', name = '']) => ({
      text: `${indent}${name} = {`,
      from: indent.length,
      to: indent.length + name.length + 3,
    }),
  ),
  'two attributes on one line': replacing(
    /^( +)(cpu|disk|concurrent) *= \d+\n +(?=[a-z_]+ *=)/gm,
    ([all]) => {
      const line = all.slice(0, all.indexOf('\n'));
      return { text: `${line} `, from: line.length, to: line.length + 2 };
    },
  ),
};
