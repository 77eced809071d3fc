import { mergePreferenceSets } from "../../../../domain/preferences/decide-preferences.js";
import { isJsonObject, type JsonObject } from "../../../../util/json.js";
import { noContentOrNotFound, okOrNotFound, type Route, type RouteContext, toPageResult } from "../access/route.js";

/**
 * Merges the environment's preferences into those of a tenant if `resolve_full_preference_settings` is set. The
 * tenant's own settings take precedence.
 */
async function resolvePreferenceSettings(context: RouteContext, tenant: JsonObject | null): Promise<JsonObject | null> {
  if (tenant === null || context.query.flag("resolve_full_preference_settings") !== true) return tenant;
  const { preferences } = await context.environment();
  const settings = isJsonObject(tenant.settings) ? tenant.settings : {};
  const own = isJsonObject(settings.preference_set) ? settings.preference_set : null;
  const merged = mergePreferenceSets(preferences, own) as JsonObject;
  return { ...tenant, settings: { ...settings, preference_set: { ...merged, id: "default" } } };
}

export const tenantRoutes: Route[] = [
  {
    rule: "A-272",
    endpoint: "GET /v1/tenants",
    tier: 4,
    async handle({ operations, query }) {
      const filter = { tenant_id: query.text("tenant_id"), name: query.text("name") };
      return toPageResult(await operations.resources.tenants.list(filter, query.page()));
    },
  },
  {
    rule: "A-275",
    endpoint: "GET /v1/tenants/{id}",
    tier: 4,
    handle: async (context) =>
      okOrNotFound(
        await resolvePreferenceSettings(context, await context.operations.resources.tenants.read(context.param("id"))),
      ),
  },
  {
    rule: "A-276",
    endpoint: "PUT /v1/tenants/{id}",
    tier: 3,
    async handle(context) {
      const tenant = await context.operations.resources.tenants.set(
        context.param("id"),
        await context.body(),
        context.request,
      );
      return okOrNotFound(await resolvePreferenceSettings(context, tenant));
    },
  },
  {
    rule: "A-277",
    endpoint: "DELETE /v1/tenants/{id}",
    tier: 2,
    handle: async ({ operations, param }) =>
      noContentOrNotFound(await operations.resources.tenants.delete(param("id"))),
  },
];
