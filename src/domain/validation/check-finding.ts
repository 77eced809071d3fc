import type { Finding } from "../schema/finding.js";
import type { FindingCode } from "./finding-codes.js";

/** A finding of a check: its code, its path below the document, and a sentence without the location. */
export interface CheckFinding extends Finding {
  code: FindingCode;
}
