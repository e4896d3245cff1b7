import { type JobWhen, jobWhens, type RetryRule } from './ci-config.ts';
import { failureReasons } from './retry-policy.ts';

/** Reads values of a parsed YAML tree and collects what is wrong, with GitLab's way of naming the place. */
export class CiReader {
  readonly problems: string[] = [];

  problem(at: string, text: string): void {
    this.problems.push(at === '' ? text : `${at} ${text}`);
  }

  onlyKeys(at: string, record: object, known: readonly string[]): void {
    const unknown = Object.keys(record).filter((key) => !known.includes(key));
    if (unknown.length > 0) {
      this.problem(
        at,
        `config contains keys the simulator does not know: ${unknown.join(', ')} (it knows ${known.join(', ')})`,
      );
    }
  }

  record(at: string, value: unknown): Readonly<Record<string, unknown>> {
    if (isRecord(value)) return value;
    this.problem(at, at === '' ? 'config should be a hash' : 'should be a hash');
    return {};
  }

  text(at: string, value: unknown): string | undefined {
    if (value === undefined || typeof value === 'string') return value;
    this.problem(at, 'should be a string');
    return undefined;
  }

  flag(at: string, value: unknown): boolean | undefined {
    if (value === undefined || typeof value === 'boolean') return value;
    this.problem(at, 'should be a boolean');
    return undefined;
  }

  texts(at: string, value: unknown): string[] | undefined {
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    this.problem(at, 'should be an array of strings');
    return undefined;
  }

  /** A line, a list of lines, or lists in the list (up to 10 deep, as GitLab). */
  script(at: string, value: unknown): string[] | undefined {
    if (value === undefined) return undefined;
    const lines = typeof value === 'string' ? [value] : value;
    if (Array.isArray(lines)) {
      const flat: unknown[] = lines.flat(10);
      if (flat.every((line) => typeof line === 'string')) return flat;
    }
    this.problem(at, 'should be a string or a nested array of strings up to 10 levels deep');
    return undefined;
  }

  count(at: string, value: unknown, range: { min: number; max: number }): number | undefined {
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= range.min && value <= range.max) {
      return value;
    }
    this.problem(at, `should be a number from ${range.min} to ${range.max}`);
    return undefined;
  }

  when(at: string, value: unknown): JobWhen {
    const known = jobWhens.find((word) => word === (value ?? 'on_success'));
    if (known === undefined) this.problem(at, `should be one of: ${jobWhens.join(', ')}`);
    return known ?? 'on_success';
  }

  retry(at: string, value: unknown): RetryRule {
    if (value === undefined) return { max: 0, when: [] };
    if (typeof value === 'number')
      return { max: this.count(at, value, { min: 0, max: 2 }) ?? 0, when: ['always'] };
    const record = this.record(at, value);
    this.onlyKeys(at, record, ['max', 'when']);
    const word = record['when'] ?? 'always';
    const when = this.texts(`${at}:when`, typeof word === 'string' ? [word] : word) ?? [];
    const known: readonly string[] = ['always', ...failureReasons];
    const unknown = when.filter((reason) => !known.includes(reason));
    if (unknown.length > 0) this.problem(`${at}:when`, `contains unknown values: ${unknown.join(', ')}`);
    return { max: this.count(`${at}:max`, record['max'], { min: 0, max: 2 }) ?? 0, when };
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
