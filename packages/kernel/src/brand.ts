declare const mark: unique symbol;

/** A string that is only made by the function that checked it. */
export type Brand<Value, Name extends string> = Value & { readonly [mark]: Name };

/** The one place where a checked plain string becomes a branded one. */
export function brand<Branded extends Brand<string, string>>(value: string): Branded {
  return value as Branded;
}
