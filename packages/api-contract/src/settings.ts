export { type ConfigVariable, configVariables } from './settings-table.ts';
export { unknownSettings } from './unknown-settings.ts';
