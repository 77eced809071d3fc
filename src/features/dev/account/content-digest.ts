import { toComparableText } from "../../../domain/resource/is-equal-document.js";
import { computeDigest } from "../../../util/ids.js";
import type { JsonObject } from "../../../util/json.js";

/** Returns a digest that is equal for contents that the account does not tell apart: line ends and the order of keys do not matter. */
export const computeContentDigest = (content: JsonObject): string => computeDigest(toComparableText(content));
