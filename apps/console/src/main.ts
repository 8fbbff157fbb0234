import { createApp } from 'vue';
import { createRouter, createWebHistory } from 'vue-router';
import App from './App.vue';
import { API, createClient } from './api/client';
import { keepSession } from './api/kept-session';
import { currentSession, refuseSession, sessionHeaders } from './api/session';
import { applyLocale, i18n } from './i18n';
import { applyPreferences } from './preferences';
import { routes, SIGN_IN } from './routes';
import './theme.css';

const router = createRouter({ history: createWebHistory('/app/'), routes });

router.beforeEach(({ meta, fullPath }) => {
  if (meta['isPublic'] !== true && !currentSession.value) return { name: SIGN_IN, query: { next: fullPath } };
  return true;
});

const api = createClient({ headers: sessionHeaders, onRefused: refuseSession });

keepSession();
applyPreferences();
await applyLocale();
createApp(App).use(router).use(i18n).provide(API, api).mount('#app');
