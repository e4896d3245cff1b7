declare const mark: unique symbol;

/** A string (or number) that is only made by the function that checked it. */
export type Brand<Value, Name extends string> = Value & { readonly [mark]: Name };

/** The one place where a checked plain value becomes a branded one. */
export function brand<Branded>(value: Branded extends Brand<infer Value, string> ? Value : never): Branded {
  return value as Branded;
}
