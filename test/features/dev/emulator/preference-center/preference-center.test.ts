import { describe, expect, it, vi } from "vitest";
import {
  DISABLED_PREFERENCE_CENTER,
  type PreferenceCenter,
} from "../../../../../src/domain/preferences/preference-center.js";
import { parseEnvironment } from "../../../../../src/project/environment/parse-environment.js";
import { catchThrown } from "../../../../helpers/catch-error.js";
import { type TestEmulator, withApi } from "../../../../helpers/test-emulator.js";

const CENTER: PreferenceCenter = {
  enabled: true,
  title: "What we <b>send</b> you",
  body: "Choose & save.",
  show_account_name: false,
  rows: [
    { type: "workflow", name: "Greetings", identifier: "hello", description: "When somebody says hello" },
    { type: "category", name: "Social", identifier: "social", channel_types: ["email", "in_app_feed", "log"] },
    { type: "channel_types", name: "Ways", channel_types: ["email", "sms"] },
    { type: "channel", name: "Mail", identifier: "mail" },
    { type: "commercial_subscribed", name: "Offers" },
  ],
};

const ON = ["0.0", "1.0", "1.1", "2.0", "2.1", "3.0", "4.0"];

async function signed({ harness, knock }: TestEmulator, center: PreferenceCenter = CENTER) {
  harness.environment.preference_center = center;
  return knock.users.preferenceCenter.generateSignedURL("u1");
}

async function visit(url: string): Promise<{ status: number; html: string; headers: Headers }> {
  const response = await fetch(url);
  return { status: response.status, html: await response.text(), headers: response.headers };
}

const checked = (html: string): string[] => [...html.matchAll(/name="([\d.]+)" checked/g)].map(([, name = ""]) => name);

async function save(url: string, names: readonly string[]): Promise<string> {
  const body = new URLSearchParams(names.map((name): [string, string] => [name, "on"]));
  const response = await fetch(url, { method: "POST", body, redirect: "manual" });
  expect([response.status, response.headers.get("location")]).toEqual([303, "?saved"]);
  return (await visit(`${url}?saved`)).html;
}

describe("the preference center (A-301, A-302, A-447 to A-451)", () => {
  it("shows the user's switches by a signed link, and saves changes", () =>
    withApi(async (api) => {
      const { url, token } = await signed(api);
      expect([url, token.split(".")]).toEqual([expect.stringMatching(`^${api.url}/preferences/`), expect.any(Array)]);
      const { html, headers } = await visit(url);
      expect(html).toContain("What we &#60;b&#62;send&#60;/b&#62; you");
      expect(html).toContain("Preferences of u1@lark.test");
      expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
      expect(html).not.toMatch(/<script|https?:\/\//);
      expect(checked(html)).toEqual(ON);

      const after = await save(
        url,
        ON.filter((name) => name !== "0.0" && name !== "1.0"),
      );
      expect(after).toContain("Saved.");
      expect(checked(after)).toEqual(["1.1", "2.0", "2.1", "3.0", "4.0"]);
      expect(await api.knock.users.getPreferences("u1", "default")).toMatchObject({
        workflows: { hello: false },
        categories: { social: { channel_types: { email: false, in_app_feed: true } } },
        channel_types: null,
        commercial_subscribed: null,
      });
      await api.harness.trigger("hello", { recipients: ["u1"] });
      expect(await api.harness.listMessages("u1")).toEqual([]);
    }));

  it("switches on one part of what was completely off", () =>
    withApi(async (api) => {
      const { url } = await signed(api);
      await api.knock.users.setPreferences("u1", "default", {
        categories: { social: false },
        channels: { [api.harness.environment.channels.mail?.id ?? ""]: false },
      });
      const { html } = await visit(url);
      expect(checked(html)).toEqual(["0.0", "2.0", "2.1", "4.0"]);
      await save(url, ["0.0", "1.1", "2.0", "3.0"]);
      expect(await api.knock.users.getPreferences("u1", "default")).toMatchObject({
        categories: { social: { channel_types: { email: false, in_app_feed: true } } },
        channel_types: { email: true, sms: false },
        channels: { [api.harness.environment.channels.mail?.id ?? ""]: true },
        commercial_subscribed: false,
      });
    }));

  it("shows preferences with conditions without a way to change them", () =>
    withApi(async (api) => {
      const { url } = await signed(api);
      const conditions = [{ variable: "recipient.plan", operator: "equal_to" as const, argument: "pro" }];
      const preferences = {
        workflows: { hello: { conditions } },
        categories: { social: { conditions, channel_types: { email: true } } },
        channel_types: { email: { conditions } },
      };
      await api.knock.users.setPreferences("u1", "default", preferences);
      const { html } = await visit(url);
      const disabled = [...html.matchAll(/name="([\d.]+)" checked disabled/g)].map(([, name]) => name);
      expect(disabled).toEqual(["0.0", "1.0", "1.1", "2.0"]);
      expect(html).toContain("under conditions");
      // A browser omits disabled boxes from the form; a hand-written form cannot change them either.
      for (const names of [
        ["2.1", "3.0"],
        ["0.0", "1.0", "3.0", "4.0"],
      ])
        await save(url, names);
      expect(await api.knock.users.getPreferences("u1", "default")).toMatchObject({
        ...preferences,
        channel_types: { email: { conditions }, sms: false },
        commercial_subscribed: true,
      });
    }));

  it("shows the commercial row also if the center is off or has no such row", () =>
    withApi(async (api) => {
      const { url } = await signed(api, { ...CENTER, rows: CENTER.rows.slice(0, 1) });
      expect(checked((await visit(url)).html)).toEqual(["0.0", "1.0"]);
      await save(url, ["0.0"]);
      expect(await api.knock.users.getPreferences("u1", "default")).toMatchObject({ commercial_subscribed: false });

      api.harness.environment.preference_center = { ...CENTER, enabled: false };
      const off = await visit(url);
      expect([off.status, off.html.match(/<fieldset>/g)?.length]).toEqual([200, 1]);
      expect(off.html).toContain("Offers");
      await save(url, ["0.0"]);
      expect(await api.knock.users.getPreferences("u1", "default")).toMatchObject({ commercial_subscribed: true });

      await api.harness.trigger("hello", { recipients: ["u1"] });
      api.harness.environment.preference_center = { ...DISABLED_PREFERENCE_CENTER };
      expect((await visit(url)).html).toContain("Commercial messages");
    }));

  it("accepts links forever, and after a restart", () =>
    withApi(async (api) => {
      const { url } = await signed(api);
      await api.restart();
      // The first request may use a connection that was closed.
      expect((await visit(url).catch(() => visit(url))).status).toBe(200);
      vi.useFakeTimers({ now: Date.now() + 3 * 365 * 86_400_000, toFake: ["Date"] });
      try {
        expect((await visit(url)).status).toBe(200);
      } finally {
        vi.useRealTimers();
      }
    }));

  it("rejects a deleted user's link", () =>
    withApi(async (api) => {
      const { url } = await signed(api);
      await api.knock.users.delete("u1");
      expect((await visit(url)).status).toBe(404);
    }));

  it("returns its configuration to the client (A-301)", () =>
    withApi(async (api) => {
      expect(await api.knock.users.preferenceCenter.getConfig("u1")).toMatchObject({ enabled: false });
      await signed(api);
      const { enabled: _enabled, ...config } = CENTER;
      expect(await api.knock.users.preferenceCenter.getConfig("u1")).toMatchObject({ enabled: true, config });
    }));

  it("rejects forged and truncated links", () =>
    withApi(async (api) => {
      const { token } = await signed(api);
      const [head = "", , sign = ""] = token.split(".");
      const other = Buffer.from(JSON.stringify({ sub: "u2", exp: 9e9 })).toString("base64url");
      const none = Buffer.from('{"alg":"none"}').toString("base64url");
      for (const link of [
        `${head}.${other}.${sign}`,
        `${none}.${other}.`,
        token.slice(0, -2),
        "x",
        "a.b.c",
        "%00",
        "..%2f",
      ])
        expect((await visit(`${api.url}/preferences/${link}`)).status, link).toBe(404);
      expect((await fetch(`${api.url}/preferences/x`, { method: "POST", body: "0.0=on" })).status).toBe(404);
    }));

  it("is linked in messages for their recipient (T-242)", () =>
    withApi(async (api) => {
      api.harness.environment.tracking = { base_url: api.url };
      api.harness.environment.preference_center = CENTER;
      api.harness.define("link", {
        steps: [
          {
            ref: "feed_1",
            type: "channel",
            channel_key: "feed",
            channel_type: "in_app_feed",
            template: { markdown_body: "{{ vars.manage_preferences_url }}" },
          },
        ],
      });
      await api.harness.trigger("link", { recipients: ["u2"] });
      const text = JSON.stringify((await api.harness.listMessages("u2"))[0]?.content);
      const url = new RegExp(`${api.url}/preferences/[0-9a-f-]{36}[.][0-9A-Za-z]{22}`).exec(text)?.[0] ?? "";
      expect((await visit(url)).html).toContain("Preferences of u2@lark.test");
    }));

  it("checks environment.json: the entry that a row names, and the types of rows", () => {
    const row = (value: object) => ({ preference_center: { config: { rows: [value] } } });
    const parsed = parseEnvironment(row({ type: "workflow", name: "W", identifier: "w" }), "environment.json");
    expect(parsed.preference_center).toMatchObject({ enabled: true, rows: [{ identifier: "w" }] });
    const fault = (value: object) => catchThrown(() => parseEnvironment(row(value), "environment.json"));
    expect(fault({ type: "workflow", name: "W" })).toMatchObject({
      details: [{ pointer: "/preference_center/config/rows/0/identifier" }],
    });
    expect(fault({ type: "workflows", name: "W", identifier: "w" })).toMatchObject({
      details: [{ pointer: "/preference_center/config/rows/0/type", message: expect.stringContaining('"workflow"') }],
    });
  });
});
