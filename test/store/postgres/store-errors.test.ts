import pg from "pg";
import { describe, expect, it } from "vitest";
import { isTransient } from "../../../src/store/postgres/connection/store-errors.js";

/** The classes of SQLSTATEs that PostgreSQL defines. */
const CLASSES =
  "01 02 03 08 09 0A 0B 0F 0L 0P 0Z 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 53 54 55 57 58 F0 HV P0 XX".split(
    " ",
  );
/** Classes of errors that a value can cause: invalid values, and violated constraints. */
const VALUE_CLASSES = ["22", "23"];

describe("an error of the server", () => {
  it.each(CLASSES)("of class %s is transient unless a value can cause it", (name) => {
    for (const rest of ["000", "001", "P01"]) {
      const error = Object.assign(new pg.DatabaseError("injected", 8, "error"), { code: name + rest });
      expect(isTransient(error)).toBe(!VALUE_CLASSES.includes(name));
    }
  });
});
