import type * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { describeType, describeValue } from "./describe-issue.js";
import { builtOnce, variant } from "./variant.js";

interface DiscriminatorOptions<M> {
  /** What an unknown name is called in errors, such as "step type". Without it, errors list the valid names. */
  what?: string;
  /** The sentence for a value that is not an object. */
  expected?: string;
  /** Builds the schema of the fields that all members have: it checks an object that names none of them. */
  common?(): z.ZodMiniType;
  /** Returns the schema of a member. Without it, members are functions that build their schemas. */
  build?(member: M): z.ZodMiniType;
}

type OutputOf<M> = M extends () => z.ZodMiniType<infer T> ? T : unknown;

function unknownName(name: unknown, names: readonly string[], what: string | undefined): string {
  if (what === undefined) return describeValue(names, name);
  const near = typeof name === "string" ? nearest(name, names) : undefined;
  return `is not a known ${what}: ${JSON.stringify(name)}${near === undefined ? "" : `; did you mean "${near}"?`}`;
}

/**
 * Returns a schema for objects that name their kind in the field `discriminator`. Members are read at each check, and only the
 * schema of the one that is named is built.
 */
export function discriminated<M>(
  discriminator: string,
  members: Readonly<Record<string, M>>,
  { what, expected, common, build = (member) => (member as () => z.ZodMiniType)() }: DiscriminatorOptions<M> = {},
): z.ZodMiniType<OutputOf<M>> {
  const schemaOf = builtOnce(build);
  return variant({
    discriminator: { field: discriminator, names: () => Object.keys(members) },
    members: () => Object.values(members).map(schemaOf),
    choose(value) {
      if (!isJsonObject(value)) {
        return { path: [], message: expected ?? describeType("object", value) };
      }
      const name = value[discriminator];
      if (typeof name === "string" && Object.hasOwn(members, name)) return schemaOf(members[name] as M);
      const message = unknownName(name, Object.keys(members), what);
      return { path: [discriminator], message, common: common?.() };
    },
  });
}
