import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

  const looks = [1280, 375].flatMap((width) => (["light", "dark"] as const).map((scheme) => [width, scheme] as const));

  it.each(looks)(
    "covers every view at %i pixels in %s: no axe violation and no overflow",
    async (width, colorScheme) => {
      const page = await opened.visit("", { viewport: { width, height: 800 }, colorScheme, reducedMotion: "reduce" });
      for (const [name, hash, ready] of views) {
        await page.goto(`${opened.api.url}/${hash}`);
        await page.locator(ready).locator("visible=true").first().waitFor();
        for (const details of await page.locator("details:visible > summary").all())
          if ((await details.locator("..").getAttribute("open")) === null) await details.click();
        for (const node of await page.locator(".node:visible").all()) await node.click();
        expect([name, await findViolations(page)]).toEqual([name, []]);
        expect([name, await page.evaluate(WIDER)]).toEqual([name, []]);
      }
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
      expect(await findViolations(page)).toEqual([]);
    },
  );

  it.each([961, 960, 929, 928, 768, 360])(
    "leaves space for the clock at %i pixels, moved and disconnected",
    async (width) => {
      const { api, visit } = opened;
      await api.request("POST /__knock/clock", { freeze: true });
      const page = await visit("#/messages", { viewport: { width, height: 800 } });
      await page.getByText("frozen").waitFor();
      expect(await page.evaluate(WIDER)).toEqual([]);
      await api.request("POST /__knock/clock", { advance: "100d1h" });
      await api.request("POST /__knock/clock", { reset: true });
      await api.request("POST /__knock/clock", { advance: "100d1h" });
      await page.getByText("+100d 1h").waitFor();
      expect(await page.evaluate(WIDER)).toEqual([]);
      let wider: unknown;
      await api.restart(async () => {
        await page.getByText("Not connected").waitFor();
        wider = await page.evaluate(WIDER);
      });
      expect(wider).toEqual([]);
      await api.request("POST /__knock/clock", { reset: true });
      await page.close();
    },
  );

  it("omits animations when reduced motion is preferred", async () => {
    const page = await opened.visit("#/messages", { reducedMotion: "reduce" });
    await page.locator("[data-row]").first().waitFor();
    await opened.api.harness.trigger("order", { recipients: ["eli"], data: { order: { number: "ord_3" } } });
    await page.locator("li.new").waitFor();
    expect(await page.evaluate("document.getAnimations().length")).toBe(0);
  });
});
