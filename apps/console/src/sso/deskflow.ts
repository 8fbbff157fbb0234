/** Where DeskFlow is without a frame around it. */
export const DESKFLOW = `${document.documentElement.dataset['frontend'] ?? ''}/app`;
