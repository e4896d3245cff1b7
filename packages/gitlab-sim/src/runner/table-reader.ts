/** Reads one TOML table; notes what is wrong and which keys nobody asked for. */
export class TableReader {
  readonly #path: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #problems: string[];
  readonly #read = new Set<string>();

  constructor(path: string, values: unknown, problems: string[]) {
    this.#path = path;
    this.#values = isTable(values) ? values : {};
    this.#problems = problems;
  }

  problem(key: string, text: string): void {
    this.#problems.push(`${this.#path}${key} ${text}`);
  }

  text(key: string): string | undefined {
    const value = this.#take(key);
    if (value === undefined || typeof value === 'string') return value;
    this.problem(key, 'should be a string');
    return undefined;
  }

  /** A string that says something; an empty one counts as absent. */
  filled(key: string): string | undefined {
    return this.text(key) || undefined;
  }

  /** A string that must be there. */
  required(key: string): string {
    const value = this.filled(key);
    if (value === undefined) this.problem(key, 'is missing');
    return value ?? '';
  }

  integer(key: string, range: { min: number }): number | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= range.min) return value;
    this.problem(key, `should be a whole number, at least ${range.min}`);
    return undefined;
  }

  /** A number where 0 and absence mean "the usual". */
  count(key: string, usual: number): number {
    return this.integer(key, { min: 0 }) || usual;
  }

  flag(key: string): boolean | undefined {
    const value = this.#take(key);
    if (value === undefined || typeof value === 'boolean') return value;
    this.problem(key, 'should be true or false');
    return undefined;
  }

  texts(key: string): string[] | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    this.problem(key, 'should be a list of strings');
    return undefined;
  }

  tables(key: string): TableReader[] {
    const value = this.#take(key);
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every(isTable)) {
      return value.map(
        (table, index) => new TableReader(`${this.#path}${key}[${index}].`, table, this.#problems),
      );
    }
    this.problem(key, 'should be a list of tables');
    return [];
  }

  /** Reports every key that was neither read nor is in `passive`. */
  refuseOthers(passive: readonly string[]): void {
    for (const key of Object.keys(this.#values)) {
      if (!this.#read.has(key) && !passive.includes(key)) this.problem(key, 'is unknown');
    }
  }

  #take(key: string): unknown {
    this.#read.add(key);
    return this.#values[key];
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
