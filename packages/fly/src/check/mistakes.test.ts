// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { describe, expect, it } from 'vitest';
import { applyEdits, checkFly, parseFly } from '../index.ts';

const base = `# Egg of the shop
egg "shop" {
  type = "vm"

  cloud {
    provider = "yandex"
    region   = "ru-central1-a"
  }

  resources {
    cpu    = 4
    memory = 8192
    disk   = 40
  }

  runner {
    tags         = ["docker", "linux"]
    concurrent   = 3
    idle_timeout = "10m"
    pre_build_script = <<-EOT
      set -eu
      echo ready
    EOT
  }

  gitlab {
    server     = "gitlab.com"
    project_id = 12345
  }

  environment {
    DOCKER_DRIVER = "overlay2"
    CACHE         = "\${egg.name}-cache"
  }
}

egg "blog" {
  type = "vm"

  runner {
    tags = ["docker"]
    pre_build_script = <<-EOT
      date
    EOT
  }

  gitlab {
    group_id = 789
  }
}

job "nightly" {
  schedule = "0 2 * * *"
  script   = "gosling rotate-tokens --all"
}
`;

interface Mistake {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly code: string;
  /** Text on the line that has to be accused, as it is after the mistake. */
  readonly at: string;
}

const mistake = (
  name: string,
  [from, to]: readonly [string, string],
  [code, at]: readonly [string, string],
) => ({ name, from, to, code, at }) satisfies Mistake;

/** One mistake of structure each: the 18 kinds of the research and some more. */
const structure: readonly Mistake[] = [
  mistake('a quote forgotten at the end', ['"gitlab.com"\n', '"gitlab.com\n'], ['FLY002', 'gitlab.com']),
  mistake(
    'a quote forgotten in a list',
    ['["docker", "linux"]', '["docker, "linux"]'],
    ['FLY002', 'docker, '],
  ),
  mistake('a quote forgotten at the start', ['= "overlay2"', '= overlay2"'], ['FLY002', 'overlay2']),
  mistake('an interpolation not closed', ['${egg.name}-cache', '${egg.name-cache'], ['FLY072', '${egg.name']),
  mistake('a nested } forgotten', ['    disk   = 40\n  }\n', '    disk   = 40\n'], ['FLY020', 'resources {']),
  mistake(
    'the last } of a block forgotten',
    ['overlay2"\n    CACHE         = "${egg.name}-cache"\n  }\n}\n', 'overlay2"\n  }\n'],
    ['FLY020', 'egg "shop"'],
  ),
  mistake(
    'a } too much inside',
    ['    disk   = 40\n  }\n', '    disk   = 40\n  }\n  }\n'],
    ['FLY021', '  }'],
  ),
  mistake('a } too much at the end', ['--all"\n}\n', '--all"\n}\n}\n'], ['FLY021', '}']),
  mistake('a ] forgotten', ['["docker", "linux"]', '["docker", "linux"'], ['FLY026', 'tags         = [']),
  mistake(
    'a heredoc without its end',
    ['      echo ready\n    EOT\n', '      echo ready\n'],
    ['FLY010', 'pre_build_script = <<-EOT'],
  ),
  mistake('a { forgotten', ['  resources {', '  resources'], ['FLY022', 'resources']),
  mistake('a { on the next line', ['  resources {', '  resources\n  {'], ['FLY022', 'resources']),
  mistake('= forgotten before a number', ['concurrent   = 3', 'concurrent   3'], ['FLY023', 'concurrent']),
  mistake('= forgotten before text', ['server     = ', 'server     '], ['FLY023', 'server']),
  mistake('= forgotten before a list', ['tags         = [', 'tags         ['], ['FLY023', 'tags']),
  mistake(': for =', ['concurrent   = 3', 'concurrent: 3'], ['FLY023', 'concurrent']),
  mistake('a value forgotten', ['concurrent   = 3', 'concurrent   ='], ['FLY025', 'concurrent']),
  mistake('a comma forgotten', ['"docker", "linux"', '"docker" "linux"'], ['FLY027', 'linux']),
  mistake('two attributes on one line', ['cpu    = 4\n', 'cpu    = 4 '], ['FLY028', 'cpu']),
  mistake('single quotes', ['"overlay2"', "'overlay2'"], ['FLY029', 'overlay2']),
  mistake('a function', ['"overlay2"', 'lower("OVERLAY2")'], ['FLY024', 'lower']),
  mistake('a control character', ['overlay2', 'overlay2\u0001'], ['FLY005', 'overlay2']),
  mistake('a bad escape', ['overlay2', 'over\\lay2'], ['FLY004', 'lay2']),
  mistake('a comment never closed', ['# Egg of the shop', '/* Egg of the shop'], ['FLY003', '/*']),
  mistake('a stray character', ['    cpu    = 4', '    @ cpu    = 4'], ['FLY001', 'cpu']),
  mistake('a heredoc without -', ['<<-EOT\n      date', '<<EOT\n      date'], ['FLY012', '<<EOT']),
  mistake('a heredoc line too far left', ['      set -eu', '  set -eu'], ['FLY011', 'set -eu']),
  mistake('a bare word', ['"overlay2"', 'overlay2'], ['FLY031', 'overlay2']),
  mistake('a dot without a name', ['"overlay2"', 'var.'], ['FLY072', 'var.']),
  mistake('a look-alike letter', ['concurrent   =', 'c\u043encurrent   ='], ['FLY009', 'ncurrent']),
  mistake('a label without quotes', ['egg "blog"', 'egg blog'], ['FLY042', 'egg blog']),
];

/** One mistake against the schema each: the 16 kinds of the research and some more. */
const schema: readonly Mistake[] = [
  mistake('a misspelt attribute', ['concurrent ', 'concurent '], ['FLY030', 'concurent']),
  mistake(
    'a misspelt block',
    ['runner {\n    tags         ', 'runer {\n    tags         '],
    ['FLY030', 'runer'],
  ),
  mistake('a misspelt top-level block', ['job "nightly"', 'jbo "nightly"'], ['FLY030', 'jbo']),
  mistake(
    'a misspelt required block',
    ['  gitlab {\n    group', '  gitlb {\n    group'],
    ['FLY030', 'gitlb'],
  ),
  mistake(
    'an attribute in the wrong block',
    ['    cpu    = 4', '    cpu    = 4\n    tags = []'],
    ['FLY030', 'tags = []'],
  ),
  mistake('text for a number', ['concurrent   = 3', 'concurrent   = "3"'], ['FLY031', 'concurrent']),
  mistake('a number for text', ['"ru-central1-a"', '7'], ['FLY031', 'region']),
  mistake('text for a list', ['["docker"]', '"docker"'], ['FLY031', 'tags']),
  mistake('a wrong word', ['type = "vm"\n\n  cloud', 'type = "vmm"\n\n  cloud'], ['FLY032', 'vmm']),
  mistake('a number out of range', ['concurrent   = 3', 'concurrent   = 0'], ['FLY033', 'concurrent']),
  mistake('a duration without unit', ['"10m"', '10'], ['FLY034', 'idle_timeout']),
  mistake('a duration in words', ['"10m"', '"10 mins"'], ['FLY034', 'idle_timeout']),
  mistake('a duration without quotes', ['"10m"', '10m'], ['FLY034', 'idle_timeout']),
  mistake('a bad size', ['8192', '"8 gigs"'], ['FLY035', 'memory']),
  mistake('a bad cron line', ['"0 2 * * *"', '"0 25 * * *"'], ['FLY036', 'schedule']),
  mistake('a cron line that never fires', ['"0 2 * * *"', '"0 2 31 2 *"'], ['FLY036', 'schedule']),
  mistake(
    'a bad secret reference',
    ['= 12345', '= 12345\n    token_secret = "vault:/x"'],
    ['FLY037', 'token_secret'],
  ),
  mistake('an attribute twice', ['cpu    = 4', 'cpu    = 4\n    cpu    = 2'], ['FLY038', 'cpu    = 2']),
  mistake(
    'a block twice',
    ['  gitlab {\n    group', '  gitlab {\n    project_id = 3\n  }\n  gitlab {\n    group'],
    ['FLY038', 'gitlab {'],
  ),
  mistake('a name twice', ['egg "blog"', 'egg "Shop"'], ['FLY038', 'egg "Shop"']),
  mistake('a block as attribute', ['  resources {', '  resources = {'], ['FLY039', 'resources']),
  mistake(
    'an attribute as block',
    ['type = "vm"\n\n  cloud', 'type { vm = true }\n\n  cloud'],
    ['FLY039', 'type'],
  ),
  mistake('a label forgotten', ['job "nightly"', 'job'], ['FLY040', 'job']),
  mistake(
    'a label too much',
    ['runner {\n    tags = ["docker"]', 'runner "x" {\n    tags = ["docker"]'],
    ['FLY041', 'runner "x"'],
  ),
  mistake('a bad label', ['egg "blog"', 'egg "the blog"'], ['FLY042', 'the blog']),
  mistake('a required attribute absent', ['  schedule = "0 2 * * *"\n', ''], ['FLY043', 'job']),
  mistake('a required block absent', ['  gitlab {\n    group_id = 789\n  }\n', ''], ['FLY043', 'egg "blog"']),
  mistake(
    'two that exclude each other',
    ['= 12345', '= 12345\n    group_id = 5'],
    ['FLY044', 'group_id = 5'],
  ),
  mistake('none of two', ['    group_id = 789\n', ''], ['FLY045', 'gitlab {']),
  mistake('an item twice', ['"docker", "linux"', '"docker", "docker"'], ['FLY046', 'tags']),
  mistake('a reserved name', ['egg "blog"', 'egg "Default"'], ['FLY047', 'Default']),
  mistake('an address for a host', ['"gitlab.com"', '"https://gitlab.com"'], ['FLY048', 'server']),
  mistake('an unknown root', ['${egg.name}', '${eg.name}'], ['FLY070', '${eg.name}']),
  mistake('a token in the clear', ['"overlay2"', '"glpat-abcdefghijklmnopqrst"'], ['FLY101', 'glpat']),
];

function findings(text: string) {
  return checkFly(parseFly(text)).diagnostics;
}

function lineNumbers(text: string, part: string): number[] {
  return text.split('\n').flatMap((line, index) => (line.includes(part) ? [index + 1] : []));
}

describe('one mistake, one diagnostic', () => {
  it('starts from a file without any', () => {
    expect(findings(base)).toEqual([]);
  });

  it.each([...structure, ...schema])('$name: $code', ({ from, to, code, at }) => {
    const text = base.replace(from, to);
    const found = findings(text);

    expect(text).not.toBe(base);
    expect(found.map((diagnostic) => `${diagnostic.code} ${diagnostic.message}`)).toEqual([
      expect.stringContaining(code),
    ]);
    expect(lineNumbers(text, at)).toContain(found[0]?.range.start.line);
  });

  it.each([...structure, ...schema])('a safe fix of "$name" removes it and adds none', ({ from, to }) => {
    const text = base.replace(from, to);
    const fixes = findings(text).flatMap((diagnostic) => diagnostic.fixes);

    for (const fix of fixes.filter((candidate) => candidate.safety === 'safe')) {
      expect(findings(applyEdits(text, fix.edits))).toEqual([]);
    }
  });

  it('offers a suggestion or a fix for at least three of four mistakes', () => {
    const all = [...structure, ...schema].map(({ from, to }) => findings(base.replace(from, to))[0]);
    const helpful = all.filter((found) => (found?.fixes.length ?? 0) + (found?.notes.length ?? 0) > 0);

    expect(helpful.length / all.length).toBeGreaterThanOrEqual(0.75);
  });

  it('reports each of five mistakes in one file, and nothing else', () => {
    const text = base
      .replace('"gitlab.com"\n', '"gitlab.com\n')
      .replace('["docker"]', '["docker"')
      .replace('cpu    = 4', 'cpu    4')
      .replace('"0 2 * * *"', '"0 25 * * *"')
      .replace('= "yandex"', '= "yandx"');

    expect(findings(text).map((diagnostic) => diagnostic.code)).toEqual([
      'FLY032',
      'FLY023',
      'FLY002',
      'FLY026',
      'FLY036',
    ]);
  });

  it('never blames a healthy block for a brace of another', () => {
    const text = base.replace('    disk   = 40\n  }\n', '    disk   = 40\n');
    const blocks = checkFly(parseFly(text)).blocks;

    expect(blocks.map((block) => [block.name, block.isValid])).toEqual([
      ['shop', false],
      ['blog', true],
      ['nightly', true],
    ]);
  });
});
