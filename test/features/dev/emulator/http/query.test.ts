import { describe, expect, it } from "vitest";
import { toApiError } from "../../../../../src/features/dev/emulator/http/api-error.js";
import { Query } from "../../../../../src/features/dev/emulator/http/query.js";

const refusal = (field: string) =>
  expect.objectContaining({ status: 422, errors: [expect.objectContaining({ field })] });

function thrown(request: () => unknown): unknown {
  try {
    request();
  } catch (error) {
    return toApiError(error);
  }
  throw new Error("nothing was thrown");
}

describe("Query", () => {
  it("finds nested names with dots and in brackets (A-061)", () => {
    for (const search of ["?inserted_at.gt=2025-01-01T00:00:00Z", "?inserted_at%5Bgt%5D=2025-01-01T00:00:00Z"])
      expect(new Query(search).bounds("inserted_at")).toEqual({ gt: Date.UTC(2025, 0, 1) });
    expect(new Query("?query_options[$filter]=x").text("query_options.$filter")).toBe("x");
  });

  it("returns each known value once if it is repeated", () => {
    const many = Array.from({ length: 2_000 }, (_, index) => `status[]=${index % 2 === 0 ? "read" : "seen"}`);
    expect(new Query(`?${many.join("&")}`).choices("status", ["seen", "read"])).toEqual(["read", "seen"]);
  });

  it("limits the pairs of trigger data", () => {
    const of = (count: number): Query => {
      const pairs = Array.from({ length: count }, (_, index) => [`k${index}`, index]);
      return new Query(`?trigger_data=${JSON.stringify(Object.fromEntries(pairs))}`);
    };
    expect(Object.keys(of(100).scalars() ?? {})).toHaveLength(100);
    expect(thrown(() => of(101).scalars())).toEqual(refusal("trigger_data"));
  });

  it("accepts repeated names as lists, and rejects indices (A-060)", () => {
    expect(new Query("?a[]=1&a[]=2&b[]=3").list("a")).toEqual(["1", "2"]);
    expect(new Query("?a=1").list("a")).toEqual(["1"]);
    expect(new Query("?b=1").list("a")).toBeUndefined();
    expect(thrown(() => new Query("?a[0]=1").list("a"))).toEqual(refusal("a"));
    expect(thrown(() => new Query("?a[]=1&a[]=2").list("a", 1))).toEqual(refusal("a"));
  });

  it("parses references in every format (A-060, A-408)", () => {
    const search = "?r[]=ada&r[0][id]=p1&r[0][collection]=projects&r[1][id]=bo&r[2]=cy";
    expect(new Query(search).references("r")?.toSorted()).toEqual([
      "$users/ada",
      "$users/bo",
      "$users/cy",
      "projects/p1",
    ]);
    expect(new Query("?r=ada").reference("r")).toBe("$users/ada");
    expect(new Query("?r[id]=p1&r[collection]=projects").reference("r")).toBe("projects/p1");
    expect(new Query(`?r=${encodeURIComponent('{"id":"p1","collection":"projects"}')}`).reference("r")).toBe(
      "projects/p1",
    );
    for (const wrong of ["?r=a/b", "?r[id]=a%23", "?r={}"])
      expect(thrown(() => new Query(wrong).reference("r"))).toEqual(refusal("r"));
  });

  it("parses an object as JSON or in brackets (A-062)", () => {
    const wanted = { id: "acme", collection: "$tenants" };
    expect(new Query('?o={"object_id":"acme","collection":"$tenants"}').object("o")).toEqual(wanted);
    expect(new Query("?o[object_id]=acme&o[collection]=$tenants").object("o")).toEqual(wanted);
    for (const wrong of ["", "?o=x", "?o={}", "?o[object_id]=acme"])
      expect(thrown(() => new Query(wrong).object("o"))).toEqual(refusal("o"));
  });

  it("parses pagination parameters (A-070, Q-8, Q-11)", () => {
    expect(new Query("").page()).toEqual({ limit: 50, after: undefined, before: undefined });
    expect(new Query("?page_size=7&after=a&before=b").page()).toEqual({ limit: 7, after: "a", before: undefined });
    for (const wrong of ["0", "51", "x", "1e1", "-1", "1.5"])
      expect(
        thrown(() => new Query(`?page_size=${wrong}`).page()),
        wrong,
      ).toEqual(refusal("page_size"));
  });

  it("accepts only booleans and known values", () => {
    expect([new Query("?f=true").flag("f"), new Query("?f=false").flag("f"), new Query("?f=").flag("f")]).toEqual([
      true,
      false,
      undefined,
    ]);
    expect(thrown(() => new Query("?f=1").flag("f"))).toEqual(refusal("f"));
    expect(thrown(() => new Query("?m=x").choice("m", ["a"]))).toEqual(refusal("m"));
    expect(thrown(() => new Query("").required("w"))).toEqual(refusal("w"));
  });
});
