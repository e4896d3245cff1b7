export interface CiVariable {
  readonly key: string;
  readonly value: string;
}
