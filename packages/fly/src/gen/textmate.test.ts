import { describe, expect, it } from 'vitest';
import { parseFly, schema, Token } from '../index.ts';
import { textMateGrammar } from './textmate.ts';

const grammar = textMateGrammar();

function rulesOf(part: string): RegExp[] {
  return (grammar.repository[part]?.patterns ?? []).flatMap(({ match }) =>
    match === undefined ? [] : new RegExp(match),
  );
}

/** The index of the first rule of this part that matches the line. */
const ruleOf = (part: string, line: string) => rulesOf(part).findIndex((rule) => rule.test(line));

describe('the TextMate grammar', () => {
  it('is the one that the editor extension has (vitest -u writes it)', async () => {
    await expect(`${JSON.stringify(grammar, undefined, 2)}\n`).toMatchFileSnapshot(
      '../../../../editors/vscode/syntaxes/fly.tmLanguage.json',
    );
  });

  it('knows every block and attribute of the schema', () => {
    for (const name of Object.keys(schema.blocks)) expect(ruleOf('blocks', `${name} "a" {`), name).toBe(0);
    expect(ruleOf('blocks', '  runner {')).toBe(1);
    expect(ruleOf('blocks', '  whatever {')).toBe(2);
    expect(ruleOf('attributes', '  idle_timeout = "5m"')).toBe(0);
    expect(ruleOf('attributes', '  whatever=1')).toBe(1);
  });

  it('takes for a name what the lexer takes for one', () => {
    const isName = (text: string) => {
      const { tokens } = parseFly(text);
      return tokens.kinds[0] === Token.name && tokens.starts[1] === text.length;
    };
    const form = /^\((.*)\)\\s\*\(=\)$/.exec(grammar.repository['attributes']?.patterns[1]?.match ?? '')?.[1];

    for (const text of ['a', 'a-b', 'a_1', '_a', 'Z9', '1a', '-a', 'a.b', 'a b', 'a$'])
      expect(new RegExp(`^${form}$`).test(text), text).toBe(isName(text));
  });
});
