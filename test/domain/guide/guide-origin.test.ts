import { describe, expect, it } from "vitest";
import type { Guide } from "../../../src/domain/guide/guide.js";
import { buildGuideOrigin } from "../../../src/domain/guide/guide-origin.js";

const GUIDE: Guide = {
  key: "tour",
  name: "Tour",
  channel_key: "tours",
  type: "banner",
  semver: "0.1.0",
  active: true,
  active_from: null,
  active_until: null,
  target_audience_key: null,
  tenancy_strict_mode: false,
  scope: "global",
  target_property_conditions: null,
  activation_url_patterns: [],
  steps: [],
  managed: false,
};
const ACME = { tenant: "acme", version_id: "v1" };

describe("buildGuideOrigin", () => {
  it("E-196 returns the same origin for every message of a version and a tenant", () => {
    expect(buildGuideOrigin(GUIDE, ACME)).toEqual(buildGuideOrigin({ ...GUIDE }, ACME));
    expect(buildGuideOrigin(GUIDE, ACME)).toMatchObject({ tenant: "acme", version: { key: "tour", version_id: "v1" } });
  });

  it("E-196 returns different origins for different tenants and guide contents", () => {
    const others = [
      buildGuideOrigin(GUIDE, { ...ACME, tenant: null }),
      buildGuideOrigin({ ...GUIDE, name: "Another tour" }, ACME),
      buildGuideOrigin(GUIDE, ACME),
    ];
    expect(new Set(others.map(({ id }) => id)).size).toBe(others.length);
  });
});
