import { ok, pick, type Route } from "../route.js";

const BRANDING = ["icon_url", "logo_url", "primary_color", "primary_color_contrast", "dark"];

export const preferenceCenterRoutes: Route[] = [
  {
    rule: "A-301",
    on: "GET /v1/users/{user_id}/preference_center/config",
    tier: 4,
    open: { whose: "user", capability: "preferences/read" },
    differs: "Always switched off, without rows: a project has no preference center.",
    async handle({ operations, param, environment }) {
      const user = await operations.resources.users.read(param("user_id"));
      const { branding } = await environment();
      return ok({
        account_name: null,
        branding: pick(branding, BRANDING),
        config: { title: "", body: "", rows: [], show_account_name: false },
        enabled: false,
        knock_branding_required: false,
        user_email: user?.email ?? param("user_id"),
      });
    },
  },
];
