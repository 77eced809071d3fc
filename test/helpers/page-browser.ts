import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { buildCondition, step } from "./build-steps.js";
import { eventually, WAIT_OPTIONS } from "./eventually.js";
import { CHROME, readBuiltPage } from "./page-reader.js";
import { openCatalogueEmulator, type TestEmulator } from "./test-emulator.js";

export interface OpenedPage {
  api: TestEmulator;
  /** Opens the page at a view. Errors of the page and requests to other hosts make `close` throw. */
  visit(hash?: string, options?: Parameters<Browser["newPage"]>[0]): Promise<Page>;
  close(): Promise<void>;
}

let launched: Promise<Browser> | undefined;

/**
 * Returns the browser of this worker process. It is launched once for all test files, because a launch takes a second of
 * CPU time, and ends with the process. Each page that it opens has its own storage.
 */
export function getBrowser(): Promise<Browser> {
  launched ??= chromium.launch({ executablePath: CHROME, args: ["--no-sandbox"] });
  return launched;
}

/** Opens a page whose waits last as long as those of other tests, so that a busy machine does not fail them. */
export async function openBrowserPage(
  browser: Browser,
  options: Parameters<Browser["newPage"]>[0] = {},
): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(WAIT_OPTIONS.timeout);
  return page;
}

/** Closes all pages of the browser, with their storage. */
export async function closePages(browser: Browser): Promise<void> {
  for (const context of browser.contexts()) await context.close();
}

const NESTED = {
  type: "object",
  properties: {
    order: {
      type: "object",
      properties: {
        number: { type: "string", pattern: "^ord_[0-9]+$", description: "As on the invoice." },
        lines: {
          type: "array",
          items: { type: "object", properties: { sku: { type: "string" }, quantity: { type: "integer", minimum: 1 } } },
        },
      },
      required: ["number"],
    },
    gift: { type: "boolean" },
    speed: { enum: ["slow", "fast"] },
  },
  required: ["order"],
};

/** Opens an emulator with the case catalog's recipients and a message of each channel type. */
export async function openPage(browser: Browser): Promise<OpenedPage> {
  const api = await openCatalogueEmulator({ readPage: readBuiltPage });
  const { harness } = api;
  const { knock } = api;
  await knock.users.setChannelData("ana", "c-ios", { data: { tokens: ["t-1"] } });
  await knock.users.setChannelData("ana", "c-chat", {
    data: { connections: [{ access_token: "x", channel_id: "C01" }] },
  });
  const skipped = step.email(
    "Never",
    "B",
    { conditions: buildCondition("data.never", "equal_to", true) },
    "promo",
    "email_2",
  );
  harness.define("every", {
    steps: [
      step.email(
        "Hello **{{ recipient.id }}**",
        "<h1>Hi</h1><img src='https://out.test/a.png'><a href='https://out.test/'>Go</a>",
      ),
      step.feed("**Ann** wrote [to you](https://out.test/)"),
      step.sms("A short one"),
      step.push("Look"),
      step.chat("*Bold* and <https://out.test/|a link>"),
      step.webhook(),
      skipped,
    ],
  });
  harness.define("order", { trigger_data_json_schema: NESTED, steps: [step.feed("Order {{ order.number }}")] });
  await harness.trigger("every", { recipients: ["ana"], data: { n: 1 } });
  await harness.trigger("paused", { recipients: ["u1", "u2"] });
  const pageErrors: string[] = [];
  const pages: Page[] = [];
  return {
    api,
    async visit(hash = "", options = {}) {
      const page = await openBrowserPage(browser, { viewport: { width: 1280, height: 800 }, ...options });
      pages.push(page);
      page.on("pageerror", (error) => pageErrors.push(String(error)));
      page.on("response", (response) => {
        const url = response.url();
        if (!url.startsWith(api.url) && !url.startsWith("data:")) pageErrors.push(`asked ${url}`);
      });
      await page.goto(`${api.url}/${hash}`);
      return page;
    },
    async close() {
      for (const page of pages) await page.close();
      await api.close();
      if (pageErrors.length > 0) throw new Error(pageErrors.join("\n"));
    },
  };
}

/** Prepares the browser for the tests of a file. The returned function opens the page for one test and closes it. */
export function createPageTest(): (body: (opened: OpenedPage) => Promise<void>) => Promise<void> {
  let browser: Browser;
  beforeAll(async () => {
    browser = await getBrowser();
  });
  afterAll(() => closePages(browser));
  return async (body) => {
    const opened = await openPage(browser);
    try {
      await body(opened);
    } finally {
      await opened.close();
    }
  };
}

/** Locates a row of a list. */
export function locateRow(page: Page, text: string | RegExp) {
  return page.locator("[data-row]", { hasText: text });
}

/** Waits until the tab has a title, which the page sets after it shows a view. */
export async function waitForTitle(page: Page, title: string): Promise<void> {
  await eventually(async () => (await page.title()) === title);
}

/**
 * Waits until the page is at a view. The check runs inside the page, because Playwright's `page.url()` may be out of date.
 * `waitForFunction` would use `eval`, which the policy of the page forbids.
 */
export async function waitForHash(page: Page, hash: string): Promise<void> {
  await eventually(async () => (await page.evaluate("location.hash")) === hash);
}
