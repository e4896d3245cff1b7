/** One thing that a backend tells of itself to `gosling doctor`. */
export interface SelfCheck {
  /** `reach`, `rights`, `clock`, … */
  readonly name: string;
  readonly ok: boolean;
  /** What was seen; never a value. */
  readonly detail: string;
  /** What to do about it; absent when all is well. */
  readonly fix?: string;
}
