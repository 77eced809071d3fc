import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../helpers/eventually.js";
import { closePages, getBrowser, type OpenedPage, openPage } from "../helpers/page-browser.js";
import { triggerFork } from "../helpers/page-fork.js";
import { hasBrowser } from "../helpers/page-reader.js";
import { findOverflow, findViolations } from "../helpers/page-violations.js";

/** The IDs that addresses of views contain. */
interface ViewIds {
  /** The ID of a message of each channel type. */
  messages: Record<string, string>;
  run: string;
  forkedRun: string;
  request: string;
  schedule: string;
}

type View = [name: string, getHash: (ids: ViewIds) => string, ready: string];

const CHANNEL_TYPES = ["email", "sms", "push", "chat", "in_app_feed", "http"];

const VIEWS: View[] = [
  ["messages", () => "#/messages", "[data-row]"],
  ...CHANNEL_TYPES.map(
    (type): View => [type, ({ messages }) => `#/messages/${messages[type]}?workflow=every`, "[role=tabpanel]"],
  ),
  ["no match", () => "#/messages?q=nothing-like-it", ".empty"],
  ["not there", () => "#/messages/nobody", ".empty"],
  ["runs", () => "#/runs", "[data-row]"],
  ["a run", ({ run }) => `#/runs/${run}?workflow=every`, ".timeline"],
  ["a run with branches", ({ forkedRun }) => `#/runs/${forkedRun}?workflow=fork`, ".node"],
  ["users", () => "#/users", "[data-row]"],
  ["a user", () => "#/users/ana?q=ana", ".preference-set"],
  ["objects", () => "#/users?kind=objects", "[data-row]"],
  ["an object", () => "#/users/projects%2Fp1?kind=objects", ".preference-set"],
  ["workflows", () => "#/workflows", "[data-row]"],
  ["a workflow", () => "#/workflows/fork?q=fork", ".node"],
  ["requests", () => "#/requests", ".empty"],
  ["fetch requests", () => "#/requests?kind=fetch", "[data-row]"],
  ["a request", ({ request }) => `#/requests/${request}?kind=fetch`, ".code"],
  ["webhooks", () => "#/requests?kind=webhooks", ".empty"],
  ["a schedule", ({ schedule }) => `#/schedules/${schedule}`, ".facts"],
  ["trigger", () => "#/trigger", "select"],
  ["the form", () => "#/trigger/order", ".field-group"],
  ["the form of a workflow with branches", () => "#/trigger/fork", ".steps-line, .node"],
  ["clock", () => "#/clock", ".due-list a"],
];

const WIDTHS = [1280, 390];

describe.runIf(hasBrowser)("the accessibility of the page", () => {
  let browser: Browser;
  let opened: OpenedPage;
  let ids: ViewIds;
  /** The page at each width. */
  let pages: Page[];
  beforeAll(async () => {
    browser = await getBrowser();
    opened = await openPage(browser);
    const { harness, request } = opened.api;
    const messages = await harness.listMessages();
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
    ids = {
      messages: Object.fromEntries(
        CHANNEL_TYPES.map((type) => [type, messages.find(({ channel }) => channel.type === type)?.id ?? ""]),
      ),
      run: await findId("runs?workflow=every"),
      forkedRun: String(forked.recipients?.[0]?.recipient_run_id),
      request: await findId("requests?kind=fetch"),
      schedule: await findId("schedules"),
    };
    pages = [];
    for (const width of WIDTHS)
      pages.push(
        await opened.visit("", { viewport: { width, height: 800 }, colorScheme: "light", reducedMotion: "reduce" }),
      );
  });
  afterAll(async () => {
    await opened.close();
    await closePages(browser);
  });

  /** Expects no violation, contrast included, and no overflow, in light and in dark. */
  async function expectAccessible(page: Page, width: number | undefined): Promise<void> {
    expect([width, await findViolations(page)]).toEqual([width, []]);
    expect([width, await findOverflow(page)]).toEqual([width, []]);
    await page.emulateMedia({ colorScheme: "dark" });
    // The elements are the same in dark, so only rules about colors can have another result.
    expect([width, "in dark", await findViolations(page, "colors")]).toEqual([width, "in dark", []]);
    expect([width, "in dark", await findOverflow(page)]).toEqual([width, "in dark", []]);
    await page.emulateMedia({ colorScheme: "light" });
  }

  describe("at 1280 and at 390 pixels, in light and dark: no axe violation, no overflow, and nothing below the end", () => {
    it.each(VIEWS)("of the view: %s", async (_name, getHash, ready) => {
      for (const [index, page] of pages.entries()) {
        await page.goto(`${opened.api.url}/${getHash(ids)}`);
        await page.locator(ready).locator("visible=true").first().waitFor();
        for (const details of await page.locator("details:visible > summary").all())
          if ((await details.locator("..").getAttribute("open")) === null) await details.click();
        for (const node of await page.locator(".node:visible").all()) await node.click();
        await expectAccessible(page, WIDTHS[index]);
      }
    });

    it("of the dialog of shortcuts", async () => {
      for (const [index, page] of pages.entries()) {
        await page.goto(`${opened.api.url}/#/clock`);
        await page.locator(".due-list a").first().waitFor();
        await page.keyboard.press("?");
        await page.getByRole("dialog").waitFor();
        await expectAccessible(page, WIDTHS[index]);
        await page.keyboard.press("Escape");
      }
    });
  });

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
