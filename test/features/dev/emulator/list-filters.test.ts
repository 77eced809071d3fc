import { expect, it } from "vitest";
import { findListFilters, LIST_REQUESTS } from "../../../../bench/list-routes.js";

it("every list of the API and each of its filters is measured by the growth bench", async () => {
  const measured = Object.entries(LIST_REQUESTS).map(([endpoint, { filters }]) => [
    endpoint,
    Object.keys(filters).sort(),
  ]);
  const found = await findListFilters();
  expect(Object.fromEntries(measured)).toEqual(found);
  expect(Object.keys(found).length).toBeGreaterThan(15);
});
