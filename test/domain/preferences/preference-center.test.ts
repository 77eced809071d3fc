import { describe, expect, it } from "vitest";
import { parsePreferenceCenter } from "../../../src/domain/preferences/preference-center.js";

describe("parsePreferenceCenter (A-447)", () => {
  it("serves an empty page without a configuration", () => {
    const empty = { enabled: true, title: "", body: "", rows: [], show_account_name: false };
    expect(parsePreferenceCenter({})).toEqual(empty);
    expect(parsePreferenceCenter({ config: {} })).toEqual(empty);
    expect(parsePreferenceCenter({ enabled: false })).toEqual({ ...empty, enabled: false });
  });

  it("keeps the content of the page, without empty fields of rows", () => {
    const row = { type: "category", name: "News", identifier: "news" } as const;
    const full = { ...row, description: "What is new.", channel_types: ["email"] };
    const page = { title: "Your notifications", body: "Choose.", show_account_name: true };
    const rows = [full, { ...row, description: "" }, { type: "channel_types", name: "All", identifier: "" } as const];
    expect(parsePreferenceCenter({ enabled: true, config: { ...page, rows } })).toEqual({
      enabled: true,
      ...page,
      rows: [full, row, { type: "channel_types", name: "All" }],
    });
  });
});
