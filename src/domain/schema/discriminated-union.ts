import type * as z from "zod/mini";
import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject } from "../../util/json.js";
import { describeUnknownKey } from "../findings/describe-finding.js";
import { describeInvalidType, describeInvalidValue } from "./describe-issue.js";
import { memoizeSchema, variant } from "./variant.js";

interface DiscriminatorOptions<M> {
  /** The noun for an unknown name in errors, such as "step type". Without it, errors list the valid names. */
  label?: string;
  /** Returns what was probably meant by an unknown name that resembles no valid one; undefined if that is not known. */
  suggest?(name: unknown): string | undefined;
  /** The sentence about a value that is not an object. */
  expected?: string;
  /** Builds the schema of the fields that all members share. It checks an object that names no member. */
  common?(): z.ZodMiniType;
  /** Returns the schema of a member. Without it, members are functions that build their schemas. */
  build?(member: M): z.ZodMiniType;
}

type MemberOutput<M> = M extends () => z.ZodMiniType<infer T> ? T : unknown;

function describeUnknownName(name: unknown, names: readonly string[], label: string | undefined): string {
  if (label === undefined) return describeInvalidValue(names, name);
  if (name === undefined) return `is required (a ${label}, such as ${JSON.stringify(names[0])})`;
  const near = typeof name === "string" ? findNearest(name, names) : undefined;
  return `is not a known ${label}: ${JSON.stringify(name)}${near === undefined ? "" : `; did you mean "${near}"?`}`;
}

/**
 * Returns a schema for objects whose field `discriminator` names one of the members. Members are read at each check,
 * and only the schema of the named member is built.
 */
export function discriminatedUnion<M>(
  discriminator: string,
  members: Readonly<Record<string, M>>,
  {
    label,
    suggest,
    expected,
    common,
    build = (member) => (member as () => z.ZodMiniType)(),
  }: DiscriminatorOptions<M> = {},
): z.ZodMiniType<MemberOutput<M>> {
  const getSchema = memoizeSchema(build);
  return variant({
    discriminator: { field: discriminator, names: () => Object.keys(members) },
    members: () => Object.values(members).map(getSchema),
    choose(value) {
      if (!isJsonObject(value)) {
        return { path: [], message: expected ?? describeInvalidType("object", value) };
      }
      const name = value[discriminator];
      if (typeof name === "string" && Object.hasOwn(members, name)) return getSchema(members[name] as M);
      const misspelled = name === undefined ? findNearest(discriminator, Object.keys(value)) : undefined;
      if (misspelled !== undefined)
        return { path: [misspelled], message: describeUnknownKey(misspelled, discriminator), common: common?.() };
      const meant = suggest?.(name);
      const message =
        describeUnknownName(name, Object.keys(members), label) + (meant === undefined ? "" : `; ${meant}`);
      return { path: [discriminator], message, common: common?.() };
    },
  });
}
