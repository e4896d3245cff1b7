export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with one variable; the value is not repeated. */
export interface ConfigProblem {
  readonly name: string;
  readonly message: string;
}
