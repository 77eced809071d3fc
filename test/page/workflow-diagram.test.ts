import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { createPageTest, locateRow, type OpenedPage } from "../helpers/page-browser.js";
import { triggerFork } from "../helpers/page-fork.js";
import { hasBrowser } from "../helpers/page-reader.js";

async function visitRun({ api, visit }: OpenedPage, width = 1280): Promise<Page> {
  const outcome = await triggerFork(api.harness);
  const id = String(outcome.recipients?.[0]?.recipient_run_id);
  const page = await visit(`#/runs/${id}`, { viewport: { width, height: 900 } });
  await locateStep(page, "branch_1").waitFor();
  return page;
}

const locateStep = (page: Page, ref: string) => page.locator(".node").filter({ hasText: new RegExp(`^${ref}`) });
const locateDetails = (page: Page, ref: string) => page.getByRole("region", { name: `Details of ${ref}` });
const readFocus = (page: Page) => page.evaluate<string>("document.activeElement.querySelector('b')?.textContent ?? ''");

describe.runIf(hasBrowser)("the diagram of a workflow", () => {
  const withPage = createPageTest();

  it("marks the path that a run took, and skipped, waiting and unreached steps", () =>
    withPage(async (opened) => {
      const page = await visitRun(opened);
      expect(await locateStep(page, "email_1").textContent()).toContain("skipped");
      expect(await locateStep(page, "delay_1").textContent()).toContain("waiting · delay · 2 hours");
      for (const ref of ["sms_1", "delay_2"])
        expect(await locateStep(page, ref).textContent()).toContain("not reached");
      expect(await page.locator(".node-branch.reached").allTextContents()).toEqual([
        expect.stringContaining("Trigger"),
        expect.stringContaining("Smalltaken"),
      ]);
      // trigger → in_app_feed_1 → branch_1 → Small → email_1 → delay_1
      expect(await page.locator(".diagram path.taken").count()).toBe(5);
      await page.getByRole("button", { name: "Advance the clock to this time" }).click();
      await locateStep(page, "delay_2").filter({ hasText: "waiting" }).waitFor();
      await locateStep(page, "delay_1").filter({ hasText: "passed" }).waitFor();
      expect(await page.locator(".diagram path.taken").count()).toBe(6);
    }));

  it("shows the conditions of branches and steps with the values that were compared", () =>
    withPage(async (opened) => {
      const page = await visitRun(opened);
      const lines = async (text: string) =>
        (await page.locator(".node-branch", { hasText: text }).locator(".node-lines code").allTextContents())
          .join(" ")
          .replaceAll(/\s+/g, " ");
      expect(await lines("Large")).toContain("data.size greater_than 100 (was 4)");
      expect(await lines("Small")).toBe("data.size less_than 10 (was 4)");
      expect(await locateStep(page, "email_1").textContent()).toContain('data.color equal_to "red" (was "blue")');
      await locateStep(page, "branch_1").click();
      const details = locateDetails(page, "branch_1");
      await details.getByText("By size").waitFor();
      await details.getByText("At least one is true:").waitFor();
      expect(await details.locator(".failed").allTextContents()).toEqual([
        expect.stringContaining("false: data.size greater_than 100 (was 4)"),
        expect.stringContaining("false: data.force equal_to true (was missing)"),
      ]);
      expect(await details.locator("li", { hasText: "Small" }).getByText("taken", { exact: true }).count()).toBe(1);
    }));

  it("opens and closes details by keyboard, and moves the focus through the steps in order", () =>
    withPage(async (opened) => {
      const page = await visitRun(opened);
      await locateStep(page, "in_app_feed_1").focus();
      const visited: string[] = [];
      for (let presses = 0; presses < 5; presses++) {
        await page.keyboard.press("Tab");
        visited.push(await readFocus(page));
      }
      expect(visited).toEqual(["branch_1", "sms_1", "email_1", "delay_1", "delay_2"]);
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowDown");
      expect(await readFocus(page)).toBe("branch_1");
      await page.keyboard.press("Enter");
      await locateDetails(page, "branch_1").waitFor();
      expect(await locateStep(page, "branch_1").getAttribute("aria-expanded")).toBe("true");
      await page.keyboard.press("Escape");
      await locateDetails(page, "branch_1").waitFor({ state: "detached" });
      expect(await readFocus(page)).toBe("branch_1");
      await page.keyboard.press("End");
      await page.keyboard.press("Enter");
      await locateDetails(page, "delay_2").getByText("The run did not reach this step.").waitFor();
    }));

  it("names steps and branches for screen readers", () =>
    withPage(async (opened) => {
      const page = await visitRun(opened);
      const diagram = page.getByRole("list", { name: "Workflow diagram" });
      const branches = diagram.getByRole("list", { name: "Branches of branch_1" });
      const small = branches.getByRole("list", { name: "Steps of the branch Small" });
      await small.getByRole("button", { name: /^email_1 skipped · Email · mail if false: data\.color/ }).waitFor();
      await branches.getByRole("button", { name: /^sms_1 not reached: SMS/ }).waitFor();
      expect(await small.getByRole("button").count()).toBe(2);
    }));

  it("fits on a phone, where branches are below each other", () =>
    withPage(async (opened) => {
      const page = await visitRun(opened, 390);
      const left = async (ref: string) => (await locateStep(page, ref).boundingBox())?.x;
      expect(await left("sms_1")).toBe(await left("email_1"));
      const main = "document.querySelector('main')";
      expect(await page.evaluate(`${main}.scrollWidth <= ${main}.clientWidth`)).toBe(true);
      await locateStep(page, "sms_1").click();
      const box = await locateDetails(page, "sms_1").boundingBox();
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(900);
    }));

  it("shows the workflow next to the form that triggers it, without a run", () =>
    withPage(async ({ api, visit }) => {
      await triggerFork(api.harness);
      const page = await visit("#/trigger/fork");
      await locateStep(page, "delay_2").waitFor();
      expect(await page.locator(".diagram .taken, .diagram .reached, .diagram .unreached").count()).toBe(0);
      await locateStep(page, "email_1").click();
      await locateDetails(page, "email_1").getByText('data.color equal_to "red"', { exact: true }).waitFor();
      await page.getByRole("combobox", { name: "Workflow" }).selectOption("order");
      await locateStep(page, "in_app_feed_1").waitFor();
      expect(await page.locator(".node").count()).toBe(1);
    }));

  it("shows the version of the workflow with which a run started", () =>
    withPage(async ({ api, visit }) => {
      const page = await visit("#/runs?workflow=order");
      await api.harness.trigger("order", { recipients: ["bo"], data: { order: { number: "ord_1" } } });
      api.harness.define("order", { steps: [] });
      await locateRow(page, "bo").click();
      await locateStep(page, "in_app_feed_1").waitFor();
    }));
});
