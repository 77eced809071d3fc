import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../helpers/eventually.js";
import { closePages, getBrowser, type OpenedPage, openPage } from "../helpers/page-browser.js";
import { triggerFork } from "../helpers/page-fork.js";
import { hasBrowser } from "../helpers/page-reader.js";
import { findViolations } from "../helpers/page-violations.js";

/** The elements that scroll sideways or overflow. Only rows of tabs and an email shown at desktop width may do so. */
const WIDER = `[document.documentElement, ...document.querySelectorAll("main, section, article, form, fieldset, dialog, h1, .bar")]
  .filter((element) => !element.matches(".unseen") && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1)
  .map((element) => element.localName + "." + element.className)`;

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
    const forked = await triggerFork(harness);
    const { rows } = await request("GET /__knock/page/runs?workflow=every");
    views = [
      ["messages", "#/messages", "[data-row]"],
      ...["email", "sms", "push", "chat", "in_app_feed", "http"].map((type): [string, string, string] => [
        type,
        `#/messages/${of(type)}`,
        "[role=tabpanel]",
      ]),
      ["no match", "#/messages?q=nothing-like-it", ".empty"],
      ["not there", "#/messages/nobody", ".empty"],
      ["runs", "#/runs", "[data-row]"],
      ["a run", `#/runs/${rows[0]?.id}`, ".timeline"],
      ["a run with branches", `#/runs/${forked.recipients?.[0]?.recipient_run_id}`, ".node"],
      ["users", "#/users", "[data-row]"],
      ["a user", "#/users/ana", ".preference-set"],
      ["objects", "#/users?kind=objects", "[data-row]"],
      ["an object", "#/users/projects%2Fp1?kind=objects", ".preference-set"],
      ["trigger", "#/trigger", "select"],
      ["the form", "#/trigger/order", ".field-group"],
      ["the form of a workflow with branches", "#/trigger/fork", ".steps-line, .node"],
      ["clock", "#/clock", "[data-advance]"],
    ];
  });
  afterAll(async () => {
    await opened.close();
    await closePages(browser);
  });

  /** Expects no violation, contrast included, and no overflow, in light and in dark. */
  async function expectAccessible(page: Page, name: string): Promise<void> {
    expect([name, await findViolations(page)]).toEqual([name, []]);
    expect([name, await page.evaluate(WIDER)]).toEqual([name, []]);
    await page.emulateMedia({ colorScheme: "dark" });
    // The elements are the same in dark, so only rules about colors can have another result.
    expect([name, "in dark", await findViolations(page, "colors")]).toEqual([name, "in dark", []]);
    expect([name, "in dark", await page.evaluate(WIDER)]).toEqual([name, "in dark", []]);
    await page.emulateMedia({ colorScheme: "light" });
  }

  it.each([1280, 375])(
    "covers every view at %i pixels in light and dark: no axe violation and no overflow",
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
      for (const width of [961, 960, 929, 928, 768, 360]) {
        await page.setViewportSize({ width, height: 800 });
        await eventually(async () => (await page.evaluate("innerWidth")) === width);
        expect([state, width, await page.evaluate(WIDER)]).toEqual([state, width, []]);
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
