// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFly, collectScope, parseFly, printEgg } from '../index.ts';

const label = fc
  .stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)
  .filter((text) => !/^(rift|nest|mg|uf|all|default)$/.test(text));

/** Attributes of a runner with a value of another type, and what the message has to say. */
const typeError = fc.constantFrom(
  { name: 'concurrent', value: '"3"', wanted: 'whole number', found: 'text' },
  { name: 'concurrent', value: 'true', wanted: 'whole number', found: 'true' },
  { name: 'concurrent', value: '1.5', wanted: 'whole number', found: 'fraction' },
  { name: 'tags', value: '"docker"', wanted: 'list', found: 'text' },
  { name: 'tags', value: '[1]', wanted: 'text', found: 'number' },
  { name: 'locked', value: '"yes"', wanted: 'true or false', found: 'text' },
  { name: 'image', value: '["a"]', wanted: 'text', found: 'list' },
  { name: 'image', value: '{ a = 1 }', wanted: 'text', found: 'map' },
  { name: 'executor', value: '7', wanted: 'one of "docker", "shell"', found: 'number' },
);

describe('the checker', () => {
  it('Feature: gitops-runner-orchestration, Property 2: a type error is told with its place and both types', () => {
    fc.assert(
      fc.property(
        label,
        fc.nat(20),
        typeError,
        (name, blankLines, { name: attribute, value, wanted, found }) => {
          const text = `${'\n'.repeat(blankLines)}egg "${name}" {\n  type = "vm"\n  gitlab { project_id = 1 }\n  runner {\n    ${attribute} = ${value}\n  }\n}\n`;
          const diagnostics = checkFly(parseFly(text, { file: 'a.fly' })).diagnostics;

          expect(diagnostics).toHaveLength(1);
          expect(diagnostics[0]).toMatchObject({ code: 'FLY031', file: 'a.fly', path: `egg.${name}.runner` });
          expect(diagnostics[0]?.range.start.line).toBe(blankLines + 5);
          expect(diagnostics[0]?.message).toContain(wanted);
          expect(diagnostics[0]?.message).toContain(found);
        },
      ),
      { numRuns: runs(200) },
    );
  });

  it('Feature: gitops-runner-orchestration, Property 4: references are replaced by the values they name', () => {
    const value = fc.string({ maxLength: 20 }).map((text) => text.replaceAll(/["\\$\p{C}]/gu, ''));
    fc.assert(
      fc.property(value, value, fc.integer({ min: 1, max: 1000 }), (branch, image, count) => {
        const nest = parseFly(
          `variable "branch" { default = "${branch}" }\nvariable "count" {\n  type = "int"\n  default = ${count}\n}\nlocals {\n  image = "${image}:\${var.branch}"\n}\n`,
        );
        const egg = parseFly(
          'egg "app" {\n  type = "vm"\n  gitlab { project_id = 1 }\n  runner {\n    concurrent = var.count\n    image = local.image\n    tags = ["on-${var.branch}", "${egg.name}"]\n  }\n}\n',
        );
        const scope = collectScope([nest, egg], { isComplete: true });
        const checked = checkFly(egg, { scope });

        expect(checkFly(nest, { scope }).diagnostics).toEqual([]);
        expect(checked.diagnostics).toEqual([]);
        expect(checked.blocks[0]?.values).toMatchObject({
          runner: { concurrent: count, image: `${image}:${branch}`, tags: [`on-${branch}`, 'app'] },
        });
      }),
      { numRuns: runs(200) },
    );
  });

  it('lets an environment set a variable, and reports a name that no file defines', () => {
    const nest = parseFly('variable "env" { default = "dev" }\n');
    const job = parseFly('job "a" {\n  schedule = "0 0 * * *"\n  script = "${var.env} ${var.evn}"\n}\n');
    const scope = collectScope([nest, job], { isComplete: true, values: { env: 'prod' } });

    expect(checkFly(job, { scope }).diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'FLY070 there is no "evn" to refer to; did you mean env?',
    ]);
    expect(scope.lookup(['var', 'env'])).toEqual({ kind: 'value', value: 'prod' });
  });

  it('leaves ${NAME} of a heredoc to the shell and takes $${ as literal text', () => {
    const text =
      'job "a" {\n  schedule = "0 0 * * *"\n  script = <<-EOT\n  ${HOME} ${x:-y} ${a[0]} $${var.x} ${job.name}\n  EOT\n}\n';
    const checked = checkFly(parseFly(text));

    expect(checked.diagnostics).toEqual([]);
    expect(checked.blocks[0]?.values).toMatchObject({ script: '${HOME} ${x:-y} ${a[0]} ${var.x} a\n' });
  });

  it('finds circles and chains of locals wherever they start, once', () => {
    const chain = Array.from({ length: 2000 }, (_, index) => `  a${index} = "\${local.a${index + 1}}"`).join(
      '\n',
    );
    const circle = checkFly(parseFly('locals {\n  b = local.c\n  c = [local.d]\n  d = { x = local.b }\n}\n'));
    const doubling = Array.from(
      { length: 40 },
      (_, index) => `  d${index + 1} = "\${local.d${index}}\${local.d${index}}"`,
    ).join('\n');

    expect(circle.diagnostics.map((diagnostic) => diagnostic.code)).toEqual(['FLY073']);
    expect(checkFly(parseFly(`locals {\n${chain}\n  a2000 = "x"\n}\n`)).diagnostics.length).toBeGreaterThan(
      0,
    );
    expect(
      checkFly(parseFly(`locals {\n  d0 = "xxxxxxxx"\n${doubling}\n}\n`)).diagnostics.map(({ code }) => code),
    ).toContain('FLY094');
  });

  it('Feature: gitops-runner-orchestration, Property 6: an invalid Egg is rejected, the valid one it came from is not', () => {
    const breakage = fc.constantFrom(
      ['project_id = 7', ''],
      ['project_id = 7', 'project_id = 7\n    group_id = 8'],
      ['type = "vm"', 'type = "metal"'],
      ['type = "vm"', ''],
      ['type = "vm"', 'type = "vm'],
      ['gitlab {', 'gitlab'],
      ['gitlab {', 'gitlba {'],
      ['concurrent = 2', 'concurrent = 0'],
      ['concurrent = 2', 'concurent = 2'],
      ['concurrent = 2', 'concurrent = 2 3'],
    ) as fc.Arbitrary<readonly [string, string]>;
    fc.assert(
      fc.property(label, breakage, (name, [from, to]) => {
        const valid = printEgg(name, { type: 'vm', runner: { concurrent: 2 }, gitlab: { project_id: 7 } });
        const rejected = checkFly(parseFly(valid.replace(from, to)));

        expect(checkFly(parseFly(valid)).diagnostics).toEqual([]);
        expect(rejected.diagnostics.some((diagnostic) => diagnostic.severity === 'error')).toBe(true);
        expect(rejected.blocks.every((block) => !block.isValid)).toBe(true);
      }),
      { numRuns: runs(200) },
    );
  });

  it('removes by null only in a patch', () => {
    const patch = checkFly(parseFly('patch "egg" "a" {\n  runner { image = null }\n}\n'));
    const egg = checkFly(parseFly('egg "a" {\n  type = null\n  gitlab { project_id = 1 }\n}\n'));

    expect(patch.diagnostics).toEqual([]);
    expect(patch.blocks[0]?.values).toEqual({ runner: { image: null } });
    expect(egg.diagnostics.map(({ code }) => code)).toEqual(['FLY031']);
  });

  it('checks the bodies of defaults and patches as those of their kind, with nothing required', () => {
    const text =
      'defaults "egg" {\n  runner { idle_timeout = "5m" }\n}\npatch "eg" "a" {}\npatch "job" "b" {\n  scedule = "x"\n}\n';
    const checked = checkFly(parseFly(text));

    expect(checked.blocks[0]?.values).toEqual({ runner: { idle_timeout: 300_000 } });
    expect(checked.diagnostics.map(({ code }) => code)).toEqual(['FLY032', 'FLY030', 'FLY036']);
  });
});
