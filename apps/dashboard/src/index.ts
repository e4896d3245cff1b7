export { pageMediaType, renderPage, renderRefusal, renderSignedIn } from './render-page.ts';
export type { StatusView } from './status-view.ts';
export { styleSheet } from './style-sheet.ts';
