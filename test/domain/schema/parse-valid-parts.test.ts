import { expect, it } from "vitest";
import { parseValidParts } from "../../../src/domain/schema/parse-valid-parts.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { Json, JsonObject } from "../../../src/util/json.js";

it("reports many thousands of invalid parts in linear time", async () => {
  const count = 60_000;
  const document: JsonObject = Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, index]));
  let reported = 0;
  const parse = (rest: Json): number => {
    const details = Object.keys(rest as JsonObject).map((key) => ({ pointer: `/${key}`, message: "is invalid" }));
    if (details.length > 0) throw new KnockError("project_invalid", "invalid", { details });
    return 0;
  };
  const report = ({ details }: KnockError): void => {
    reported += details.length;
  };
  expect(await parseValidParts(document, parse, { report })).toBe(0);
  expect(reported).toBe(count);
});
