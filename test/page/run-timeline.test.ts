import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { step } from "../helpers/build-steps.js";
import { eventually } from "../helpers/eventually.js";
import { createPageTest, locateRow, type OpenedPage } from "../helpers/page-browser.js";
import { hasBrowser } from "../helpers/page-reader.js";
import { findOverflow, findViolations } from "../helpers/page-violations.js";

const setData = (ref: string, data: string): JsonObject => ({ ref, type: "update_data", settings: { data } });
const WORKFLOW = {
  steps: [
    setData("update_1", '{"total": {{ data.order.items | size }}}'),
    step.feed("You bought {{ total }}"),
    step.delay("hours", 2),
    step.sms("Thank you", { conditions: { all: [{ variable: "data.total", operator: "greater_than", argument: 5 }] } }),
    step.feed("Rate it", {}, "in_app_feed_2"),
  ],
};
const DATA: JsonObject = { order: { number: "ord_1", items: [{ sku: "A-1" }, { sku: "B-2", "gift note": "Hi" }] } };

/** Runs a workflow that changes data, waits, and ends. Returns the address of its run. */
async function completeRun({ api }: OpenedPage): Promise<string> {
  const { harness } = api;
  harness.define("journey", WORKFLOW);
  const { recipients } = await harness.trigger("journey", { recipients: ["ana"], data: DATA });
  const [message] = await harness.listMessages("ana");
  if (message === undefined) throw new Error("no message was created");
  await harness.moveTo(harness.now + 3_600_000);
  await harness.engine.markMessages([(await harness.listMessages("ana")).at(-1)?.id ?? ""], "read");
  await harness.moveTo(harness.now + 3_600_000);
  return `#/runs/${recipients?.[0]?.recipient_run_id}`;
}

const locateMoments = (page: Page) => page.getByRole("listbox", { name: "Moments of the run" });
const locateMoment = (page: Page, name: RegExp) => locateMoments(page).getByRole("option", { name });
const locateStep = (page: Page, ref: string) => page.locator(".node").filter({ hasText: new RegExp(`^${ref}`) });
const locateState = (page: Page, text: string) => page.locator(".moment-bar.chosen").getByText(text);
const readHash = (page: Page) => page.evaluate<string>("location.hash");

describe.runIf(hasBrowser)("the timeline of a run", () => {
  const withPage = createPageTest();

  it("shows the diagram, messages, recipient and variables as they were at the moment that is clicked", () =>
    withPage(async (opened) => {
      const page = await opened.visit(await completeRun(opened));
      await locateStep(page, "in_app_feed_2").filter({ hasText: "delivered" }).waitFor();
      await locateMoment(page, /delay_1 waiting until/).click();
      await locateStep(page, "in_app_feed_2").filter({ hasText: "not reached" }).waitFor();
      await locateStep(page, "delay_1").filter({ hasText: "waiting" }).waitFor();
      expect(await locateStep(page, "sms_1").textContent()).toContain("not reached");
      expect(await page.locator(".node-end.reached").count()).toBe(0);
      await page.getByText(/^Waited until 2/).waitFor();
      const messages = page.getByRole("region", { name: "Messages until then" });
      expect(await messages.getByRole("listitem").allTextContents()).toEqual([
        expect.stringMatching(/^You bought 2.*queued$/),
      ]);
      const recipient = page.getByRole("region", { name: "Recipient then" });
      await recipient.getByText("As it was then: the recipient has not changed since.").waitFor();
      const variables = page.getByRole("region", { name: "Variables" });
      await variables.getByRole("button", { name: "data.total 2" }).waitFor();
      await locateMoment(page, /^[\d :-]+ triggered/).click();
      await messages.getByText("No message was created.").waitFor();
      expect(await variables.getByRole("button", { name: /data\.total/ }).count()).toBe(0);
      await locateMoment(page, /message read/).click();
      await messages.getByText("read", { exact: true }).waitFor();
      await opened.api.harness.engine.resources.users.set("ana", { name: "Another" });
      await recipient.getByText("Only today's state is known").waitFor();
      await page.getByRole("button", { name: "Back to now" }).click();
      await locateStep(page, "in_app_feed_2").filter({ hasText: "delivered" }).waitFor();
      expect(await variables.count()).toBe(0);
    }));

  it("moves with the keys, keeps the focus visible, and announces the moment", () =>
    withPage(async (opened) => {
      const page = await opened.visit(await completeRun(opened));
      const options = locateMoments(page).getByRole("option");
      await options.last().focus();
      await page.keyboard.press("Home");
      await locateState(page, "1 of").waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      const focus = () => page.evaluate<string>("document.activeElement.textContent");
      await eventually(async () => /update_1 passed$/.test((await focus()).trim()));
      const chosen = locateMoments(page).locator('[aria-selected="true"]');
      expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
      expect(await chosen.count()).toBe(1);
      const announced = page.getByRole("status").filter({ hasText: "3 of" });
      expect(await announced.textContent()).toMatch(/3 of \d+ · update_1 passed · \d{4}-.* UTC/);
      await page.keyboard.press("End");
      await locateMoments(page).locator('[aria-selected="true"]', { hasText: "message delivered" }).waitFor();
      await page.getByRole("button", { name: "Previous moment" }).press("Enter");
      await page.getByRole("button", { name: "Next moment" }).press("Enter");
      await locateMoments(page).locator('[aria-selected="true"]', { hasText: "message delivered" }).waitFor();
      const history = await page.evaluate<number>("history.length");
      await locateMoments(page).locator('[aria-selected="true"]').press("ArrowUp");
      await page.keyboard.press("Escape");
      await page.getByText("Choose a moment to see the run as it was then.").waitFor();
      expect(await page.evaluate<string>("document.activeElement.getAttribute('role')")).toBe("option");
      expect(await page.evaluate("history.length")).toBe(history);
    }));

  it("opens the moment of an address, and leaves it with another run", () =>
    withPage(async (opened) => {
      const hash = await completeRun(opened);
      const page = await opened.visit(`${hash}?workflow=journey`);
      await locateMoment(page, /update_1 passed/).click();
      await eventually(
        async () =>
          (await readHash(page)).endsWith("?workflow=journey") && (await readHash(page)).length > hash.length + 36,
      );
      const address = await readHash(page);
      const again = await opened.visit(address);
      await locateState(again, "update_1 passed").waitFor();
      await locateStep(again, "in_app_feed_1").filter({ hasText: "not reached" }).waitFor();
      expect(await locateMoments(again).locator('[aria-selected="true"]').isVisible()).toBe(true);
      await opened.api.harness.trigger("journey", { recipients: ["bo"], data: DATA });
      await locateRow(again, "bo").click();
      await locateStep(again, "in_app_feed_1").filter({ hasText: "delivered" }).waitFor();
      expect(await locateMoments(again).locator('[aria-selected="true"]').count()).toBe(0);
      await again.goto(`${opened.api.url}/${hash}/none`);
      await again.getByRole("alert").getByText("The run has no such moment.").waitFor();
    }));

  it("searches variables by name and value, and copies the path of the clicked one", () =>
    withPage(async (opened) => {
      const page = await opened.visit(await completeRun(opened), {
        permissions: ["clipboard-read", "clipboard-write"],
      });
      await locateMoment(page, /^[\d :-]+ completed/).click();
      const variables = page.getByRole("region", { name: "Variables" });
      const readCopied = async (text: string): Promise<string> => {
        await variables.getByRole("status").getByText(`Copied ${text}`).waitFor();
        return page.evaluate<string>("navigator.clipboard.readText()");
      };
      await variables.getByRole("button", { name: 'data.order.items[0].sku "A-1"' }).click();
      expect(await readCopied("data.order.items[0].sku")).toBe("data.order.items[0].sku");
      await variables.getByRole("searchbox").fill("B-2");
      const found = variables.getByRole("list", { name: "Found variables" });
      await found.getByRole("button", { name: 'activities[0].data.order.items[1].sku "B-2"' }).waitFor();
      expect(await found.getByRole("button", { name: /A-1/ }).count()).toBe(0);
      await variables.getByRole("searchbox").fill("GIFT");
      await found.getByRole("button", { name: /^data/ }).press("Enter");
      expect(await readCopied('data.order.items[1]["gift note"]')).toBe('data.order.items[1]["gift note"]');
      await variables.getByRole("searchbox").fill("nothing like this");
      await variables.getByText("0 found").waitFor();
    }));

  it("shows a limited number of moments and variables, and the others on request", () =>
    withPage(async (opened) => {
      const { api, visit } = opened;
      const settings = { batch_window: { unit: "hours", value: 1 }, batch_items_render_limit: 100 };
      api.harness.define("collect", { steps: [{ ref: "batch_1", type: "batch", settings }, step.feed("Hi")] });
      const { recipients } = await api.harness.trigger("collect", { recipients: ["ana"], data: { n: 0 } });
      for (let n = 1; n < 120; n++) await api.harness.trigger("collect", { recipients: ["ana"], data: { n } });
      await api.harness.moveTo(api.harness.now + 3_600_000);
      const page = await visit(`#/runs/${recipients?.[0]?.recipient_run_id}`);
      await locateMoment(page, /batch closed 120 activities/).click();
      const variables = page.getByRole("region", { name: "Variables" });
      await variables.getByRole("button", { name: "total_activities 120" }).waitFor();
      await variables.locator("summary", { hasText: "activities 100 items" }).click();
      const rows = variables.getByRole("list", { name: "activities", exact: true }).getByRole("listitem");
      await variables.getByRole("button", { name: /^Show 100 more of \d+$/ }).click();
      await eventually(async () => (await rows.count()) === 200);
      const at = new Date(api.harness.now).toISOString();
      const create = (_: unknown, index: number): JsonObject => ({ id: `m${index}`, at, event: "run_resumed" });
      const items = Array.from({ length: 1_000 }, create);
      await page.route("**/moments*", (route) => route.fulfill({ json: { items, state: null } }));
      await page.goto("about:blank");
      await page.goto(`${api.url}/#/runs/${recipients?.[0]?.recipient_run_id}`);
      const options = locateMoments(page).getByRole("option");
      await page.getByText("Moments 801 to 1000 of 1000.").waitFor();
      await options.last().press("Home");
      await page.getByText("Moments 1 to 200 of 1000.").waitFor();
      expect(await options.count()).toBe(200);
      await eventually(() => page.evaluate<boolean>("document.activeElement.dataset.moment === 'm0'"));
    }));

  for (const width of [390, 1280])
    it(`has no violation and no overflow at ${width} px, light and dark`, () =>
      withPage(async (opened) => {
        const hash = await completeRun(opened);
        for (const colorScheme of ["light", "dark"] as const) {
          const page = await opened.visit(hash, { colorScheme, viewport: { width, height: 900 } });
          await locateMoment(page, /in_app_feed_2 message created/).click();
          await page.getByRole("region", { name: "Variables" }).locator("summary", { hasText: "activities" }).click();
          expect(await findViolations(page)).toEqual([]);
          expect(await findOverflow(page)).toEqual([]);
        }
      }));
});
