import { routeFilters } from '../notify-filters.ts';
import type { Verification } from './verify.ts';

const namespace = /^([a-zA-Z0-9_!~*'()%-]+\.)*[a-zA-Z0-9_!~*'()%-]+$/;

/** Routes that two tasks would fight for, that the index refuses, or that notify nobody. */
export const verifyRoutes: Verification = (tasks, { graphConfig, report }) => {
  const unique = `index.${graphConfig['trust-domain']}.v2`;
  const owners = new Map<string, string>();
  const rivals = new Set<string>();
  for (const { label, task } of tasks.values()) {
    for (const [index, route] of ((task['routes'] ?? []) as readonly string[]).entries()) {
      const path = ['routes', index];
      const say = (message: string, hint?: string): void =>
        report({ severity: 'error', message, label, path, ...(hint === undefined ? {} : { hint }) });
      if (route.startsWith(unique)) {
        const other = owners.get(route);
        // Who shares one route made from "index" shares all of them.
        if (other !== undefined && !rivals.has(`${label} ${other}`)) {
          rivals.add(`${label} ${other}`);
          say(`the route ${route} is that of ${other} too`);
        }
        owners.set(route, label);
      }
      if (route.startsWith('index.') && !namespace.test(route.slice('index.'.length))) {
        say(`the route ${route} is no namespace of the index`, "letters, digits and _!~*'()%- between dots");
      }
      const filter = route.startsWith('notify.') ? route.split('.').at(-1)! : 'on-completed';
      if (!routeFilters.includes(filter))
        say(`the route ${route} ends in an unknown filter`, `known: ${routeFilters.join(', ')}`);
      if (filter === 'on-any') {
        const hint = 'use on-transition or on-resolved';
        report({
          severity: 'warning',
          message: `the filter on-any of ${route} is deprecated`,
          label,
          path,
          hint,
        });
      }
    }
  }
};
