import { Environment } from 'minijinja-js';

const fuel = 100_000;

/** Renders one of our own templates. Names that are not given fail, work is bounded. */
export function renderTemplate(
  name: string,
  text: string,
  context: Readonly<Record<string, unknown>>,
): string {
  return environment.renderNamedStr(name, text, context);
}

const environment = createEnvironment();

function createEnvironment(): Environment {
  const environment = new Environment();
  environment.undefinedBehavior = 'strict';
  environment.fuel = fuel;
  environment.keepTrailingNewline = true;
  environment.trimBlocks = true;
  environment.addFilter('hcl', (value: unknown) => hclString(String(value)));
  environment.addFilter('yaml', (value: unknown) => yamlString(String(value)));
  environment.addFilter('b64', (value: unknown) => Buffer.from(String(value), 'utf8').toString('base64'));
  return environment;
}

/** A quoted HCL string that means exactly `value`. */
export function hclString(value: string): string {
  const escapes: Readonly<Record<string, string>> = {
    '\\': '\\\\',
    '"': '\\"',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
  };
  const text = value
    .replace(/[$%]\{/g, (mark) => `${mark[0]}${mark}`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be escaped
    .replace(/[\\"\u0000-\u001f\u007f]/g, (one) => escapes[one] ?? unicodeEscape(one));
  return `"${text}"`;
}

/**
 * A double-quoted YAML scalar that means exactly `value`, in ASCII: line separators, byte order marks and the like
 * mean something to one reader of YAML and nothing to another.
 */
export function yamlString(value: string): string {
  const text = [...value].map((one) => {
    if (one === '"' || one === '\\') return `\\${one}`;
    if (/^[ -~]$/.test(one)) return one;
    const code = one.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : unicodeEscape(one);
  });
  return `"${text.join('')}"`;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
