import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { closePages, getBrowser, openBrowserPage } from "../helpers/page-browser.js";
import { CHROME, hasBrowser } from "../helpers/page-reader.js";
import { renderContent } from "../helpers/render-step.js";

if (!hasBrowser)
  console.warn(`notice: no ${CHROME} on this machine (CHROME_PATH); blocks are not looked at in a browser`);

const button = (label: string, more: JsonObject = {}): JsonObject => ({
  label,
  action: "https://lark.test/",
  variant: "solid",
  ...more,
});
const BLOCKS: JsonObject[] = [
  { type: "markdown", content: `# Hello\n\nSee https://lark.test/${"abcdefghij".repeat(12)}` },
  {
    type: "button_set",
    buttons: [button("Follow the parcel"), button("Change the address", { variant: "outline" }), button("Cancel it")],
    layout_attrs: { column_gap: 8 },
  },
  { type: "button_set", buttons: [button("On its own")] },
];
const MJML = "<mjml><mj-body>{{ content }}</mj-body></mjml>";

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Returns the boxes of the links with a text, by that text. */
const measureBox = async (page: Page, text: string): Promise<Box> =>
  page.evaluate<Box>(`(() => {
    const link = [...document.querySelectorAll("a")].find((one) => one.textContent.trim() === ${JSON.stringify(text)});
    const { x, y, width, height } = link.getBoundingClientRect();
    return { x, y, width, height };
  })()`);

describe.runIf(hasBrowser)("visual blocks in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await getBrowser();
  });
  afterAll(() => closePages(browser));

  async function look(width: number, colorScheme: "light" | "dark", mjml: boolean): Promise<Page> {
    const layouts = { mj: { name: "mj", is_mjml: true, html_layout: MJML, text_layout: "{{ content }}" } };
    const template = { subject: "S", visual_blocks: BLOCKS, settings: { layout_key: mjml ? "mj" : "default" } };
    const content = await renderContent({ type: "email", template, layouts });
    const page = await openBrowserPage(browser, { viewport: { width, height: 900 }, colorScheme });
    await page.route(/^https?:/, (route) => route.abort());
    await page.setContent(String(content.html_body));
    return page;
  }

  it.each([
    [375, false],
    [700, false],
    [375, true],
    [700, true],
  ])("wrap a long address at %i pixels (MJML: %s)", async (width, mjml) => {
    const page = await look(width, "light", mjml);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    await page.close();
  });

  it.each([false, true])("T-154 keep the gap between buttons that wrap (MJML: %s)", async (mjml) => {
    const page = await look(375, "light", mjml);
    const [first, last] = [await measureBox(page, "Follow the parcel"), await measureBox(page, "Cancel it")];
    expect(last.y).toBeGreaterThan(first.y);
    expect(last.y - (first.y + first.height)).toBeGreaterThanOrEqual(8);
    await page.close();
  });

  it("T-158 show a single MJML button as wide as its label, without a color around it", async () => {
    const page = await look(700, "light", true);
    expect((await measureBox(page, "On its own")).width).toBeLessThan(200);
    const colours = await page.evaluate<string[]>(`(() => {
      const found = [];
      let element = [...document.querySelectorAll("a")].find((one) => one.textContent.trim() === "On its own");
      for (element = element.parentElement; element; element = element.parentElement)
        if (element.getBoundingClientRect().width > 200) found.push(getComputedStyle(element).backgroundColor);
      return [...new Set(found)];
    })()`);
    expect(colours).toEqual(["rgba(0, 0, 0, 0)"]);
    await page.close();
  });

  it("T-160 use the reader's dark text and background where the built-in layout has dark buttons", async () => {
    const page = await look(700, "dark", false);
    const colours = await page.evaluate<string[]>(
      `[getComputedStyle(document.querySelector("h1")).color, getComputedStyle(document.documentElement).colorScheme]`,
    );
    expect(colours).toEqual(["rgb(255, 255, 255)", "light dark"]);
    await page.close();
  });
});
