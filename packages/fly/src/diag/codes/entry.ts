export type Severity = 'error' | 'warning' | 'info';

/** What a code means; `wrong` and `right` are whole files, so that tests can run them. */
export interface CodeEntry {
  readonly severity: Severity;
  readonly title: string;
  readonly why: string;
  readonly wrong: string;
  readonly right: string;
  /** Found across files, by the package that reads a whole Nest; the others are found in one file. */
  readonly phase?: 'nest';
}

/** A small valid job with these lines in it, as an example. */
export function jobWith(...lines: readonly string[]): string {
  return fileOf('job "nightly" {', '  schedule = "0 2 * * *"', ...lines.map((line) => `  ${line}`), '}');
}

/** A small valid Egg with these lines in it, as an example. */
export function eggWith(...lines: readonly string[]): string {
  return fileOf(
    'egg "my-app" {',
    '  type = "vm"',
    '  gitlab { project_id = 12345 }',
    ...lines.map((line) => `  ${line}`),
    '}',
  );
}

/** An UglyFox configuration with one policy rule, as an example. */
export function ruleWith(condition: string): string {
  return fileOf(
    'uglyfox {',
    '  policies {',
    '    rule "old" {',
    `      condition = "${condition}"`,
    '      action    = "terminate"',
    '    }',
    '  }',
    '}',
  );
}

export function fileOf(...lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
