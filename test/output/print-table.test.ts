import { describe, expect, it } from "vitest";
import { Output } from "../../src/output/output.js";
import { printTable } from "../../src/output/print-table.js";

const HEAD = ["RECIPIENT RUN", "WORKFLOW", "RECIPIENT", "STATUS", "STARTED"];
const ROWS = [
  ["3d22db0a-7833-5a84-985d-9725fb8766f5", "page-shared", "katherine", "completed (1 error)", "2030-01-01 10:05:00Z"],
  ["8b363606-945f-54c7-b2de-3f1366ac5551", "invite", "projects/p1", "paused", "2030-01-01 10:04:00Z"],
];

/** Returns the lines for a terminal of this width, or for a pipe if `columns` is null. */
async function table(columns: number | null, rows = ROWS, head = HEAD): Promise<string[]> {
  const written: string[] = [];
  const stdout = {
    isTTY: columns !== null,
    columns: columns ?? undefined,
    write: (text: string) => written.push(text) > 0,
  };
  printTable(head, rows, await Output.open({ stdout, stderr: stdout, env: { NO_COLOR: "1" } }));
  return written.join("").trimEnd().split("\n");
}

describe("a table", () => {
  it("is never truncated in a pipe or where it fits", async () => {
    const complete = [
      "RECIPIENT RUN                         WORKFLOW     RECIPIENT    STATUS               STARTED",
      "3d22db0a-7833-5a84-985d-9725fb8766f5  page-shared  katherine    completed (1 error)  2030-01-01 10:05:00Z",
      "8b363606-945f-54c7-b2de-3f1366ac5551  invite       projects/p1  paused               2030-01-01 10:04:00Z",
    ];
    expect(await table(null)).toEqual(complete);
    expect(await table(105)).toEqual(complete);
  });

  it("measures cells after control characters are escaped", async () => {
    const lines = await table(
      null,
      [
        ["ab\u202ec", "x"],
        ["d", "y"],
      ],
      ["ID", "NAME"],
    );
    expect(lines).toEqual(["ID         NAME", "ab\\u202ec  x", "d          y"]);
  });

  it("truncates ids first", async () => {
    expect(await table(90)).toEqual([
      "RECIPIENT RUN          WORKFLOW     RECIPIENT    STATUS               STARTED",
      "3d22db0a-7833-5a84-9…  page-shared  katherine    completed (1 error)  2030-01-01 10:05:00Z",
      "8b363606-945f-54c7-b…  invite       projects/p1  paused               2030-01-01 10:04:00Z",
    ]);
  });

  it("cuts an id shorter than a name before it cuts the name", async () => {
    expect((await table(78))[1]).toBe("3d22db0a…  page-shared  katherine    completed (1 error)  2030-01-01 10:05:00Z");
  });

  it("then omits times, and keeps the status complete", async () => {
    expect(await table(60)).toEqual([
      "RECIPIENT RUN  WORKFLOW     RECIPIENT    STATUS",
      "3d22db0a-783…  page-shared  katherine    completed (1 error)",
      "8b363606-945…  invite       projects/p1  paused",
    ]);
    expect(await table(40)).toEqual([
      "RECIPIEN…  WO…  RE…  STATUS",
      "3d22db0a…  pa…  ka…  completed (1 error)",
      "8b363606…  in…  pr…  paused",
    ]);
  });

  it("keeps 8 characters of IDs at 40 columns, and then truncates the status", async () => {
    const rows = [["3d22db0a-7833-5a84-985d-9725fb8766f5", "hello", "ada", "1 delivered · 1 sandboxed", ""]];
    expect((await table(40, rows))[1]).toBe("3d22db0a…  he…  ada  1 delivered · 1 sa…");
  });

  it("truncates IDs to prefixes that differ, and omits empty and later times first", async () => {
    const head = ["SCHEDULE", "WORKFLOW", "RECIPIENT", "NEXT", "LAST", "AT", "REPEATS"];
    const times = (last: string): string[] => ["2030-01-01 10:05:00Z", last, "09:00", "mon, fri"];
    const rows = (last: string): string[][] => [
      ["01a23240-b246-475c-a28c-248a83c1cc18", "new-comment", "ada", ...times(last)],
      ["01a23240-b246-4695-8184-76bb42ef9e2a", "new-comment", "katherine", ...times("")],
    ];
    const expected = [
      "SCHEDULE           WORKFLOW     RECIPIENT  NEXT                  AT     REPEATS",
      "01a23240-b246-47…  new-comment  ada        2030-01-01 10:05:00Z  09:00  mon, fri",
      "01a23240-b246-46…  new-comment  katherine  2030-01-01 10:05:00Z  09:00  mon, fri",
    ];
    expect(await table(80, rows(""), head)).toEqual(expected);
    expect(await table(80, rows("2029-12-01 10:05:00Z"), head)).toEqual(expected);
  });

  it("fits into any width", async () => {
    for (let columns = 1; columns < 120; columns++)
      for (const line of await table(columns)) expect(line.length).toBeLessThanOrEqual(columns);
  });

  it("keeps short columns, and the first time if only one other column would remain", async () => {
    expect(
      await table(24, [["ada", "2030-01-01 10:05:00Z", "2030-01-01 10:05:00Z"]], ["USER", "NEXT", "LAST"]),
    ).toEqual(["USER  NEXT", "ada   2030-01-01 10:05:…"]);
  });

  it("is aligned by the display width of characters, and no cell breaks a line", async () => {
    const rows = [
      ["u1", "林 慧音", "new"],
      ["u2", "Zoé", "new"],
      ["u3", "a\nb\u001b[2J", "read"],
    ];
    expect(await table(null, rows, ["USER", "NAME", "STATUS"])).toEqual([
      "USER  NAME     STATUS",
      "u1    林 慧音  new",
      "u2    Zoé      new",
      "u3    a b [2J  read",
    ]);
    expect(await table(17, rows, ["USER", "NAME", "STATUS"])).toEqual([
      "US…  NAME  STATUS",
      "u1   林 …  new",
      "u2   Zoé   new",
      "u3   a b…  read",
    ]);
  });
});
