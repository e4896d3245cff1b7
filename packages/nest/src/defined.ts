/** Leaves out what is `undefined`, so that an absent value is an absent key. */
export function defined<Values extends object>(
  values: Values,
): { readonly [Key in keyof Values]?: Exclude<Values[Key], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  // `fromEntries` forgets the names and types that the filter keeps.
  return Object.fromEntries(entries) as { [Key in keyof Values]?: Exclude<Values[Key], undefined> };
}
