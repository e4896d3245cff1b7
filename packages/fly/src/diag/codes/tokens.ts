import { type CodeEntry, eggWith, fileOf, jobWith } from './entry.ts';

const script = 'script = "gosling list eggs"';

/** FLY001–019: characters and tokens. */
export const tokenCodes = {
  FLY001: {
    severity: 'error',
    title: 'unexpected character',
    why: 'A line starts with the name of an attribute or of a block; nothing else has a meaning there.',
    wrong: jobWith('@ script = "date"', script),
    right: jobWith(script),
  },
  FLY002: {
    severity: 'error',
    title: 'string not closed',
    why: 'A string ends on the line it starts on, so a forgotten quote never swallows what follows. Longer text stands in a heredoc.',
    wrong: jobWith('script = "gosling list eggs'),
    right: jobWith(script),
  },
  FLY003: {
    severity: 'error',
    title: 'comment not closed',
    why: 'A comment that starts with /* ends with */; such comments do not nest.',
    wrong: fileOf('/* rotates the tokens', ...jobWith(script).trimEnd().split('\n')),
    right: fileOf('/* rotates the tokens */', ...jobWith(script).trimEnd().split('\n')),
  },
  FLY004: {
    severity: 'error',
    title: 'unknown escape',
    why: 'The escapes are \\" \\\\ \\n \\t \\r and \\u{1F600}. A backslash itself is written \\\\.',
    wrong: jobWith('script = "grep \\d+ list"'),
    right: jobWith('script = "grep \\\\d+ list"'),
  },
  FLY005: {
    severity: 'error',
    title: 'control character',
    why: 'Control characters are invisible and change how terminals and reviews show a file.',
    wrong: jobWith('script = "date\u0007"'),
    right: jobWith('script = "date"'),
  },
  FLY006: {
    severity: 'error',
    title: 'not UTF-8',
    why: 'A Fly file is UTF-8. Save it in that encoding, or remove the damaged character.',
    wrong: jobWith('script = "date \ufffd"'),
    right: jobWith('script = "date"'),
  },
  FLY007: {
    severity: 'error',
    title: 'lone carriage return',
    why: 'Lines end with LF or CRLF. A carriage return alone hides what stands before it.',
    wrong: jobWith(`${script} # first\r# second`),
    right: jobWith(`${script} # first`, '# second'),
  },
  FLY008: {
    severity: 'error',
    title: 'invisible character',
    why: 'Bidirectional controls and Unicode line separators can make a reviewer read something else than what is run ("Trojan source").',
    wrong: jobWith('script = "date" # \u202e gnihton'),
    right: jobWith('script = "date" # nothing'),
  },
  FLY009: {
    severity: 'error',
    title: 'look-alike letter in a name',
    why: 'Names are ASCII, so that two names which look the same are the same.',
    wrong: jobWith('s\u0441ript = "date"'),
    right: jobWith('script = "date"'),
  },
  FLY010: {
    severity: 'error',
    title: 'heredoc not closed',
    why: 'A heredoc ends with a line that holds only its tag.',
    wrong: jobWith('script = <<-EOT', '  date'),
    right: jobWith('script = <<-EOT', '  date', 'EOT'),
  },
  FLY011: {
    severity: 'error',
    title: 'heredoc line indented too little',
    why: 'The indentation of the closing tag is taken from every line of the body, so no line may have less.',
    wrong: jobWith('script = <<-EOT', '    date', ' uptime', '    EOT'),
    right: jobWith('script = <<-EOT', '    date', '    uptime', '    EOT'),
  },
  FLY012: {
    severity: 'error',
    title: 'heredoc opened in another way',
    why: "A heredoc starts with <<-TAG (or <<-'TAG' without interpolation) at the end of its line; the tag is upper case.",
    wrong: jobWith('script = <<EOT', 'date', 'EOT'),
    right: eggWith('runner {', '  pre_build_script = <<-EOT', '  date', '  EOT', '}'),
  },
} as const satisfies Record<string, CodeEntry>;
