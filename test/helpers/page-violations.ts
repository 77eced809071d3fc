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
