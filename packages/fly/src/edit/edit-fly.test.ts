// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFly, parseFly, printFlyValue } from '../index.ts';
import { addBlock, type BlockStep, type Edited, setAttribute } from './edit-fly.ts';

const folder = fileURLToPath(new URL('../../../../specsuite/fly/original/', import.meta.url));
const samples = globSync('*.fly', { cwd: folder }).map((name) => readFileSync(`${folder}${name}`, 'utf8'));

function textOf(edited: Edited): string {
  expect(edited.kind).toBe('ok');
  return edited.kind === 'ok' ? edited.text : '';
}

const egg = `# the app
egg "app" {
  type = "vm" # a machine

  runner { concurrent = 2 }

  gitlab {
    # where it lives
    project_id = 1 # the app
  }
}
`;
const app = { kind: 'egg', labels: ['app'] };
const runner = { kind: 'runner' };

describe('setAttribute', () => {
  it('replaces a value and nothing else', () => {
    const edited = textOf(
      setAttribute(egg, { in: [app, { kind: 'gitlab' }], name: 'project_id', value: '7' }),
    );

    expect(edited).toBe(egg.replace('project_id = 1 #', 'project_id = 7 #'));
  });

  it('adds a line below the attributes of the body', () => {
    expect(textOf(setAttribute(egg, { in: [app, { kind: 'gitlab' }], name: 'server', value: '"x.y"' }))).toBe(
      egg.replace('# the app\n  }', '# the app\n    server = "x.y"\n  }'),
    );
    expect(textOf(setAttribute('', { in: [], name: 'fly', value: '1' }))).toBe('fly = 1\n\n');
  });

  it('opens a block that stands on one line', () => {
    const edited = textOf(setAttribute(egg, { in: [app, runner], name: 'locked', value: 'true' }));

    expect(edited).toBe(
      egg.replace('runner { concurrent = 2 }', 'runner {\n    concurrent = 2\n    locked = true\n  }'),
    );
    expect(textOf(setAttribute('b {}\n', { in: [{ kind: 'b' }], name: 'a', value: '1' }))).toBe(
      'b {\n  a = 1\n}\n',
    );
  });

  it('makes the blocks on the way', () => {
    const way: BlockStep[] = [{ kind: 'patch', labels: ['egg', 'app'] }, runner];

    expect(textOf(setAttribute('# prod\n', { in: way, name: 'concurrent', value: '9' }))).toBe(
      '# prod\n\npatch "egg" "app" {\n  runner {\n    concurrent = 9\n  }\n}\n',
    );
  });

  it('keeps the line ends of the file, and moves a heredoc to where it stands', () => {
    const text = 'job "a" {\r\n  script = "x"\r\n}\r\n';
    const value = printFlyValue('one\n  two\n');
    const edited = textOf(
      setAttribute(text, { in: [{ kind: 'job', labels: ['a'] }], name: 'script', value }),
    );

    expect(edited).toBe('job "a" {\r\n  script = <<-EOT\r\n  one\r\n    two\r\n  EOT\r\n}\r\n');
    expect(checkFly(parseFly(edited)).blocks[0]?.values).toMatchObject({ script: 'one\n  two\n' });
  });

  it('leaves a text alone whose structure is broken', () => {
    expect(setAttribute('egg "a" {\n', { in: [], name: 'a', value: '1' })).toEqual({ kind: 'broken' });
  });

  it('is read back as what was set, keeps every other token, and changes nothing the second time', () => {
    const value = fc.oneof(
      fc.integer({ min: 1, max: 999 }),
      fc.boolean(),
      fc.string({ maxLength: 12 }),
      fc.constant('a\nb\n'),
    );
    const tokensOf = (text: string) => {
      const { text: source, tokens } = parseFly(text);
      return Array.from({ length: tokens.count }, (_, at) =>
        source.slice(tokens.starts[at], tokens.starts[at + 1]).trim(),
      ).filter((token) => token !== '');
    };
    const text = fc
      .tuple(fc.constantFrom(...samples), fc.boolean())
      .map(([sample, isWindows]) => (isWindows ? sample.replaceAll('\n', '\r\n') : sample));
    fc.assert(
      fc.property(text, fc.constantFrom('runner', 'extra', ''), value, (sample, inner, given) => {
        const [block] = checkFly(parseFly(sample)).blocks;
        const outer = { kind: block?.kind ?? '', labels: block?.labels ?? [] };
        const way = inner === '' ? [outer] : [outer, { kind: inner }];
        const edit = { in: way, name: 'brand_new', value: printFlyValue(given) };
        const edited = textOf(setAttribute(sample, edit));

        expect(parseFly(edited).diagnostics).toEqual([]);
        expect(isSubsequence(tokensOf(sample), tokensOf(edited))).toBe(true);
        expect(textOf(setAttribute(edited, edit))).toBe(edited);
      }),
      { numRuns: runs(200) },
    );
  });
});

function isSubsequence(few: readonly string[], many: readonly string[]): boolean {
  let at = 0;
  for (const one of many) if (one === few[at]) at++;
  return at === few.length;
}

describe('addBlock', () => {
  it('adds at the end of the file, an empty line above it', () => {
    expect(textOf(addBlock(egg, { in: [], block: 'job "a" {\n}\n' }))).toBe(`${egg}\njob "a" {\n}\n`);
    expect(textOf(addBlock('', { in: [], block: 'job "a" {\n}\n' }))).toBe('job "a" {\n}\n');
    expect(textOf(addBlock('\n\n# only this', { in: [], block: 'b {\n}' }))).toBe(
      '\n\n# only this\n\nb {\n}\n',
    );
  });

  it('adds at the end of a block, indented as the block is', () => {
    const block = 'docker {\n  privileged = true\n}\n';

    expect(textOf(addBlock(egg, { in: [app], block }))).toBe(
      egg.replace(/\}\n$/, '\n  docker {\n    privileged = true\n  }\n}\n'),
    );
    expect(textOf(addBlock(egg, { in: [app, runner], block }))).toContain(
      '  runner {\n    concurrent = 2\n    docker {\n      privileged = true\n    }\n  }\n',
    );
  });

  it('makes the blocks on the way', () => {
    const edited = addBlock('', { in: [{ kind: 'uglyfox' }, { kind: 'policies' }], block: 'rule "a" {\n}' });

    expect(textOf(edited)).toBe('uglyfox {\n  policies {\n    rule "a" {\n    }\n  }\n}\n');
  });
});
