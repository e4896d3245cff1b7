import { nearest, parseDuration } from '@polar-gosling/kernel';
import { parseSize } from '../check/size.ts';
import type { Field, FieldType } from './fields.ts';
import type { RuleToken } from './lex.ts';
import type { RuleOperator, RuleProblem, RuleTest } from './tree.ts';

interface Comparison {
  readonly name: string;
  readonly field: Field;
  readonly operator: RuleOperator;
  readonly operands: readonly RuleToken[];
}

const wanted: Readonly<Record<FieldType, string>> = {
  duration: 'a duration such as 30m or 1h30m',
  count: 'a whole number',
  percent: 'a percentage such as 80 or 80%',
  word: "a word in single quotes such as 'idle'",
};

/** Checks that both sides of a comparison are of one kind. */
export function checkTest(test: Comparison, problems: RuleProblem[]): RuleTest | undefined {
  const { name, field, operator } = test;
  const first = test.operands[0];
  if (field.type === 'word' && !['==', '!=', 'IN'].includes(operator)) {
    const message = `${name} is a word: it is compared with ==, != or IN`;
    problems.push({ code: 'FLY052', message, start: first?.start ?? 0, end: first?.end ?? 0 });
    return undefined;
  }
  const operands = test.operands.map((token) => {
    const result = field.type === 'word' ? readWord(token, test) : readNumber(token, test);
    if (typeof result !== 'object') return result;
    problems.push({ code: 'FLY052', start: token.start, end: token.end, ...result });
    return undefined;
  });
  const known = operands.filter((operand) => operand !== undefined);
  return known.length === operands.length ? { kind: 'test', field, operator, operands: known } : undefined;
}

type Refusal = { readonly message: string; readonly fix?: string };

function readWord(token: RuleToken, { name, field }: Comparison): string | Refusal {
  const words = field.words;
  if (token.kind === 'word') {
    return { message: `${token.text} stands in single quotes: '${token.text}'`, fix: `'${token.text}'` };
  }
  if (token.kind !== 'text') return { message: `${name} is compared with ${wanted.word}` };
  if (words === undefined || words.includes(token.text)) return token.text;
  const guess = nearest(token.text, words);
  const hint = guess === undefined ? '' : `; did you mean '${guess}'?`;
  const message = `${name} is one of ${words.join(', ')}${hint}`;
  return { message, ...(guess !== undefined && { fix: `'${guess}'` }) };
}

function readNumber(token: RuleToken, { name, field }: Comparison): number | Refusal {
  const isPlain = token.kind === 'number' && /^\d{1,12}(\.\d{1,6})?$/.test(token.text);
  const refusal = { message: `${name} is compared with ${wanted[field.type]}${sayOther(token)}` };
  if (field.type === 'duration') {
    const durationMs = token.kind === 'number' ? parseDuration(token.text) : undefined;
    return durationMs ?? (isPlain ? { ...refusal, fix: `${token.text}m` } : refusal);
  }
  if (field.type === 'count') {
    return isPlain && Number.isInteger(Number(token.text)) ? Number(token.text) : refusal;
  }
  const isPercent = token.kind === 'number' && /^\d{1,3}(\.\d{1,6})?%?$/.test(token.text);
  const value = Number.parseFloat(token.text);
  return isPercent && value <= 100 ? value : refusal;
}

function sayOther(token: RuleToken): string {
  if (token.kind === 'text') return ', not with text';
  if (parseDuration(token.text) !== undefined) return ', not with a duration';
  if (parseSize(token.text) !== undefined) return ', not with a size';
  return '';
}
