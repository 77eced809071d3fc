import { ok, pickFields, type Route } from "../access/route.js";
import { createCenterToken } from "../preference-center/center-token.js";

const BRANDING_FIELDS = ["icon_url", "logo_url", "primary_color", "primary_color_contrast", "dark"];

export const preferenceCenterRoutes: Route[] = [
  {
    rule: "A-301",
    endpoint: "GET /v1/users/{user_id}/preference_center/config",
    tier: 4,
    publicAccess: { owner: "user", capability: "preferences/read" },
    differs: "Configured by `preference_center` in environment.json; disabled without it.",
    async handle({ operations, param, environment }) {
      const user = await operations.resources.users.read(param("user_id"));
      const { branding, preference_center: center } = await environment();
      const { enabled, ...config } = center;
      return ok({
        account_name: null,
        branding: pickFields(branding, BRANDING_FIELDS),
        config: { ...config, rows: config.rows.map((row) => ({ ...row })) },
        enabled,
        knock_branding_required: false,
        user_email: user?.email ?? param("user_id"),
      });
    },
  },
  {
    rule: "A-302",
    endpoint: "POST /v1/users/{user_id}/preference_center/signed_url",
    tier: 3,
    differs: "The page differs from the service's page. Its link works while the store exists.",
    async handle({ operations, param, environment, baseUrl }) {
      const key = await operations.resources.readLinkKey();
      const { tracking } = await environment();
      const token = createCenterToken(param("user_id"), key, Date.now());
      return ok({ token, url: `${tracking?.base_url ?? baseUrl}/preferences/${token}` });
    },
  },
];
