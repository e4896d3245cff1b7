// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { describe, expect, it } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { marked } from '../testing/marked.ts';
import { complete } from './completion.ts';

function itemsAt(files: Parameters<typeof marked>[0], hasSnippets = false) {
  const { snapshot, position } = marked(files);
  return complete(snapshot, position, { hasSnippets });
}

const labelsAt = (files: Parameters<typeof marked>[0]) => itemsAt(files).map(({ label }) => label);

/** The text after the item with this label is taken. */
function taking(label: string, files: Parameters<typeof marked>[0], hasSnippets = false): string {
  const { snapshot, position } = marked(files);
  const item = complete(snapshot, position, { hasSnippets }).find((one) => one.label === label);
  const edit = item?.textEdit;
  if (edit === undefined || !('range' in edit)) return `no ${label}`;
  return TextDocument.applyEdits(snapshot.source.document, [edit]);
}

describe('completion of names', () => {
  it('offers the blocks of a file', () => {
    expect(labelsAt('|')).toEqual(expect.arrayContaining(['egg', 'eggsbucket', 'job', 'locals', 'variable']));
  });

  it('offers a block that stands once only until it stands there', () => {
    expect(labelsAt('uglyfox {\n}\n\n|\n')).not.toContain('uglyfox');
    expect(labelsAt('egg "a" {\n}\n\n|\n')).toContain('egg');
  });

  it('puts what is required first, and leaves out what is there, before and behind the cursor', () => {
    const labels = labelsAt('egg "a" {\n  |\n  runner {\n  }\n}\n');

    expect(labels.slice(0, 2)).toEqual(['type', 'gitlab']);
    expect(labels).not.toContain('runner');
    expect(labelsAt('egg "a" {\n  type = "vm"\n  |\n}\n')).not.toContain('type');
  });

  it('offers only one of two attributes that exclude each other', () => {
    expect(labelsAt('egg "a" {\n  gitlab {\n    |\n  }\n}\n').slice(0, 2)).toEqual([
      'project_id',
      'group_id',
    ]);
    expect(labelsAt('egg "a" {\n  gitlab {\n    project_id = 1\n    |\n  }\n}\n')).not.toContain('group_id');
  });

  it('works in a block that is not closed yet, with another block below', () => {
    expect(labelsAt('egg "a" {\n  cloud {\n    |\n\negg "b" {\n  type = "vm"\n}\n')).toContain('provider');
    expect(labelsAt('egg "a" {\n  cloud {\n    pro|')).toContain('provider');
  });

  it('knows the body of defaults and patch by their label', () => {
    expect(labelsAt('defaults "egg" {\n  |\n}\n')).toContain('cloud');
    expect(labelsAt('patch "job" "a" {\n  |\n}\n')).toContain('schedule');
    expect(labelsAt('defaults "|"')).toContain('eggsbucket');
    expect(labelsAt('egg "a" {\n}\negg "b" {\n}\npatch "egg" "|" {\n}\n')).toEqual(['a', 'b']);
  });

  it('replaces the word at the cursor, and writes no second equals sign', () => {
    expect(taking('type', 'egg "a" {\n  ty|\n}\n')).toBe('egg "a" {\n  type = \n}\n');
    expect(taking('type', 'egg "a" {\n  ty| = "vm"\n}\n')).toBe('egg "a" {\n  type = "vm"\n}\n');
  });

  it('has places to fill only for editors that can fill them', () => {
    expect(taking('egg', '|', true)).toBe('egg "${1:name}" {\n\t$0\n}');
    expect(taking('egg', '|', false)).toBe('egg "" {\n}');
    expect(taking('tags', 'egg "a" {\n  runner {\n    |\n  }\n}', true)).toContain('tags = [$0]');
  });

  it('says nothing in a comment, and nothing behind a label', () => {
    expect(labelsAt('# eg|\n')).toEqual([]);
    expect(labelsAt('egg "a" | {\n}\n')).toEqual([]);
  });
});

describe('completion of values', () => {
  it('offers the words of an enum, with quotes where there are none', () => {
    expect(taking('vm', 'egg "a" {\n  type = |\n}\n')).toBe('egg "a" {\n  type = "vm"\n}\n');
    expect(taking('vm', 'egg "a" {\n  type = "|"\n}\n')).toBe('egg "a" {\n  type = "vm"\n}\n');
    expect(taking('vm', 'egg "a" {\n  type = "ser|\n}\n')).toBe('egg "a" {\n  type = "vm\n}\n');
  });

  it('offers true and false, cron lines, durations and schemes of secrets', () => {
    expect(labelsAt('egg "a" {\n  runner {\n    locked = |\n  }\n}')).toEqual(
      expect.arrayContaining(['true', 'false']),
    );
    expect(labelsAt('job "a" {\n  schedule = "|"\n}')).toContain('0 2 * * *');
    expect(labelsAt('egg "a" {\n  runner {\n    idle_timeout = |\n  }\n}')).toContain('10m');
    expect(labelsAt('egg "a" {\n  gitlab {\n    token_secret = "|"\n  }\n}')).toEqual([
      'yc-lockbox://',
      'aws-sm://',
      'vault://',
      'local://',
    ]);
  });

  it('offers the Eggs and buckets of all files in eggs_entities', () => {
    const files = {
      'Eggs/b/config.fly': 'eggsbucket "b" {\n}\n',
      'Eggs/a/config.fly': 'egg "a" {\n}\n',
      'UF/config.fly': 'uglyfox {\n  runners_condition "x" {\n    eggs_entities = ["a", "|"]\n  }\n}\n',
    };

    expect(labelsAt(files)).toEqual(['a', 'b']);
  });

  it('offers the words of rules inside their text', () => {
    const rule = (text: string) =>
      `uglyfox {\n  policies {\n    rule "a" {\n      condition = "${text}"\n    }\n  }\n}\n`;

    expect(labelsAt(rule('failure_count >= 3 AND |'))).toContain('age');
    expect(taking('age', rule('age > 1h AND a|'))).toContain('AND age"');
  });

  it('offers variables and locals of all files, bare and in texts', () => {
    const names = 'variable "region" {\n}\nlocals {\n  sizes = { small = 1, big = 2 }\n}\n';
    const value = (text: string) => ({
      'Nest.fly': names,
      'Eggs/a/config.fly': `egg "a" {\n  cloud {\n    region = ${text}\n  }\n}\n`,
    });

    expect(labelsAt(value('var.|'))).toEqual(['region']);
    expect(labelsAt(value('"x-${var.re|}"'))).toEqual(['region']);
    expect(labelsAt(value('local.sizes.|'))).toEqual(['small', 'big']);
    expect(labelsAt(value('"${|"'))).toEqual(expect.arrayContaining(['var', 'local', 'egg']));
    expect(labelsAt(value('|'))).toContain('var');
    expect(taking('region', value('"x-${var.re|}"'))).toContain('"x-${var.region}"');
  });
});
