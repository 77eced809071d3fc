import type { FindingCode } from "./finding-codes.js";

/** The part of a finding that its code does not determine. Line and column are counted from 1. */
export interface LocatedFinding {
  code: FindingCode;
  message: string;
  /** The display path. */
  file: string;
  line: number;
  column: number;
  pointer: string;
  hint?: string | undefined;
  /** The only possible correction of an unknown key, which `--fix` applies. */
  suggested_key?: string | undefined;
}

/** Returns a finding as one line: `workflow.json:12:7: settings: unknown key "is_comercial"`. */
export const formatLocatedFinding = ({
  file,
  line,
  column,
  message,
}: Pick<LocatedFinding, "file" | "line" | "column" | "message">): string => `${file}:${line}:${column}: ${message}`;
