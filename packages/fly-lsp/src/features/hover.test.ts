// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this

import { describe, expect, it } from 'vitest';
import { MarkupContent } from 'vscode-languageserver';
import { marked } from '../testing/marked.ts';
import { hover } from './hover.ts';

function textAt(files: Parameters<typeof marked>[0]): string | undefined {
  const { snapshot, position } = marked(files);
  const contents = hover(snapshot, position)?.contents;
  return MarkupContent.is(contents) ? contents.value : undefined;
}

describe('hover', () => {
  it('tells what an attribute is for, its type, and its default with the unit', () => {
    const text = textAt('egg "a" {\n  resources {\n    mem|ory = 2048\n  }\n}\n');

    expect(text).toContain('**memory**: size: a number of MiB');
    expect(text).toContain('Memory; a number counts MiB.');
    expect(text).toContain('Default: `4096 MiB (4 GiB)`');
    expect(textAt('egg "a" {\n  runner {\n    idle_timeout = "5|m"\n  }\n}\n')).toContain('Default: `"10m"`');
  });

  it('tells what a block is for, on its name and its label', () => {
    expect(textAt('eg|g "a" {\n}\n')).toContain('A runner pool for one GitLab project or group.');
    expect(textAt('egg "|a" {\n}\n')).toContain('A runner pool for one GitLab project or group.');
    expect(textAt('defaults "egg" {\n  clo|ud {\n  }\n}\n')).toContain('Where the machines run.');
  });

  it('tells the value of a reference and where it comes from', () => {
    const files = {
      'Nest.fly': '\nlocals {\n  where = "eu"\n  full = "${local.where}-1"\n}\n',
      'Eggs/a/config.fly': 'egg "a" {\n  cloud {\n    region = "x ${local.fu|ll}"\n  }\n}\n',
    };

    expect(textAt(files)).toBe('**local.full**\n\n```fly\n"eu-1"\n```\n\nDefined in Nest.fly:4');
  });

  it('never shows a sensitive variable', () => {
    const variable =
      'variable "key" {\n  default   = "hunter2"\n  sensitive = true\n}\nlocals {\n  a = var.ke|y\n}\n';

    expect(textAt(variable)).toContain('Defined in');
    expect(textAt(variable)).not.toContain('hunter2');
  });

  it('says nothing about what the schema does not know, and in white space', () => {
    expect(textAt('egg "a" {\n  nonsen|se = 1\n}\n')).toBeUndefined();
    expect(textAt('egg "a" {\n|\n}\n')).toBeUndefined();
    expect(textAt('locals {\n  a = var.gone|\n}\n')).toBeUndefined();
  });
});
