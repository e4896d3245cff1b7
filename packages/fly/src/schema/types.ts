/** A value without types: what JSON can hold. */
export type Plain = null | string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain };

/** A value of `environment`: plain text, or a reference that is resolved only when it is used. */
export type EnvValue = string | { readonly secret: string };

/** Texts with a form of their own. */
export type TextForm = 'host' | 'url' | 'email' | 'path' | 'zone';

/** The types of attributes. Durations are ms, sizes count the unit of their attribute. */
export type ValueType =
  | { readonly kind: 'string'; readonly form?: TextForm }
  | { readonly kind: 'int'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'bool' }
  | { readonly kind: 'duration'; readonly minMs?: number; readonly maxMs?: number }
  | { readonly kind: 'size'; readonly unit: 'MiB' | 'GiB' }
  | { readonly kind: 'percent' }
  /** `mostPerHour`: starting more often than that is worth a warning. */
  | { readonly kind: 'cron'; readonly mostPerHour?: number }
  | { readonly kind: 'enum'; readonly of: readonly string[] }
  | { readonly kind: 'secret' }
  | { readonly kind: 'rule' }
  | { readonly kind: 'environment' }
  | { readonly kind: 'list'; readonly of: ValueType; readonly isSet?: boolean }
  | { readonly kind: 'map'; readonly of: ValueType }
  | { readonly kind: 'any' };

export interface AttributeSpec {
  readonly type: ValueType;
  readonly doc: string;
  readonly required?: true;
  /** The value where the attribute is absent, the same in every context; `withDefaults` fills it in. */
  readonly default?: Plain;
  /** Says in words what holds where the attribute is absent and that depends on something else. */
  readonly defaultDoc?: string;
  /** Accepted but of no effect; says what stands for it. */
  readonly deprecated?: string;
}

export interface BlockSpec {
  readonly doc: string;
  /** Number of labels; absent: none. */
  readonly labels?: 1 | 2;
  /** Absent: at most once. `label`: once per label. `list`: any number. */
  readonly repeat?: 'label' | 'list';
  readonly required?: true;
  /** `withDefaults` makes this block where it is absent. */
  readonly isFilled?: true;
  /** Labels share the name space of Eggs, buckets and jobs: reserved names are refused. */
  readonly isNamed?: true;
  readonly deprecated?: string;
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  readonly blocks?: Readonly<Record<string, BlockSpec>>;
  /** Attributes of any other name have this type. */
  readonly free?: ValueType;
  /** What a free name with this start or name has become. */
  readonly freeDeprecated?: readonly { readonly name: RegExp; readonly advice: string }[];
  /** Blocks of any other name have this form. */
  readonly anyBlock?: BlockSpec;
  /** The body is that of the top-level block its first label names, with nothing required. */
  readonly isPartial?: true;
  readonly exactlyOne?: readonly string[];
  /** Pairs of attributes of which the first may not be above the second. */
  readonly ordered?: readonly (readonly [string, string])[];
  /** Further names of attributes and blocks, and what they mean. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** The TypeScript type of an attribute's value. */
export type ValueOf<Type extends ValueType> = Type extends { kind: 'int' | 'duration' | 'size' | 'percent' }
  ? number
  : Type extends { kind: 'bool' }
    ? boolean
    : Type extends { kind: 'enum'; of: readonly (infer Word)[] }
      ? Word
      : Type extends { kind: 'list'; of: infer Item extends ValueType }
        ? readonly ValueOf<Item>[]
        : Type extends { kind: 'map'; of: infer Item extends ValueType }
          ? Readonly<Record<string, ValueOf<Item>>>
          : Type extends { kind: 'environment' }
            ? EnvValue
            : Type extends { kind: 'any' }
              ? Plain
              : string;

type Member<Spec, Name extends string> = Spec extends { readonly [Key in Name]: infer Found }
  ? Found
  : object;
type FreeOf<Spec> = Spec extends { free: infer Free extends ValueType }
  ? Readonly<Record<string, ValueOf<Free>>>
  : unknown;
type AnyBlockOf<Spec, IsFilled> = {
  readonly [Name in Spec extends { anyBlock: object } ? string : never]: BodyOf<
    Member<Spec, 'anyBlock'>,
    IsFilled
  >;
};

type IsSure<Spec, IsFilled> = Spec extends { required: true }
  ? true
  : IsFilled extends true
    ? Spec extends { default: Plain } | { isFilled: true }
      ? true
      : false
    : false;
type SureKeys<Found, IsFilled> = {
  [Key in keyof Found]: IsSure<Found[Key], IsFilled> extends true ? Key : never;
}[keyof Found];
type OpenKeys<Found, IsFilled> = Exclude<keyof Found, SureKeys<Found, IsFilled>>;

type AttributeOf<Spec> = Spec extends { type: infer Type extends ValueType } ? ValueOf<Type> : never;
type AttributeValues<Found, IsFilled> = {
  readonly [Key in SureKeys<Found, IsFilled>]: AttributeOf<Found[Key]>;
} & { readonly [Key in OpenKeys<Found, IsFilled>]?: AttributeOf<Found[Key]> };

type NestedOf<Spec, IsFilled> = Spec extends { repeat: 'label' }
  ? readonly ({ readonly label: string } & BodyOf<Spec, IsFilled>)[]
  : Spec extends { repeat: 'list' }
    ? readonly BodyOf<Spec, IsFilled>[]
    : BodyOf<Spec, IsFilled>;
type BlockValues<Found, IsFilled> = {
  readonly [Key in SureKeys<Found, IsFilled>]: NestedOf<Found[Key], IsFilled>;
} & { readonly [Key in OpenKeys<Found, IsFilled>]?: NestedOf<Found[Key], IsFilled> };

type BodyOf<Spec, IsFilled> = AttributeValues<Member<Spec, 'attributes'>, IsFilled> &
  BlockValues<Member<Spec, 'blocks'>, IsFilled> &
  FreeOf<Spec> &
  AnyBlockOf<Spec, IsFilled>;

/** The values of a block as its file has them. */
export type ValuesOf<Spec> = BodyOf<Spec, false>;
/** The values of a block after `withDefaults`. */
export type FilledValuesOf<Spec> = BodyOf<Spec, true>;

/** Keeps the literal types of a block's schema. */
export function block<const Spec extends BlockSpec>(spec: Spec): Spec {
  return spec;
}

type AttributeOptions = Omit<AttributeSpec, 'type' | 'doc'>;

/** Keeps the literal types of an attribute's schema. */
export function attribute<const Type extends ValueType>(
  type: Type,
  doc: string,
): { readonly type: Type; readonly doc: string };
export function attribute<const Type extends ValueType, const Options extends AttributeOptions>(
  type: Type,
  doc: string,
  options: Options,
): { readonly type: Type; readonly doc: string } & Options;
export function attribute(type: ValueType, doc: string, options: AttributeOptions = {}): AttributeSpec {
  return { type, doc, ...options };
}

export const text = { kind: 'string' } as const;
export const bool = { kind: 'bool' } as const;
export const percent = { kind: 'percent' } as const;
export const cron = { kind: 'cron' } as const;
export const secret = { kind: 'secret' } as const;
export const rule = { kind: 'rule' } as const;
export const environment = { kind: 'environment' } as const;
export const any = { kind: 'any' } as const;
export const mib = { kind: 'size', unit: 'MiB' } as const;
export const gib = { kind: 'size', unit: 'GiB' } as const;
export const texts = { kind: 'list', of: text } as const;
/** A list whose items differ. */
export const textSet = { kind: 'list', of: text, isSet: true } as const;

export function int(min: number, max: number) {
  return { kind: 'int', min, max } as const;
}

export function duration(minMs = 0) {
  return { kind: 'duration', minMs } as const;
}

export function oneOf<const Words extends readonly string[]>(...of: Words) {
  return { kind: 'enum', of } as const;
}

export function form(name: TextForm) {
  return { kind: 'string', form: name } as const;
}
