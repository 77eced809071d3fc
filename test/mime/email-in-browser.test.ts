import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closePages, getBrowser, openBrowserPage } from "../helpers/page-browser.js";
import { CHROME, hasBrowser } from "../helpers/page-reader.js";

if (!hasBrowser) console.warn(`notice: ${CHROME} was not found (CHROME_PATH); emails are not tested in a browser`);

const GOLDEN = join(import.meta.dirname, "../golden");

/**
 * Returns the visible background of an element: its own, or that of the nearest ancestor. A text that the page runs.
 */
const readBackground = (page: Page, selector: string): Promise<string> =>
  page.evaluate(`(() => {
    for (let element = document.querySelector(${JSON.stringify(selector)}); element; element = element.parentElement) {
      const { backgroundColor } = getComputedStyle(element);
      if (backgroundColor !== "rgba(0, 0, 0, 0)") return backgroundColor;
    }
    return "none";
  })()`);

describe.runIf(hasBrowser)("the shop's emails in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await getBrowser();
  });
  afterAll(() => closePages(browser));

  const looks = [375, 700].flatMap((width) => (["light", "dark"] as const).map((scheme) => [width, scheme] as const));

  it.each(looks)("fit %i pixels in %s, make no requests, and hide their preview text", async (width, scheme) => {
    for (const name of ["order-shipped", "spring-sale"]) {
      const page = await openBrowserPage(browser, { viewport: { width, height: 900 }, colorScheme: scheme });
      const requestedUrls: string[] = [];
      await page.route(/^https?:/, (route) => {
        requestedUrls.push(route.request().url());
        return route.abort();
      });
      await page.setContent(readFileSync(join(GOLDEN, `${name}.html`), "utf8"));
      expect([name, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([name, width]);
      expect(requestedUrls).toEqual([]);
      expect(await page.evaluate<string>("document.body.innerText")).not.toMatch(/2 things, Swift|Until Sunday/);
      await page.close();
    }
  });

  it.each([
    ["light", "rgb(255, 255, 255)", "rgb(138, 63, 252)"],
    ["dark", "rgb(30, 37, 40)", "rgb(212, 187, 255)"],
  ] as const)(
    "T-160 show the card and the tenant's button in their colors in %s",
    async (colorScheme, card, button) => {
      const page = await openBrowserPage(browser, { viewport: { width: 700, height: 900 }, colorScheme });
      await page.setContent(readFileSync(join(GOLDEN, "order-shipped.html"), "utf8"));
      expect(await readBackground(page, ".card")).toBe(card);
      expect(await readBackground(page, ".block-button--solid")).toBe(button);
      await page.close();
    },
  );
});
