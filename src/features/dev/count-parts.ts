import type { GuideSet } from "../../domain/guide/guide.js";
import { Translations } from "../../domain/template/translation.js";

/** Returns how many parts of a project a content has, some of which may be missing while files are written again. */
export function countParts(content: unknown): number {
  if (content === null) return 0;
  if (Array.isArray(content)) return content.length;
  if (content instanceof Translations) return content.files.length;
  const { guides, errors } = content as Partial<GuideSet>;
  return guides === undefined || errors === undefined ? 1 : guides.length + errors.size;
}
