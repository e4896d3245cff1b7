// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { type CodeEntry, eggWith, fileOf, jobWith } from './entry.ts';

const script = 'script = "date"';
const tooDeep = `${'['.repeat(40)}${']'.repeat(40)}`;

/** FLY020–029: structure, and FLY090–094: limits. */
export const structureCodes = {
  FLY020: {
    severity: 'error',
    title: '{ never closed',
    why: 'Each { needs its }. In a file whose braces do not match, indentation decides which block is meant.',
    wrong: eggWith('runner {', '  concurrent = 3'),
    right: eggWith('runner {', '  concurrent = 3', '}'),
  },
  FLY021: {
    severity: 'error',
    title: '} too much',
    why: 'This } closes nothing, or closes its block too early.',
    wrong: fileOf(...jobWith(script).trimEnd().split('\n'), '}'),
    right: jobWith(script),
  },
  FLY022: {
    severity: 'error',
    title: '{ absent',
    why: 'The { of a block stands on the line of its name and labels.',
    wrong: fileOf('job "nightly"', '{', '  schedule = "0 2 * * *"', `  ${script}`, '}'),
    right: jobWith(script),
  },
  FLY023: {
    severity: 'error',
    title: '= absent',
    why: 'An attribute is written name = value, a block name { … }.',
    wrong: jobWith('script: "date"'),
    right: jobWith(script),
  },
  FLY024: {
    severity: 'error',
    title: 'no functions',
    why: 'Nothing is computed in Fly: a reviewer sees the value that will be used. Repetition goes to defaults, variation to Envs/, composition to ${var.name}.',
    wrong: jobWith('script = upper("date")'),
    right: jobWith('script = "DATE"'),
  },
  FLY025: {
    severity: 'error',
    title: 'value absent',
    why: 'After = a value stands on the same line: a string, number, true, false, list, map or reference.',
    wrong: jobWith('script ='),
    right: jobWith(script),
  },
  FLY026: {
    severity: 'error',
    title: '[ never closed',
    why: 'Each [ needs its ].',
    wrong: eggWith('runner {', '  tags       = ["docker", "linux"', '  concurrent = 3', '}'),
    right: eggWith('runner {', '  tags       = ["docker", "linux"]', '  concurrent = 3', '}'),
  },
  FLY027: {
    severity: 'error',
    title: 'comma',
    why: 'The items of a list are separated by commas; a comma after the last one is allowed.',
    wrong: eggWith('runner { tags = ["docker" "linux"] }'),
    right: eggWith('runner { tags = ["docker", "linux"] }'),
  },
  FLY028: {
    severity: 'error',
    title: 'new line expected',
    why: 'One attribute or block per line; only a single attribute may stand on the line of its block.',
    wrong: jobWith(`${script} runner { type = "vm" }`),
    right: jobWith(script, 'runner { type = "vm" }'),
  },
  FLY029: {
    severity: 'error',
    title: 'single quotes',
    why: 'Strings stand in double quotes. (Text inside a rule stands in single quotes.)',
    wrong: jobWith("script = 'date'"),
    right: jobWith(script),
  },
  FLY090: {
    severity: 'error',
    title: 'nested too deep',
    why: 'Blocks, lists and maps are nested at most 32 deep, so that no file can exhaust the reader.',
    wrong: `locals {\n  deep = ${tooDeep}\n}\n`,
    right: 'locals {\n  deep = [[["three"]]]\n}\n',
  },
  FLY091: {
    severity: 'error',
    title: 'file too big',
    why: 'A file of a Nest may have 1 MiB, and no text more than 8 MiB; split it into one file per Egg.',
    wrong: `${jobWith(script)}# ${'x'.repeat(8 << 20)}\n`,
    right: jobWith(script),
  },
  FLY092: {
    severity: 'error',
    title: 'text too long',
    why: 'Limits: a name 128 characters, a string 64 KiB, a heredoc 256 KiB. Put long scripts into the image or the repository.',
    wrong: jobWith(`script = "${'x'.repeat(70_000)}"`),
    right: jobWith(script),
  },
  FLY093: {
    severity: 'error',
    title: 'too many items',
    why: 'A list, map or block has at most 10,000 items.',
    wrong: `locals {\n  many = [${'1, '.repeat(10_001)}]\n}\n`,
    right: 'locals {\n  many = [1, 2, 3]\n}\n',
  },
  FLY094: {
    severity: 'error',
    title: 'expands too far',
    why: 'A value has at most 1 MiB after its references are filled in, and at most 256 of them.',
    wrong: `locals {\n  a = "x"\n  b = "${'${local.a}'.repeat(300)}"\n}\n`,
    right: 'locals {\n  a = "x"\n  b = "${local.a}"\n}\n',
  },
} as const satisfies Record<string, CodeEntry>;
