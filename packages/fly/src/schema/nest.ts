import { any, attribute, block, bool, form, int, oneOf, text, texts } from './types.ts';

/** `variable "name"`: a value that environments may set. */
export const variable = block({
  doc: 'A value that environments may set.',
  labels: 1,
  repeat: 'label',
  attributes: {
    type: attribute(
      oneOf('string', 'int', 'number', 'bool', 'enum', 'list', 'map', 'any'),
      'Type of the value.',
      {
        default: 'string',
      },
    ),
    of: attribute(texts, 'Words of an enum.'),
    default: attribute(any, 'The value where nothing else sets it.'),
    description: attribute(text, 'What it is for.'),
    sensitive: attribute(bool, 'Never shown.', { default: false }),
  },
});

/** `locals`: names for values that are used more than once. */
export const locals = block({
  doc: 'Names for values that are used more than once.',
  repeat: 'list',
  free: any,
});

/** `defaults "egg"`: merged under every block of that kind. */
export const defaults = block({
  doc: 'What every block of this kind has unless it says otherwise.',
  labels: 1,
  repeat: 'label',
  isPartial: true,
});

/** `notifications`: where failures, escalations and alarms go. */
export const notifications = block({
  doc: 'Where failures, escalations and alarms go.',
  attributes: {
    email: attribute({ kind: 'list', of: form('email') }, 'Addresses.'),
    webhook: attribute({ kind: 'environment' }, 'Address that gets a POST, or a reference to it.'),
  },
});

/** `values`: what an environment sets variables to. */
export const values = block({ doc: 'Values of variables in this environment.', free: any });

/** `patch "egg" "name"`: what an environment changes in one block. */
export const patch = block({
  doc: 'What this environment changes in one block; null removes.',
  labels: 2,
  repeat: 'label',
  isPartial: true,
});

/** `fly = 1` at the top of `Nest.fly`. */
export const languageVersion = attribute(int(1, 1), 'Version of the language.', { default: 1 });
