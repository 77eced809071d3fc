import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closePages, getBrowser, type OpenedPage, openPage } from "../helpers/page-browser.js";
import { hasBrowser } from "../helpers/page-reader.js";

const MANY = 10_000;

describe.runIf(hasBrowser)("the page with ten thousand messages", () => {
  let browser: Browser;
  let opened: OpenedPage;
  beforeAll(async () => {
    browser = await getBrowser();
    opened = await openPage(browser);
    const recipients = Array.from({ length: 1_000 }, (_, at) => ({ id: `user-${at}` }));
    for (let done = 0; done < MANY; done += recipients.length)
      await opened.api.harness.trigger("order", { recipients, data: { order: { number: `ord_${done}` } } });
  }, 120_000);
  afterAll(async () => {
    await opened.close();
    await closePages(browser);
  });

  it("shows the newest messages, more on request, and never more than 500 rows", async () => {
    const page = await opened.visit();
    const rows = page.locator("[data-row]");
    await rows.first().waitFor();
    expect(await rows.count()).toBe(50);
    for (let shown = 150; shown <= 450; shown += 100) {
      await page.getByRole("button", { name: "Load more" }).click();
      await rows.nth(shown - 1).waitFor();
    }
    expect(await page.locator("li.new").count()).toBe(0);
    await page.getByRole("button", { name: "Load more" }).click();
    await page.getByText("Only the newest 500 are shown").waitFor();
    expect(await rows.count()).toBe(500);
    await opened.api.harness.trigger("order", { recipients: ["eli"], data: { order: { number: "ord_99999" } } });
    await page.locator("li.new", { hasText: "ord_99999" }).waitFor();
    expect(await rows.count()).toBe(500);
  });

  it("searches all messages", async () => {
    const page = await opened.visit();
    await page.getByRole("searchbox").fill("ord_1000");
    await page.locator("[data-row]", { hasText: "Order ord_1000" }).first().waitFor();
    await page.getByRole("searchbox").fill("user-777");
    await page.locator("[data-row]", { hasText: "user-777" }).nth(9).waitFor();
    expect(await page.locator("[data-row]").count()).toBe(10);
    await page.goto(`${opened.api.url}/#/users?q=user-99`);
    await page.locator("[data-row]", { hasText: "user-999" }).waitFor();
    expect(await page.locator("[data-row]").count()).toBe(11);
  });
});
