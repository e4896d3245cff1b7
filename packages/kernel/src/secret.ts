const values = new WeakMap<Secret, string>();
const shown = '[secret]';

/**
 * A secret value from the moment it is read. Printing, JSON and inspection show `[secret]`;
 * `reveal()` is called only in the call that sends it.
 */
export class Secret {
  constructor(value: string) {
    values.set(this, value);
  }

  reveal(): string {
    return values.get(this) ?? '';
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return shown;
  }
}

/** The plain text of a secret or of a plain string. */
export function revealOf(value: Secret | string): string {
  return typeof value === 'string' ? value : value.reveal();
}
