import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { buildReviewPage } from "../../../src/features/review/build-review-page.js";
import type { ReviewReport } from "../../../src/features/review/review-report-schema.js";
import { closePages, getBrowser, openBrowserPage } from "../../helpers/page-browser.js";
import { hasBrowser } from "../../helpers/page-reader.js";
import { findViolations } from "../../helpers/page-violations.js";
import { SAMPLE_REPORT } from "./sample-report.js";

const SCRIPT = "top.taken = window.taken = true";
const HOSTILE = `</script></iframe><script>${SCRIPT}</script><img src="https://out.test/x.png" onerror="${SCRIPT}">" onload='${SCRIPT}' \u202e\u0007`;

/** Returns the sample with a text in place of each name and text that data or files decide. */
function buildHostileReport(): ReviewReport {
  const kept = ["kind", "state", "side", "severity", "unit", "at", "__typename"];
  const replace = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => replace(item, key));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, replace(child, name)]));
    const isWord = (key === "before" || key === "after") && /^[a-z\d.]+$/.test(String(value));
    return typeof value !== "string" || kept.includes(key) || isWord ? value : HOSTILE;
  };
  return replace(SAMPLE_REPORT, "") as ReviewReport;
}

describe("buildReviewPage", () => {
  it("has a policy, frames without rights, and no external resource of its own", () => {
    const page = buildReviewPage(SAMPLE_REPORT);
    expect(page).toContain("default-src 'none'; script-src 'sha256-");
    const withoutFrames = page.replace(/ srcdoc="[^"]*"/g, "");
    expect(withoutFrames).not.toMatch(/<(?:img|link|object|embed|base)\b|<[^>]+\ssrc=|url\(/);
    const frames = page.match(/<iframe [^>]*>/g) ?? [];
    expect(frames).toHaveLength(5);
    for (const frame of frames) expect(frame).toMatch(/^<iframe sandbox="" .*srcdoc="&lt;!doctype html&gt;&lt;meta/s);
  });

  it("limits the messages of a page, and says so", () => {
    const [shipped, ...others] = SAMPLE_REPORT.workflows;
    const [lost, removed, changed] = shipped!.differences;
    const example = {
      ...lost!.examples[0]!,
      before: { ...lost!.examples[0]!.before!, content: { body: "x".repeat(21_000_000) } },
    };
    const differences = [{ ...lost!, examples: [example] }, removed!, changed!];
    const page = buildReviewPage({ ...SAMPLE_REPORT, workflows: [{ ...shipped!, differences }, ...others] });
    expect(page.length).toBeLessThan(100_000);
    expect(page).toContain("1 example did not fit into this page.");
  });
});

describe.runIf(hasBrowser)("the page of a review", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await getBrowser();
  });
  afterAll(() => closePages(browser));

  async function openReport(report: ReviewReport, options: Parameters<Browser["newPage"]>[0]): Promise<Page> {
    const file = join(inject("sharedFolder"), "review.html");
    writeFileSync(file, buildReviewPage(report));
    const page = await openBrowserPage(browser, options);
    await page.goto(`file://${file}`);
    return page;
  }

  const isTooWide = (page: Page): Promise<boolean> =>
    page.evaluate<boolean>("document.documentElement.scrollWidth > innerWidth");

  it("is accessible in both themes, and fits into the width of a phone", async () => {
    const page = await openReport(SAMPLE_REPORT, { viewport: { width: 1280, height: 900 }, colorScheme: "dark" });
    expect(await findViolations(page)).toEqual([]);
    await page.getByLabel("Light").check();
    expect(await findViolations(page, "colors")).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await isTooWide(page)).toBe(false);
  });

  it("finds texts and hides kinds of messages", async () => {
    const page = await openReport(SAMPLE_REPORT, { viewport: { width: 390, height: 844 } });
    expect(await page.getByLabel("Phone").isChecked()).toBe(true);
    await page.getByRole("searchbox").fill("market SQUARE");
    expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual([
      "order-shipped",
      "password-reset",
    ]);
    expect(await page.getByText("1 push message").isVisible()).toBe(false);
    await page.getByRole("searchbox").fill("");
    await page.getByLabel("Lost").press("Space");
    expect(await page.getByText("1 push message").isVisible()).toBe(false);
    expect(await page.getByText("7 email messages").isVisible()).toBe(true);
  });

  it("shows hostile texts as text, and works without scripts", async () => {
    const requests: string[] = [];
    const page = await openReport(buildHostileReport(), { viewport: { width: 390, height: 844 } });
    // A request that the policy has blocked fails with "csp".
    page.on("requestfailed", (request) => {
      if (request.failure()?.errorText !== "csp") requests.push(request.url());
    });
    page.on("response", (response) => requests.push(response.url()));
    await page.reload();
    expect(await page.evaluate("window.taken")).toBeUndefined();
    expect(await isTooWide(page)).toBe(false);
    expect(requests.filter((url) => url.startsWith("http"))).toEqual([]);
    const plain = await openReport(SAMPLE_REPORT, { viewport: { width: 1280, height: 900 }, javaScriptEnabled: false });
    expect(await plain.getByRole("searchbox").isVisible()).toBe(false);
    await plain.getByLabel("Phone").check();
    expect((await plain.locator("iframe").first().boundingBox())?.width).toBeLessThanOrEqual(390);
  });
});
