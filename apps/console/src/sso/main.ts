import { createApp } from 'vue';
import { createMemoryHistory, createRouter } from 'vue-router';
import { API, createClient } from '../api/client';
import { refuseSession, sessionHeaders } from '../api/session';
import { applyLocale, i18n } from '../i18n';
import { applyPreferences } from '../preferences';
import { integrationRoutes } from '../routes';
import { DESKFLOW } from './deskflow';
import SsoApp from './SsoApp.vue';
import '../theme.css';

// Its address stays the one that HighLevel frames: no other may be framed. A link that is opened in a tab of its own
// leads to DeskFlow, where the same pages have addresses.
const history = Object.assign(createMemoryHistory(), { createHref: (path: string) => DESKFLOW + path });
const router = createRouter({
  history,
  routes: [{ path: '/', component: { render: () => null } }, integrationRoutes],
});

const api = createClient({ headers: sessionHeaders, onRefused: refuseSession });

applyPreferences();
await applyLocale();
createApp(SsoApp).use(router).use(i18n).provide(API, api).mount('#app');
