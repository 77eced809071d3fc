import { describe, expect, it } from "vitest";
import { createNameFilter } from "../../../src/scenarios/name-filter.js";
import { catchThrown } from "../../helpers/catch-error.js";

describe("the filter of scenarios", () => {
  it.each([
    ["Reminder", ["sends a reminder", "REMINDERS"], ["sends"]],
    ["/^sends .*(email|push)$/", ["Sends an EMAIL", "sends a push"], ["sends an email later", "it sends a push"]],
    ["/[ä-ü]/", ["ÖFFNET"], ["opens"]],
  ])("%s finds names without regard to case", (filter, found, others) => {
    const matches = createNameFilter(filter);
    expect(found.filter(matches)).toEqual(found);
    expect(others.filter(matches)).toEqual([]);
  });

  it("is linear in the length of a name", () => {
    expect(createNameFilter("/^(a+)+$/")(`${"a".repeat(50_000)}!`)).toBe(false);
  });

  it.each([
    ["/(/", "is not a regular expression"],
    ["/(?=a)b/", "uses lookaround or a backreference"],
    ["/(a)\\1/", "uses lookaround or a backreference"],
  ])("%s is refused", (filter, message) => {
    const error = catchThrown(() => createNameFilter(filter));
    expect([error.code, error.message.includes(message)]).toEqual(["usage", true]);
  });
});
