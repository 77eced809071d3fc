import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../helpers/eventually.js";
import { closePages, getBrowser, type OpenedPage, openPage } from "../helpers/page-browser.js";
import { triggerFork } from "../helpers/page-fork.js";
import { hasBrowser } from "../helpers/page-reader.js";
import { findOverflow, findViolations } from "../helpers/page-violations.js";

describe.runIf(hasBrowser)("the accessibility of the page", () => {
  let browser: Browser;
  let opened: OpenedPage;
  let views: [name: string, hash: string, ready: string][];
  beforeAll(async () => {
    browser = await getBrowser();
    opened = await openPage(browser);
    const { harness, request } = opened.api;
    const messages = await harness.listMessages();
    const of = (type: string): string => messages.find(({ channel }) => channel.type === type)?.id ?? "";
    // More rows than fit in the window, so that the lists scroll.
    const recipients = Array.from({ length: 12 }, (_, at) => ({ id: `user-${at}` }));
    await harness.trigger("order", { recipients, data: { order: { number: "ord_1" } } });
    const forked = await triggerFork(harness);
    harness.respond = () => ({ status: 200, text: '{"plan":"pro"}' });
    const settings = { method: "post", url: "https://lark.test/a", body: "{}", response_path: "account" };
    harness.define("enrich", { steps: [{ ref: "fetch_1", type: "http_fetch", settings }] });
    await harness.trigger("enrich", { recipients: ["u1"] });
    const { knock } = opened.api;
    await knock.schedules.create({ recipients: ["u1"], workflow: "enrich", repeats: [{ frequency: "daily" }] });
    const findId = async (path: string): Promise<string> => {
      const [row] = (await request(`GET /__knock/page/${path}`)).rows;
      return encodeURIComponent(String(row?.id));
    };
    const { rows } = await request("GET /__knock/page/runs?workflow=every");
    views = [
      ["messages", "#/messages", "[data-row]"],
      ...["email", "sms", "push", "chat", "in_app_feed", "http"].map((type): [string, string, string] => [
        type,
        `#/messages/${of(type)}?workflow=every`,
        "[role=tabpanel]",
      ]),
      ["no match", "#/messages?q=nothing-like-it", ".empty"],
      ["not there", "#/messages/nobody", ".empty"],
      ["runs", "#/runs", "[data-row]"],
      ["a run", `#/runs/${rows[0]?.id}?workflow=every`, ".timeline"],
      ["a run with branches", `#/runs/${forked.recipients?.[0]?.recipient_run_id}?workflow=fork`, ".node"],
      ["users", "#/users", "[data-row]"],
      ["a user", "#/users/ana?q=ana", ".preference-set"],
      ["objects", "#/users?kind=objects", "[data-row]"],
      ["an object", "#/users/projects%2Fp1?kind=objects", ".preference-set"],
      ["workflows", "#/workflows", "[data-row]"],
      ["a workflow", "#/workflows/fork?q=fork", ".node"],
      ["requests", "#/requests", ".empty"],
      ["fetch requests", "#/requests?kind=fetch", "[data-row]"],
      ["a request", `#/requests/${await findId("requests?kind=fetch")}?kind=fetch`, ".code"],
      ["webhooks", "#/requests?kind=webhooks", ".empty"],
      ["a schedule", `#/schedules/${await findId("schedules")}`, ".facts"],
      ["trigger", "#/trigger", "select"],
      ["the form", "#/trigger/order", ".field-group"],
      ["the form of a workflow with branches", "#/trigger/fork", ".steps-line, .node"],
      ["clock", "#/clock", ".due-list a"],
    ];
  });
  afterAll(async () => {
    await opened.close();
    await closePages(browser);
  });

  /** Expects no violation, contrast included, and no overflow, in light and in dark. */
  async function expectAccessible(page: Page, name: string): Promise<void> {
    expect([name, await findViolations(page)]).toEqual([name, []]);
    expect([name, await findOverflow(page)]).toEqual([name, []]);
    await page.emulateMedia({ colorScheme: "dark" });
    // The elements are the same in dark, so only rules about colors can have another result.
    expect([name, "in dark", await findViolations(page, "colors")]).toEqual([name, "in dark", []]);
    expect([name, "in dark", await findOverflow(page)]).toEqual([name, "in dark", []]);
    await page.emulateMedia({ colorScheme: "light" });
  }

  it.each([1280, 390])(
    "covers every view at %i pixels in light and dark: no axe violation, no overflow, and nothing below its end",
    async (width) => {
      const viewport = { width, height: 800 };
      const page = await opened.visit("", { viewport, colorScheme: "light", reducedMotion: "reduce" });
      for (const [name, hash, ready] of views) {
        await page.goto(`${opened.api.url}/${hash}`);
        await page.locator(ready).locator("visible=true").first().waitFor();
        for (const details of await page.locator("details:visible > summary").all())
          if ((await details.locator("..").getAttribute("open")) === null) await details.click();
        for (const node of await page.locator(".node:visible").all()) await node.click();
        await expectAccessible(page, name);
      }
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
      await expectAccessible(page, "the dialog of shortcuts");
    },
  );

  it("leaves space for the clock at every width, frozen, moved and disconnected", async () => {
    const { api, visit } = opened;
    await api.request("POST /__knock/clock", { freeze: true });
    const page = await visit("#/messages");
    const expectNoOverflow = async (state: string): Promise<void> => {
      for (const width of [1217, 1216, 1121, 1120, 961, 960, 768, 360]) {
        await page.setViewportSize({ width, height: 800 });
        await eventually(async () => (await page.evaluate("innerWidth")) === width);
        expect([state, width, await findOverflow(page)]).toEqual([state, width, []]);
      }
    };
    await page.getByText("frozen").waitFor();
    await expectNoOverflow("frozen");
    await api.request("POST /__knock/clock", { advance: "100d1h" });
    await api.request("POST /__knock/clock", { reset: true });
    await api.request("POST /__knock/clock", { advance: "100d1h" });
    await page.getByText("+100d 1h").waitFor();
    await expectNoOverflow("moved");
    await api.restart(async () => {
      await page.getByText("Not connected").waitFor();
      await expectNoOverflow("disconnected");
    });
    await api.request("POST /__knock/clock", { reset: true });
    await page.close();
  });

  it("omits animations when reduced motion is preferred", async () => {
    const page = await opened.visit("#/messages", { reducedMotion: "reduce" });
    await page.locator("[data-row]").first().waitFor();
    await opened.api.harness.trigger("order", { recipients: ["eli"], data: { order: { number: "ord_3" } } });
    await page.locator("li.new").waitFor();
    expect(await page.evaluate("document.getAnimations().length")).toBe(0);
  });
});
