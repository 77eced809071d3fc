import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { described, record } from "../schema/fields.js";
import { unionByType } from "../schema/union-by-type.js";

interface Texts {
  [key: string]: string | Texts;
}

/**
 * The schema of a JSON translation file: nested objects of texts. Other values are errors, because a number or a list
 * would be printed differently than written (F-036).
 */
export const translationSchema = once((): z.ZodMiniType<Texts> => {
  const texts: z.ZodMiniType<Texts> = record(
    unionByType("text or an object of texts", { text: () => z.string(), object: () => texts }),
  );
  return described(texts, "Translations: texts (Liquid) by key. Objects of texts nest.");
});
