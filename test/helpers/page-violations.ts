import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

const ALL_RULES = JSON.stringify(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]);
const COLOR_RULES = `axe.getRules(${ALL_RULES}).filter(({ tags }) => tags.includes("cat.color")).map(({ ruleId }) => ruleId)`;

/**
 * Returns the violations of WCAG 2.2 A and AA that axe finds, contrast included, or only those of rules about colors.
 * The frame of an email is left out. axe is loaded only once, and stays in the page while only the address after `#`
 * changes.
 */
export async function findViolations(page: Page, rules: "all" | "colors" = "all"): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(AXE);
  const found = (await page.evaluate(`(async () => {
    const { violations } = await axe.run(document, {
      iframes: false,
      resultTypes: ["violations"],
      runOnly: ${rules === "all" ? ALL_RULES : COLOR_RULES},
    });
    return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })) }));
  })()`)) as Violation[];
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

/**
 * Scrolls everything to its end, and lists the elements that scroll sideways or overflow, and a document that is taller than
 * the window: the page itself must never scroll, because only an empty screen would follow. Only rows of tabs and an email
 * at desktop width may be wider than their place.
 */
const FIND_OVERFLOW = `(() => {
  const wide = [document.documentElement, ...document.querySelectorAll("main, section, article, form, fieldset, dialog, h1, .bar")]
    .filter((element) => !element.matches(".unseen, .frame:not(.narrow)") && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1)
    .map((element) => element.localName + "." + element.className);
  for (const bar of document.querySelectorAll(".bar"))
    if (bar.scrollHeight > bar.clientHeight + 1) wide.push("cut off: ." + bar.className);
  for (const element of document.querySelectorAll("*"))
    if (element.scrollHeight > element.clientHeight) element.scrollTop = element.scrollHeight;
  const { scrollHeight, scrollTop } = document.documentElement;
  const below = Math.max(scrollHeight - innerHeight, scrollTop);
  return below === 0 ? wide : [...wide, below + " px below the window"];
})()`;

/** Returns the elements that overflow, and how far the document continues below the window; empty if everything fits. */
export async function findOverflow(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(FIND_OVERFLOW);
}
