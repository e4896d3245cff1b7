/** Limits that the authors of a Nest cannot change; absent: not limited. */
export interface Limits {
  /** The first that names an Egg holds for it; an Egg that none names is refused. Absent: every Egg may be. */
  readonly rules?: readonly LimitRule[];
  /** All Eggs together. */
  readonly machines?: number;
  readonly machinesPerDay?: number;
  readonly moneyPerDay?: number;
  /** Of one machine for one hour, by its type, in the currency of the limits. */
  readonly prices: Readonly<Record<string, number>>;
}

/** In texts `*` stands for any characters, in each place. */
export interface LimitRule {
  readonly name: string;
  /** Names of Eggs. */
  readonly eggs: readonly string[];
  readonly clouds?: readonly string[];
  readonly regions?: readonly string[];
  readonly types?: readonly string[];
  readonly instanceTypes?: readonly string[];
  /** Container images of jobs. */
  readonly images?: readonly string[];
  /** Images that machines boot from. */
  readonly machineImages?: readonly string[];
  readonly secretPrefixes?: readonly string[];
  /** Of each Egg. */
  readonly machines?: number;
  readonly machinesPerDay?: number;
  readonly moneyPerDay?: number;
}

/** What of an Egg breaks which limit. */
export interface LimitViolation {
  /** As in the file: `rules.NAME.regions`. */
  readonly rule: string;
  readonly detail: string;
  /** Where the Egg says it, as a path in its block. */
  readonly path: readonly (string | number)[];
}

/** Does the text have the form? `*` stands for any characters, none too; all else for itself. */
export function isLike(text: string, form: string): boolean {
  const [first = '', ...rest] = form.split('*');
  if (rest.length === 0) return text === form;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= end;
}
