import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, pointerOf } from "../../util/json.js";
import type { Condition } from "../condition/condition.js";
import { checkCondition } from "../condition/parse-conditions.js";
import type { Complain } from "../shape/complain.js";
import { placeOf } from "../shape/place.js";
import { anything, object, oneOf } from "../shape/shape.js";
import { checked } from "../step/step-context.js";
import { filledText } from "../step/step-shapes.js";
import type { Audience } from "./audience.js";

const envelope = object({ name: filledText, type: oneOf(["static", "dynamic"]), segments: anything });

/** E-394. */
const NOT_USABLE = ["recipient.created_at", "recipient.updated_at"];

function parseProperty(value: unknown, path: PropertyKey[], complain: Complain): string | null {
  if (typeof value !== "string" || value.trim() === "") {
    complain(path, "must be a property of users, such as recipient.plan");
    return null;
  }
  const variable = value.startsWith("recipient.") ? value : `recipient.${value}`;
  if (!NOT_USABLE.includes(variable)) return variable;
  complain(path, `${value} cannot be used in a segment`);
  return null;
}

function parseSegment(segment: unknown, path: PropertyKey[], complain: Complain): Condition[] {
  const list = isJsonObject(segment) ? segment.conditions : undefined;
  if (!Array.isArray(list) || list.length === 0) {
    complain(path, 'must be a segment such as { "conditions": [ … ] } with at least one condition');
    return [];
  }
  return list.flatMap((raw: unknown, index): Condition[] => {
    const here = [...path, "conditions", index];
    if (!isJsonObject(raw)) {
      complain(here, "must be a condition with property, operator and argument");
      return [];
    }
    const variable = parseProperty(raw.property, [...here, "property"], complain);
    if (variable === null) return [];
    const condition = { variable, operator: raw.operator, argument: raw.argument };
    checkCondition(condition, here, { refs: null }, complain);
    return [condition as Condition];
  });
}

/** An `audience.json` (section 15 of the format, F-034). Throws `project_invalid` with a pointer per fault; `shown` names the file. */
export function parseAudience(key: string, raw: unknown, shown: string): Audience {
  const details: ErrorDetail[] = [];
  const complain: Complain = (path, message) => {
    details.push({ pointer: pointerOf(path), message });
  };
  const value = checked(envelope, raw, [], complain);
  let segments: Condition[][] = [];
  if (value?.type === "dynamic") {
    if (Array.isArray(value.segments) && value.segments.length > 0)
      segments = value.segments.map((segment: unknown, index) => parseSegment(segment, ["segments", index], complain));
    else complain(["segments"], "needs at least one segment: the audience is dynamic");
  }
  const [first] = details;
  if (value !== null && first === undefined) return { key, name: value.name, type: value.type, segments };
  const summary = first ? `${placeOf(first.pointer)} ${first.message}` : "not valid";
  throw new KnockError("project_invalid", `${shown}: ${summary}`, { details });
}
