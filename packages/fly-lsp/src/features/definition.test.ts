// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { describe, expect, it } from 'vitest';
import { marked } from '../testing/marked.ts';
import { definition } from './definition.ts';

const names = {
  'Nest.fly': 'variable "region" {\n}\nlocals {\n  zone = "a"\n}\n',
  'Eggs/web/config.fly': 'egg "web" {\n}\n',
  'Eggs/all/config.fly': 'eggsbucket "all" {\n}\n',
  'Jobs/tidy.fly': 'job "tidy" {\n}\n',
};

function placesAt(file: string, text: string): string[] {
  const { snapshot, position } = marked({ ...names, [file]: text });
  return definition(snapshot, position).map(
    ({ uri, range: { start } }) => `${uri.replace('file:///nest/', '')}:${start.line}:${start.character}`,
  );
}

describe('go to definition', () => {
  it('finds variables and locals in other files, bare and in texts', () => {
    expect(placesAt('a.fly', 'locals {\n  x = var.reg|ion\n}\n')).toEqual(['Nest.fly:0:9']);
    expect(placesAt('a.fly', 'locals {\n  x = "${va|r.region}"\n}\n')).toEqual(['Nest.fly:0:9']);
    expect(placesAt('a.fly', 'locals {\n  x = ["${local.zone|}"]\n}\n')).toEqual(['Nest.fly:3:2']);
    expect(placesAt('a.fly', 'job "a" {\n  script = <<EOT\n    echo ${local.zo|ne}\n  EOT\n}\n')).toEqual([
      'Nest.fly:3:2',
    ]);
  });

  it('finds the Eggs and buckets that eggs_entities names', () => {
    const list = (item: string) =>
      `uglyfox {\n  runners_condition "x" {\n    eggs_entities = [${item}]\n  }\n}\n`;

    expect(placesAt('UF/config.fly', list('"w|eb"'))).toEqual(['Eggs/web/config.fly:0:4']);
    expect(placesAt('UF/config.fly', list('"web", "al|l"'))).toEqual(['Eggs/all/config.fly:0:11']);
  });

  it('finds what a patch changes and what an environment sets', () => {
    expect(placesAt('Envs/dev.fly', 'patch "job" "ti|dy" {\n}\n')).toEqual(['Jobs/tidy.fly:0:4']);
    expect(placesAt('Envs/dev.fly', 'patch "egg" "we|b" {\n}\n')).toEqual(['Eggs/web/config.fly:0:4']);
    expect(placesAt('Envs/dev.fly', 'values {\n  reg|ion = "b"\n}\n')).toEqual(['Nest.fly:0:9']);
  });

  it('finds nothing for what nobody defines', () => {
    expect(placesAt('a.fly', 'locals {\n  x = var.go|ne\n}\n')).toEqual([]);
    expect(placesAt('a.fly', 'locals {\n  x = "we|b"\n}\n')).toEqual([]);
    expect(placesAt('a.fly', '|\n')).toEqual([]);
  });
});
