// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { type Break, replacing } from './breaks.ts';

/** `name = "text"` on a line of its own: its parts. */
const textLine = /^([ \t]+)([a-z_]+)( = )"([a-z0-9.-]+)"(?=\n)/gm;
const anyLine = /^([ \t]+)([a-z_]+)( = )([^<\n#{]+?)(?=\n)/gm;
const listLine = /(?<= = )\[("[^"\n]*"), ("[^"\n]*")\](?=\n)/g;
const header = /^([ \t]*)([a-z]+) \{(?=\n)/gm;
const labelled = /^(egg|eggsbucket|job) "([^"\n]+)" \{(?=\n)/gm;

/** Changes the value of a line of text; the changed value is to be accused. */
function asText(change: (word: string) => string): Break {
  return replacing(textLine, ([, indent = '', name = '', equals = '', word = '']) => {
    const head = `${indent}${name}${equals}`;
    return { text: `${head}${change(word)}`, from: head.length };
  });
}

/** Changes the name of an attribute; the name is to be accused. */
function asName(pattern: RegExp, change: (name: string) => string): Break {
  return replacing(pattern, ([name]) => ({ text: change(name) }));
}

/** Puts something behind the value of a line; that is to be accused. */
function behind(text: string): Break {
  return replacing(anyLine, ([line]) => ({ text: `${line}${text}`, from: line.length }));
}

/** Puts something for the `=` of a line; the name up to the value is to be accused. */
function forEquals(text: string): Break {
  return replacing(anyLine, ([, indent = '', name = '', , value = '']) => ({
    text: `${indent}${name}${text}${value}`,
    from: indent.length,
    to: indent.length + name.length + text.length + 1,
  }));
}

const camel = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const title = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** Mistakes of somebody who is in a hurry, or writes another language all day. */
export const hurriedBreaks: Readonly<Record<string, Break>> = {
  'semicolon at the end': behind(';'),
  'comma at the end': behind(','),
  'a word at the end': behind(' please'),
  'bracket at the end': behind(']'),
  'quote too much at the end': asText((word) => `"${word}""`),
  'quote too much at the start': asText((word) => `""${word}"`),
  'typographic quotes': asText((word) => `“${word}”`),
  'no quotes': asText((word) => word),
  backticks: asText((word) => `\`${word}\``),
  '== for =': forEquals(' == '),
  '=> for =': forEquals(' => '),
  ':= for =': forEquals(' := '),
  '-> for =': forEquals(' -> '),
  'name in quotes': replacing(anyLine, ([, indent = '', name = '', equals = '', value = '']) => ({
    text: `${indent}"${name}"${equals}${value}`,
    from: indent.length,
    to: indent.length + name.length + 2,
  })),
  'as in JSON': replacing(anyLine, ([, indent = '', name = '', , value = '']) => ({
    text: `${indent}"${name}": ${value},`,
    from: indent.length,
  })),
  'dash in a name': asName(/(?<=^[ \t]+)(idle_timeout|run_untagged|project_id|group_id)(?= =)/gm, (name) =>
    name.replace('_', '-'),
  ),
  'camel case': asName(/(?<=^[ \t]+)(idle_timeout|run_untagged|project_id|group_id)(?= =)/gm, camel),
  'capital letter': asName(
    /(?<=^[ \t]+)(type|tags|concurrent|schedule|provider|server|locked)(?= =)/gm,
    title,
  ),
  'block with a capital letter': asName(/(?<=^[ \t]+)(runner|cloud|gitlab|repositories)(?= \{)/gm, title),
  'block in upper case': asName(/(?<=^[ \t]+)(runner|cloud|gitlab|repositories)(?= \{)/gm, (name) =>
    name.toUpperCase(),
  ),
  'letters of an enum in upper case': replacing(
    /(?<=^[ \t]+(?:type|provider|spot) = )"([a-z]+)"/gm,
    ([, word = '']) => ({ text: `"${word.toUpperCase()}"` }),
  ),
  'parentheses for a list': replacing(listLine, ([, one, two]) => ({ text: `(${one}, ${two})` })),
  'braces for a list': replacing(listLine, ([, one, two]) => ({ text: `{${one}, ${two}}` })),
  'list with another end': replacing(listLine, ([, one, two]) => ({ text: `[${one}, ${two})` })),
  'list without its start': replacing(listLine, ([, one, two]) => ({ text: `${one}, ${two}]` })),
  'quote forgotten in a list': replacing(listLine, ([, one = '', two]) => ({
    text: `[${one.slice(0, -1)}, ${two}]`,
  })),
  'quote forgotten at the end of a list': replacing(listLine, ([, one, two = '']) => ({
    text: `[${one}, ${two.slice(0, -1)}]`,
  })),
  'no quotes in a list': replacing(listLine, ([, one = '', two]) => ({
    text: `[${one.slice(1, -1)}, ${two}]`,
  })),
  'two commas in a list': replacing(listLine, ([, one, two]) => ({ text: `[${one},, ${two}]` })),
  'semicolon in a list': replacing(listLine, ([, one, two]) => ({ text: `[${one}; ${two}]` })),
  'item twice in a list': replacing(listLine, ([, one, two]) => ({ text: `[${one}, ${two}, ${one}]` })),
  'text for a list': replacing(listLine, ([, one]) => ({ text: `${one}` })),
  '= before a brace': replacing(header, ([, indent = '', name = '']) => ({
    text: `${indent}${name} = {`,
    from: indent.length,
  })),
  ': before a brace': replacing(header, ([, indent = '', name = '']) => ({
    text: `${indent}${name}: {`,
    from: indent.length,
  })),
  'brace on the next line': replacing(header, ([, indent = '', name = '']) => ({
    text: `${indent}${name}\n${indent}{`,
    from: indent.length,
  })),
  'parenthesis for {': replacing(header, ([, indent = '', name = '']) => ({
    text: `${indent}${name} (`,
    from: indent.length,
  })),
  'bracket for {': replacing(header, ([, indent = '', name = '']) => ({
    text: `${indent}${name} [`,
    from: indent.length,
  })),
  'parenthesis for }': replacing(/^([ \t]+)\}(?=\n)/gm, ([, indent = '']) => ({
    text: `${indent})`,
    from: indent.length,
  })),
  'label for a block without one': replacing(
    /^([ \t]+)(runner|cloud|gitlab) \{(?=\n)/gm,
    ([, indent = '', name = '']) => ({
      text: `${indent}${name} "main" {`,
      from: indent.length,
    }),
  ),
  'label without quotes': replacing(labelled, ([, kind, name]) => ({ text: `${kind} ${name} {` })),
  'label in single quotes': replacing(labelled, ([, kind, name]) => ({ text: `${kind} '${name}' {` })),
  'label with a blank': replacing(labelled, ([, kind, name]) => ({ text: `${kind} "my ${name}" {` })),
  'no label': replacing(labelled, ([, kind]) => ({ text: `${kind} {` })),
  '= before a label': replacing(labelled, ([, kind, name]) => ({ text: `${kind} = "${name}" {` })),
  '= behind a label': replacing(labelled, ([, kind, name]) => ({ text: `${kind} "${name}" = {` })),
  'label not closed': replacing(labelled, ([, kind, name]) => ({ text: `${kind} "${name} {` })),
  'kind misspelt': replacing(labelled, ([, kind = '', name]) => ({
    text: `${kind.slice(0, -1)}${kind.slice(-1).repeat(2)} "${name}" {`,
    to: kind.length + 1,
  })),
  'block twice': replacing(
    /^([ \t]+)(runner|cloud|gitlab|environment) \{\n[\s\S]*?\n\1\}\n/gm,
    ([all, indent = '']) => ({
      text: `${all}${all}`,
      from: all.length + indent.length,
      to: 2 * all.length,
    }),
  ),
  'block in itself': replacing(/^([ \t]+)(runner|cloud) \{\n/gm, ([all, indent = '', name = '']) => ({
    text: `${all}${indent}${indent}${name} {\n${indent}${indent}}\n`,
    from: all.length + 2 * indent.length,
  })),
  'comment without its sign': replacing(/^([ \t]+)(?=[a-z_]+ = )/gm, ([indent]) => ({
    text: `${indent}ask the team first\n${indent}`,
    from: indent.length,
    to: indent.length + 'ask the team first'.length + 1,
  })),
  'comment not closed': replacing(/^([ \t]+)(?=[a-z_]+ = )/gm, ([indent]) => ({
    text: `${indent}/* ask the team first\n${indent}`,
    from: indent.length,
    to: indent.length + '/* ask the team first'.length,
  })),
  'comment of SQL': replacing(/^([ \t]+)(?=[a-z_]+ = )/gm, ([indent]) => ({
    text: `${indent}-- ask the team first\n${indent}`,
    from: indent.length,
    to: indent.length + '-- ask the team first'.length,
  })),
  'line twice': replacing(anyLine, ([line]) => ({
    text: `${line}\n${line}`,
    from: line.length + 1 + line.search(/\S/),
  })),
  'value on the next line': replacing(anyLine, ([, indent = '', name = '', , value = '']) => ({
    text: `${indent}${name} =\n${indent}${indent}${value}`,
    from: indent.length,
  })),
  'number with its unit': replacing(
    /^([ \t]+(?:cpu|concurrent|project_id|group_id) = )\d+/gm,
    ([all, head = '']) => ({
      text: `${all}k`,
      from: head.length,
    }),
  ),
  'number with a comma': replacing(
    /^([ \t]+(?:cpu|concurrent|project_id|group_id) = )\d+/gm,
    ([all, head = '']) => ({
      text: `${all},5`,
      from: head.length,
    }),
  ),
  'size without quotes': replacing(/(?<=memory = )"8GiB"/g, () => ({ text: '8GiB' })),
  'yes for true': replacing(/(?<= = )(true|false)/g, ([word]) => ({ text: word === 'true' ? 'yes' : 'off' })),
  'true in quotes': replacing(/(?<= = )(true|false)/g, ([word]) => ({ text: `"${word}"` })),
  'True as in Python': replacing(/(?<= = )(true|false)/g, ([word]) => ({ text: title(word) })),
  'null for a value': replacing(anyLine, ([, indent = '', name = '', equals = '']) => ({
    text: `${indent}${name}${equals}null`,
    from: indent.length,
  })),
  'hour out of range': replacing(/(?<=schedule = ")(\d+) \d+/g, ([, minute]) => ({ text: `${minute} 25` })),
  'field of cron too many': replacing(/(?<=schedule = )"([^"\n]+)"/g, ([, cron]) => ({
    text: `"0 ${cron}"`,
  })),
  'heredoc with another end': replacing(/<<-EOT(\n[\s\S]*?\n[ \t]+)EOT\n/g, ([, body = '']) => ({
    text: `<<-EOT${body}EOF\n`,
    to: '<<-EOT'.length,
  })),
  'heredoc of HCL without a dash': replacing(/<<-EOT/g, () => ({ text: '<<EOT' })),
  'secret of another form': replacing(/"vault:\/\/ci\/app\/token"/g, (_, random) => ({
    text: random.pick(['"vault:/ci/app/token"', '"vault://ci"', '"valt://ci/app/token"', '"glpat"']),
  })),
  'host with a scheme': replacing(/(?<=server = )"([a-z.]+)"/g, ([, host]) => ({
    text: `"https://${host}/"`,
  })),
  'attribute in another block': replacing(/^([ \t]+)(cloud|gitlab) \{\n/gm, ([all, indent = '']) => ({
    text: `${all}${indent}${indent}concurrent = 2\n`,
    from: all.length + 2 * indent.length,
    to: all.length + 2 * indent.length + 'concurrent'.length,
  })),
  'block of a foreign language': replacing(/^([ \t]+)runner \{\n/gm, ([all, indent = '']) => ({
    text: `${indent}dynamic "runner" {\n${indent}}\n${all}`,
    from: indent.length,
    to: indent.length + 'dynamic "runner" {'.length,
  })),
  'function of HCL': asText((word) => `lower("${word}")`),
  'condition of HCL': asText((word) => `var.x ? "${word}" : "b"`),
  'sum of HCL': asText((word) => `"${word}" + "x"`),
  'variable of a shell': asText(() => '$NAME'),
};
