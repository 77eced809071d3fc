import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { launch, type Opened, openPage } from "../helpers/page-browser.js";
import { hasBrowser } from "../helpers/page-reader.js";

const row = (page: Page, text: string | RegExp) => page.locator("[data-row]", { hasText: text });

describe.runIf(hasBrowser)("the page of knock dev, used all day", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  const withPage = async (body: (opened: Opened) => Promise<void>): Promise<void> => {
    const opened = await openPage(browser);
    try {
      await body(opened);
    } finally {
      await opened.close();
    }
  };

  it("puts an e-mail back whose link was clicked, and says where links open", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/messages");
      await row(page, "Hello").click();
      const inside = page.frameLocator("iframe");
      await inside.getByRole("link", { name: "Go" }).click();
      await page.getByText("Links do not open within the e-mail: they are listed below.").waitFor();
      await inside.getByRole("heading", { name: "Hi" }).waitFor();
    }));
});
