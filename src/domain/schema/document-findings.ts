import type { ErrorCode } from "../../errors/error-codes.js";
import type { ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { getValueAtPath, parsePointer, toPointer } from "../../util/json.js";
import { createDocumentError } from "../findings/document-error.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { mergeMisspelledKeys, type UnknownKey } from "./misspelled-keys.js";

/** Collects the findings of one document without duplicates. */
export class DocumentFindings {
  details: ErrorDetail[] = [];
  private readonly seen = new Set<string>();

  /**
   * `document` adds to each finding the string, number or other simple value that it is about. Project files do not
   * pass it, because they may contain secrets.
   */
  constructor(private readonly document?: unknown) {}

  readonly add: ReportFinding = (path, message, suggestedKey) => {
    const value = getValueAtPath(this.document, path.map(String));
    const isSimple = value === null || ["string", "number", "boolean"].includes(typeof value);
    this.addDetail({
      pointer: toPointer(path),
      message,
      ...(isSimple ? { value } : {}),
      ...(suggestedKey === undefined ? {} : { suggested_key: suggestedKey }),
    });
  };

  addDetail(detail: ErrorDetail): void {
    const id = `${detail.pointer} ${detail.message}`;
    if (this.seen.has(id)) return;
    this.seen.add(id);
    this.details.push(detail);
  }

  /**
   * Replaces findings about missing keys by the unknown keys that were probably meant for them. Returns the other unknown
   * keys.
   */
  mergeMisspelledKeys(unknownKeys: readonly UnknownKey[]): UnknownKey[] {
    const found = this.details.map((detail) => ({
      path: parsePointer(detail.pointer),
      message: detail.message,
      detail,
    }));
    const merged = mergeMisspelledKeys(found, unknownKeys);
    this.details = [];
    this.seen.clear();
    for (const finding of merged.findings) {
      if ("detail" in finding) this.addDetail(finding.detail);
      else this.add(finding.path, finding.message, finding.suggestedKey);
    }
    return merged.unknownKeys;
  }

  get isEmpty(): boolean {
    return this.details.length === 0;
  }

  /** Returns whether a part of the document has no finding: none at its path, below it or above it. */
  isValid(path: PropertyKey[]): boolean {
    const pointer = `${toPointer(path)}/`;
    return !this.details.some(
      (detail) => pointer.startsWith(`${detail.pointer}/`) || `${detail.pointer}/`.startsWith(pointer),
    );
  }

  /**
   * Returns the error whose message contains the first finding and whose details list all of them. `documentName` names
   * the file.
   */
  toError(
    documentName: string,
    code: ErrorCode,
    buildHint?: (first: ErrorDetail | undefined) => string | undefined,
  ): KnockError {
    return createDocumentError(code, documentName, this.details, buildHint?.(this.details[0]));
  }
}
