import type { RouteRecordRaw } from 'vue-router';
import type { Role } from './api/session';
import ConnectionPage from './pages/ConnectionPage.vue';
import IntegrationLayout from './pages/IntegrationLayout.vue';
import SignInPage from './pages/SignInPage.vue';

export const SIGN_IN = 'sign-in';

/** Names of the pages, in the order of their tabs; a name is also the last part of the page's address. */
export const PAGES = [
  'connection',
  'dashboard',
  'import',
  'contacts',
  'events',
  'conflicts',
  'matches',
  'mapping',
] as const;
export type PageName = (typeof PAGES)[number];

/** Agents may see and change contacts; everything else is the administrators'. */
export function pagesFor(role: Role | undefined): readonly [PageName, ...PageName[]] {
  return role === 'agent' ? ['contacts'] : PAGES;
}

/**
 * The settings pages, to be mounted where the OAuth callback lands. The second name of the address is for white-label
 * installations, whose pages name no vendor.
 */
export const integrationRoutes: RouteRecordRaw = {
  path: '/accounts/:account_id(\\d+)/settings/integrations/:provider(gohighlevel|crm)',
  component: IntegrationLayout,
  children: [
    { path: '', name: 'connection', component: ConnectionPage },
    { path: 'dashboard', name: 'dashboard', component: () => import('./pages/DashboardPage.vue') },
    { path: 'import', name: 'import', component: () => import('./pages/ImportPage.vue') },
    { path: 'contacts', name: 'contacts', component: () => import('./pages/ContactsPage.vue') },
    { path: 'events', name: 'events', component: () => import('./pages/EventsPage.vue') },
    { path: 'conflicts', name: 'conflicts', component: () => import('./pages/ConflictsPage.vue') },
    { path: 'matches', name: 'matches', component: () => import('./pages/MatchesPage.vue') },
    { path: 'mapping', name: 'mapping', component: () => import('./pages/MappingPage.vue') },
  ],
};

/** The console on its own: sign-in, the pages, and the page of a callback whose state named no account. */
export const routes: RouteRecordRaw[] = [
  { path: '/', name: 'home', component: () => import('./pages/HomePage.vue') },
  { path: '/sign-in', name: SIGN_IN, component: SignInPage, meta: { isPublic: true } },
  {
    path: '/settings/integrations/:provider(gohighlevel|crm)',
    name: 'not-connected',
    component: () => import('./pages/NotConnectedPage.vue'),
    meta: { isPublic: true },
  },
  integrationRoutes,
  {
    path: '/:rest(.*)',
    name: 'missing',
    component: () => import('./pages/MissingPage.vue'),
    meta: { isPublic: true },
  },
];
