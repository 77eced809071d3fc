import type * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { describeInvalidType } from "./describe-issue.js";
import { memoizeSchema, variant } from "./variant.js";

type JsonType = "text" | "number" | "flag" | "list" | "object";
type Members = { readonly [K in JsonType]?: () => z.ZodMiniType };
type Output<M extends Members> = { [K in keyof M]: M[K] extends () => infer S ? z.output<S> : never }[keyof M];

function findJsonType(value: unknown): JsonType | undefined {
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "flag";
  return Array.isArray(value) ? "list" : isJsonObject(value) ? "object" : undefined;
}

/**
 * Returns a schema for values whose JSON type selects the member, such as an ID or an object with an ID. Findings are
 * those of the selected member, whereas zod's unions only report that no member matches. `expected` names the valid
 * types in the error. A member is built when the first value of its type is checked.
 */
export function unionByType<M extends Members>(expected: string, members: M): z.ZodMiniType<Output<M>> {
  const describeMismatch = (value: unknown) => ({ path: [], message: describeInvalidType(expected, value) });
  const getSchema = memoizeSchema((member: () => z.ZodMiniType) => member());
  return variant({
    members: () => Object.values(members).map(getSchema),
    choose(value) {
      const type = findJsonType(value);
      const member = type === undefined ? undefined : members[type];
      return member === undefined ? describeMismatch(value) : getSchema(member);
    },
  });
}
