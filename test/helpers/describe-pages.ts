import { describe, expect } from "vitest";
import { DOCUMENTATION_PAGES, readBlocks, readPage, runPage, writeOutputs } from "./documentation-page.js";
import { CHROME, hasBrowser } from "./page-reader.js";
import { cliTest as it } from "./run-knock.js";

const needsBrowser = (page: string): boolean => readPage(page).includes("playwright test");

/** Describes tests that run the commands of the pages that `isIncluded` selects. `GOLDEN=write` writes the real outputs into them. */
export function describePages(name: string, isIncluded: (page: string) => boolean): void {
  const pages = DOCUMENTATION_PAGES.filter((page) => isIncluded(page) && readBlocks(page).length > 0);
  if (!hasBrowser && pages.some(needsBrowser))
    console.warn(`notice: no ${CHROME}; recipes that need a browser are skipped`);
  describe(name, () => {
    it.for(pages.filter((page) => hasBrowser || !needsBrowser(page)))(
      "%s has commands that succeed and print what the page shows",
      async (page, { collab, ops, shop, tracker }) => {
        const { failures, differences } = await runPage(page, { collab, ops, shop, tracker });
        expect(failures).toEqual([]);
        if (process.env.GOLDEN === "write") writeOutputs(page, differences);
        else for (const { block, actual } of differences) expect(actual).toBe(block.text);
      },
    );
  });
}
