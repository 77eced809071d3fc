import { mergePreferenceSets } from "../../domain/preferences/decide-preferences.js";
import type { PreferenceSet } from "../../domain/recipient/preference-set.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { noContentOrNotFound, okOrNotFound, type Route, type RouteContext, toPageResult } from "../access/route.js";

/**
 * Merges the environment's preferences into those of a tenant if `resolve_full_preference_settings` is set. The
 * tenant's own settings take precedence.
 */
async function resolvePreferenceSettings(call: RouteContext, tenant: JsonObject | null): Promise<JsonObject | null> {
  if (tenant === null || call.query.flag("resolve_full_preference_settings") !== true) return tenant;
  const { preferences } = await call.environment();
  const settings = isJsonObject(tenant.settings) ? tenant.settings : {};
  const own = isJsonObject(settings.preference_set) ? (settings.preference_set as PreferenceSet) : null;
  const merged = mergePreferenceSets(preferences, own) as JsonObject;
  return { ...tenant, settings: { ...settings, preference_set: { ...merged, id: "default" } } };
}

export const tenantRoutes: Route[] = [
  {
    rule: "A-272",
    on: "GET /v1/tenants",
    tier: 4,
    async handle({ operations, query }) {
      const filter = { tenant_id: query.text("tenant_id"), name: query.text("name") };
      return toPageResult(await operations.resources.tenants.list(filter, query.page()));
    },
  },
  {
    rule: "A-275",
    on: "GET /v1/tenants/{id}",
    tier: 4,
    handle: async (call) =>
      okOrNotFound(
        await resolvePreferenceSettings(call, await call.operations.resources.tenants.read(call.param("id"))),
      ),
  },
  {
    rule: "A-276",
    on: "PUT /v1/tenants/{id}",
    tier: 3,
    async handle(call) {
      const tenant = await call.operations.resources.tenants.set(call.param("id"), await call.body());
      return okOrNotFound(await resolvePreferenceSettings(call, tenant));
    },
  },
  {
    rule: "A-277",
    on: "DELETE /v1/tenants/{id}",
    tier: 2,
    handle: async ({ operations, param }) =>
      noContentOrNotFound(await operations.resources.tenants.delete(param("id"))),
  },
];
