import { describe, expect, it } from "vitest";
import { parseCursor, serializeCursor } from "../../src/store/cursor.js";
import { catchThrown } from "../helpers/catch-error.js";

describe("a cursor", () => {
  it("is read as the row it was written for", () => {
    for (const row of [1, 42, Number.MAX_SAFE_INTEGER])
      expect(parseCursor("runs", { limit: 1, before: serializeCursor("runs", row) })).toEqual({ side: "before", row });
  });

  it.each([
    ["of another list", serializeCursor("messages", 1)],
    ["with a row that is no exact number", Buffer.from("runs:9007199254740993").toString("base64url")],
    ["with the row 0", Buffer.from("runs:0").toString("base64url")],
    ["of other text", "runs:1"],
  ])("%s is rejected", (_name, after) => {
    expect(catchThrown(() => parseCursor("runs", { limit: 1, after })).message).toBe(
      "after is not a cursor of this list",
    );
  });
});
