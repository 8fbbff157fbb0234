/**
 * The name of this installation's pages in their addresses. Whoever serves them says so where it is not the vendor's:
 * `<html data-provider="crm">`.
 */
export const PROVIDER = document.documentElement.dataset['provider'] ?? 'gohighlevel';
