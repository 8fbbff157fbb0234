import { createApp } from 'vue';
import { createMemoryHistory, createRouter } from 'vue-router';
import { API, createClient } from '../api/client';
import { refuseSession, sessionHeaders } from '../api/session';
import { applyLocale, i18n } from '../i18n';
import { applyPreferences } from '../preferences';
import { integrationRoutes } from '../routes';
import SsoApp from './SsoApp.vue';
import '../theme.css';

// Its address stays the one that HighLevel frames: no other may be framed.
const router = createRouter({
  history: createMemoryHistory(),
  routes: [{ path: '/', component: { render: () => null } }, integrationRoutes],
});

const api = createClient({ headers: sessionHeaders, onRefused: refuseSession });

applyPreferences();
await applyLocale();
createApp(SsoApp).use(router).use(i18n).provide(API, api).mount('#app');
