/** Commands that only hold others, with what their help says. */
export const groups: Readonly<Record<string, string>> = {
  add: 'add an Egg, EggsBucket or job to the Nest',
  list: 'list what MotherGoose knows',
  get: 'show one thing whole',
  tasks: 'messages of the queue that were put aside',
  token: 'API tokens',
  cache: 'what is kept for OpenTofu',
  tofu: 'versions of OpenTofu',
  secret: 'secrets of this installation',
};
