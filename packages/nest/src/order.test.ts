// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { NestFile } from './nest-read.ts';
import { readNest } from './read-nest.ts';

const anEgg = (name: string, project: number, ...lines: readonly string[]) =>
  [`egg "${name}" {`, '  type = "vm"', `  gitlab { project_id = ${project} }`, ...lines, '}', ''].join('\n');

/** Files that use one another, agree, quarrel, or are broken. */
const pieces: readonly NestFile[] = [
  { path: 'Nest.fly', text: 'variable "env" { default = "dev" }\nlocals { image = "alpine:${var.env}" }\n' },
  {
    path: 'MG/config.fly',
    text: 'mothergoose {\n  cloud {\n    provider = "aws"\n    region = "eu-central-1"\n  }\n}\n',
  },
  {
    path: 'UF/config.fly',
    text: 'uglyfox {\n  runners_condition "all" {\n    eggs_entities = ["one", "nobody"]\n  }\n}\n',
  },
  { path: 'Defaults/egg.fly', text: 'defaults "egg" {\n  runner { tags = ["shared"] }\n}\n' },
  {
    path: 'Envs/prod.fly',
    text: 'values { env = "prod" }\npatch "egg" "one" {\n  runner { concurrent = 7 }\n}\n',
  },
  { path: 'Eggs/one/config.fly', text: anEgg('one', 1, '  runner { image = "${local.image}" }') },
  { path: 'Eggs/two/config.fly', text: anEgg('two', 1) },
  { path: 'Eggs/again/config.fly', text: anEgg('ONE', 3) },
  { path: 'Eggs/typo/config.fly', text: anEgg('typo', 4, '  runner { tgas = ["x"] }') },
  { path: 'Eggs/lost/config.fly', text: anEgg('lost', 5, '  runner { tags = ["${var.nope}"] }') },
  {
    path: 'Jobs/nightly.fly',
    text: 'job "nightly" {\n  schedule = "0 2 * * *"\n  script = "echo ${var.env}"\n}\n',
  },
];

it('P7: the order of the files of a Nest changes no Egg and no finding', () => {
  const nest = fc.subarray([...pieces], { minLength: 2 });
  const environment = fc.constantFrom(undefined, 'prod');
  fc.assert(
    fc.property(
      nest.chain((files) =>
        fc.tuple(fc.constant(files), fc.shuffledSubarray(files, { minLength: files.length })),
      ),
      environment,
      ([files, shuffled], name) => {
        const read = (list: readonly NestFile[]) => {
          const found = readNest(list, {
            embedded: true,
            ...(name === undefined ? {} : { environment: name }),
          });
          return {
            eggs: found.eggs.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
            uglyfox: found.uglyfox,
            jobs: found.jobs,
            findings: found.diagnostics
              .map(({ file, range, code, message }) => `${file}:${range.start.line} ${code} ${message}`)
              .toSorted(),
          };
        };

        expect(read(shuffled)).toEqual(read(files));
      },
    ),
  );
});
