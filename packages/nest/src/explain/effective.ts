/** A place in a file of the Nest that sets a value. */
export interface FileOrigin {
  readonly kind: 'file';
  /** The block that holds it: the Egg's own, or what lies under or over it, or what it refers to. */
  readonly layer:
    | 'block'
    | 'defaults'
    | 'patch'
    | 'mothergoose'
    | 'uglyfox'
    | 'variable'
    | 'local'
    | 'values';
  readonly file: string;
  readonly line: number;
  readonly col: number;
}

/** No file sets it: what holds then, in words. */
export interface BuiltInOrigin {
  readonly kind: 'built-in';
  readonly why: string;
}

export type Origin = FileOrigin | BuiltInOrigin;

/** A name that a value is made of, and where that was set. */
export interface Through {
  /** As `var.region`. */
  readonly name: string;
  readonly origin: Origin;
}

/** One value of an Egg as it is in force. */
export interface EffectiveValue {
  /** As `runner.idle_timeout`. */
  readonly path: string;
  /** As Fly writes it: references to secrets as references, nothing secret in the clear. Absent: nothing is set. */
  readonly text?: string;
  readonly origin: Origin;
  /** References the value is made of, those of locals included. */
  readonly through: readonly Through[];
  /** Why the value in force is not the one that is set. */
  readonly note?: string;
}

/** An Egg or EggsBucket with every value that is in force, and who has set it. */
export interface EffectivePool {
  readonly kind: 'egg' | 'eggsbucket';
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly environment?: string;
  readonly values: readonly EffectiveValue[];
}
