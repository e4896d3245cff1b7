// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { describe, expect, it } from 'vitest';
import { MarkupContent } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { marked } from '../testing/marked.ts';
import { codeActions } from './code-actions.ts';
import { definition } from './definition.ts';
import { diagnosticsOf } from './diagnostics.ts';
import { hover } from './hover.ts';

const egg = (name: string, ...lines: readonly string[]) =>
  `egg "${name}" {\n  type = "vm"\n  gitlab { project_id = 1 }\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;

/** `line:col CODE message` of the file with the cursor. */
function foundIn(files: Readonly<Record<string, string>>): string[] {
  return diagnosticsOf(marked(files).snapshot).map(
    ({ range: { start }, code, message }) => `${start.line}:${start.character} ${code} ${message}`,
  );
}

function hoverAt(files: Readonly<Record<string, string>>): string {
  const { snapshot, position } = marked(files);
  const contents = hover(snapshot, position)?.contents;
  return MarkupContent.is(contents) ? contents.value : '';
}

function placesAt(files: Readonly<Record<string, string>>): string[] {
  const { snapshot, position } = marked(files);
  return definition(snapshot, position).map(
    ({ uri, range: { start } }) => `${uri.replace('file:///nest/', '')}:${start.line}:${start.character}`,
  );
}

describe('the rules across files, in the editor', () => {
  it('find a name that another file has, upper and lower case aside, and show where', () => {
    const { snapshot } = marked({
      'Eggs/app/config.fly': `|${egg('app')}`,
      'Jobs/App.fly': 'job "App" {\n  schedule = "0 0 * * *"\n  script = "date"\n}\n',
    });
    const [twin] = diagnosticsOf(snapshot);

    expect(twin?.code).toBe('FLY080');
    expect(twin?.relatedInformation?.[0]?.location.uri).toBe('file:///nest/Jobs/App.fly');
  });

  it('find reserved names, claims of one project by two Eggs, and folders of another name', () => {
    expect(foundIn({ 'Eggs/mg/config.fly': `|${egg('MG')}` })).toEqual([
      '0:0 FLY106 egg "MG" stands in the folder Eggs/mg',
      '0:4 FLY047 "MG" is a reserved name',
    ]);
    expect(foundIn({ 'Eggs/a/config.fly': egg('a'), 'Eggs/b/config.fly': `|${egg('b')}` }).join()).toContain(
      'FLY081',
    );
  });

  it('find what Envs/ gets wrong about the other files, and say in which environments', () => {
    const patch = 'values {\n  envv = "x"\n}\npatch "egg" "ap" {\n  runner { concurrent = 2 }\n}\n';
    const files = {
      'Nest.fly': 'variable "env" {\n  default = "dev"\n}\n',
      'Eggs/app/config.fly': egg('app', 'runner { image = "x:${var.env}" }'),
    };

    expect(foundIn({ ...files, 'Envs/prod.fly': `|${patch}` })).toEqual([
      '1:9 FLY075 no variable is called "envv"; did you mean "env"?',
      '3:0 FLY075 no egg is called "ap", so this patch changes nothing; did you mean "app"?',
    ]);
    expect(foundIn({ ...files, 'Envs/dev.fly': '', 'Envs/prod.fly': `|${patch}` })[0]).toContain(
      'in the environments prod',
    );
  });

  it('find an Egg that only the patch of an environment breaks', () => {
    const files = {
      'Eggs/app/config.fly': `|${egg('app')}`,
      'Envs/dev.fly': '',
      'Envs/prod.fly': 'patch "egg" "app" {\n  type = null\n}\n',
    };

    expect(foundIn(files)).toEqual([expect.stringMatching(/FLY043 .*\nin the environments prod$/)]);
  });

  it('find unused variables and names of Eggs that are not there', () => {
    expect(foundIn({ 'Nest.fly': '|variable "x" {\n  default = 1\n}\n' }).join()).toContain('FLY074');
    expect(
      foundIn({
        'Eggs/app/config.fly': egg('app'),
        'UF/config.fly': '|uglyfox {\n  runners_condition "x" { eggs_entities = ["ap"] }\n}\n',
      }),
    ).toEqual(['1:43 FLY071 no egg or eggsbucket is called "ap"; did you mean "app"?']);
  });
});

describe('quick fixes across files', () => {
  it('offer the name of the Egg that is meant, for a person to decide', () => {
    const { snapshot } = marked({
      'Eggs/app/config.fly': egg('app'),
      'UF/config.fly': '|uglyfox {\n  runners_condition "x" { eggs_entities = ["ap"] }\n}\n',
    });
    const whole = { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } };
    const [fix] = codeActions(snapshot, { range: whole, context: { diagnostics: [] } });
    const edits = fix?.edit?.changes?.['file:///nest/UF/config.fly'] ?? [];

    expect(TextDocument.applyEdits(snapshot.source.document, edits)).toContain('eggs_entities = ["app"]');
    expect(fix?.isPreferred).toBeUndefined();
  });
});

describe('what is in force, in the editor', () => {
  const files = {
    'Nest.fly': 'defaults "egg" {\n  runner {\n    idle_timeout = "5m"\n  }\n}\n',
    'Envs/prod.fly': 'patch "egg" "app" {\n  runner { concurrent = 10 }\n}\n',
  };

  it('is told on an attribute of an Egg, with who has set it, in each environment', () => {
    const text = hoverAt({
      ...files,
      'Eggs/app/config.fly': egg('app', 'runner {', '  conc|urrent = 2', '}'),
    });

    expect(text).toContain('In force: `2`, Eggs/app/config.fly:5');
    expect(text).toContain('With prod: `10`, Envs/prod.fly:2');
  });

  it('is told once where the environments agree', () => {
    const text = hoverAt({
      ...files,
      'Eggs/app/config.fly': egg('app', 'runner {', '  idle_time|out = "1m"', '}'),
    });

    expect(text).toContain('In force: `"1m"`, Eggs/app/config.fly:5');
    expect(text).not.toContain('With prod');
  });

  it('leads from an attribute to the patch that wins over it, and from a patch to nothing', () => {
    const own = { 'Eggs/app/config.fly': egg('app', 'runner {', '  conc|urrent = 2', '}') };
    const patch = { 'Envs/prod.fly': 'patch "egg" "app" {\n  runner { concur|rent = 10 }\n}\n' };

    expect(placesAt({ ...files, ...own })).toEqual(['Envs/prod.fly:1:24']);
    expect(placesAt({ 'Eggs/app/config.fly': egg('app'), ...patch })).toEqual([]);
  });
});
