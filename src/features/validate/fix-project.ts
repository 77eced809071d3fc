import { readFileSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { isMap, isScalar, parseDocument } from "yaml";
import { buildValidationReport, toLocatedFindings, type ValidationReport } from "../../checks/project-finding.js";
import { writeFileAtomically } from "../../context/write-file-atomically.js";
import type { LocatedFinding } from "../../domain/validation/located-finding.js";
import { KnockError } from "../../errors/knock-error.js";
import { findProjectRoot, PROJECT_FILE } from "../../project/find-project.js";
import type { Project } from "../../project/open-project.js";
import { isScenarioFile } from "../../scenarios/list-scenario-files.js";
import { parsePointer } from "../../util/json.js";
import { findJsonKey, type KeyToken } from "../../util/json-location.js";
import { decodeUtf8, getErrorCode } from "../../util/text-file.js";

interface KeyLocation {
  /** The position of the key's value, counted from 1. */
  line: number;
  column: number;
  /** The JSON pointer to the value in its document. */
  pointer: string;
}

/** Returns the key at a path of YAML, or null if an alias or a merge leads to it. */
function findYamlKey(text: string, path: readonly (string | number)[]): KeyToken | null {
  const document = parseDocument(text, { prettyErrors: false });
  const owner: unknown = path.length <= 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (document.errors.length > 0 || !isMap(owner)) return null;
  const keys = owner.items.map(({ key }) => key);
  const key = keys.find((candidate) => isScalar(candidate) && candidate.value === path.at(-1));
  if (!isScalar(key) || !key.range) return null;
  const [start, end] = key.range;
  const siblings = keys.filter((other) => other !== key).map((other) => String(isScalar(other) ? other.value : other));
  return { key: String(key.value), start, end, siblings };
}

/**
 * Returns the text of a document with another name for one key. Only the characters of the key change. Returns null if
 * the key is not found, or if its object has the name already.
 */
async function renameKey(path: string, text: string, at: KeyLocation, name: string): Promise<string | null> {
  const parts = parsePointer(at.pointer);
  const isYaml = isScenarioFile(path);
  const token = isYaml ? findYamlKey(text, parts) : await findJsonKey(text, at);
  if (token === null) return null;
  const { key, start, end, siblings } = token;
  const last = String(parts.at(-1));
  // A key with @ refers to a file with the value of the key.
  const suffix = key === `${last}@` ? "@" : "";
  if (key !== `${last}${suffix}` || siblings.includes(name) || siblings.includes(`${name}@`)) return null;
  const quote = /^["']/.exec(text.slice(start, end))?.[0] ?? "";
  return `${text.slice(0, start)}${quote}${name}${suffix}${quote}${text.slice(end)}`;
}

/** A corrected key can reveal misspelled keys in its value. Its nesting is limited, so this is never reached by hand-written files. */
const MAX_ROUNDS = 20;

const BYTE_ORDER_MARK = "\uFEFF";

interface FixOptions {
  cwd: string;
  /** Checks the files as they are now. */
  validate(): Promise<ValidationReport>;
  open(): Promise<Project>;
  /** Forgets what was read, so that the next use reads the files again. */
  reopen(): void;
  warn(text: string): void;
}

/** Returns whether a real path is inside a folder. */
function isInside(folder: string, path: string): boolean {
  const inside = relative(realpathSync(folder), path);
  return inside !== "" && !isAbsolute(inside) && inside.split(sep)[0] !== "..";
}

/** Corrects keys in the files of a project, and remembers what it corrected. */
class ProjectFixer {
  readonly fixed: LocatedFinding[] = [];
  private readonly refused = new Set<string>();

  constructor(private readonly options: FixOptions) {}

  /** Returns whether a file was changed. */
  async fix(findings: readonly LocatedFinding[], folders: readonly string[]): Promise<boolean> {
    const byFile = new Map<string, LocatedFinding[]>();
    for (const finding of findings)
      if (finding.suggested_key !== undefined) byFile.set(finding.file, [...(byFile.get(finding.file) ?? []), finding]);
    const before = this.fixed.length;
    for (const [file, inFile] of byFile) await this.fixFile(file, inFile, folders);
    return this.fixed.length > before;
  }

  private async fixFile(file: string, findings: LocatedFinding[], folders: readonly string[]): Promise<void> {
    const path = resolve(this.options.cwd, file);
    if (!folders.some((folder) => isInside(folder, realpathSync(path)))) return this.refuse(file);
    const bytes = readFileSync(path);
    const decoded = decodeUtf8(bytes);
    if ("error" in decoded) return;
    let { text } = decoded;
    const corrected: LocatedFinding[] = [];
    // From the end of the file, so that the positions of the other findings stay valid.
    for (const finding of findings.sort((a, b) => b.line - a.line || b.column - a.column)) {
      const renamed = await renameKey(path, text, finding, finding.suggested_key as string);
      if (renamed === null) continue;
      text = renamed;
      corrected.unshift(finding);
    }
    if (corrected.length === 0) return;
    const hasMark = bytes.toString("utf8").startsWith(BYTE_ORDER_MARK);
    try {
      writeFileAtomically(path, `${hasMark ? BYTE_ORDER_MARK : ""}${text}`);
    } catch (error) {
      const code = getErrorCode(error) ?? "unknown error";
      throw new KnockError("usage", `--fix: ${file} could not be written (${code})`, { cause: error });
    }
    this.fixed.push(...corrected);
  }

  private refuse(file: string): void {
    if (!this.refused.has(file)) this.options.warn(`${file} is not changed, because it is outside of the project`);
    this.refused.add(file);
  }
}

/** Returns the findings about knock.json, without which no project can be opened, and its folder. */
function findProjectFileFindings(
  error: unknown,
  cwd: string,
): { findings: LocatedFinding[]; folders: string[] } | null {
  if (!(error instanceof KnockError) || error.code !== "project_invalid") return null;
  const findings = toLocatedFindings(error, PROJECT_FILE).filter(({ suggested_key }) => suggested_key !== undefined);
  const [first] = findings;
  const root = first === undefined ? null : findProjectRoot(dirname(resolve(cwd, first.file)));
  return root === null ? null : { findings, folders: [root] };
}

/**
 * Corrects unknown keys that have exactly one possible correction, and returns the report of the changed files.
 * Silenced findings are not fixed. Only the characters of keys change, and files outside of the project never do.
 */
export async function fixProject(options: FixOptions): Promise<ValidationReport> {
  const { validate, open, reopen, cwd } = options;
  const fixer = new ProjectFixer(options);
  for (let round = 0; ; round++) {
    try {
      const report = await validate();
      const { root, knockDir } = await open();
      if (round < MAX_ROUNDS && (await fixer.fix(report.findings, [root, knockDir]))) {
        reopen();
        continue;
      }
      return { ...report, fixed: buildValidationReport(fixer.fixed, { files: 0 }).findings };
    } catch (error) {
      const invalid = findProjectFileFindings(error, cwd);
      if (round >= MAX_ROUNDS || invalid === null || !(await fixer.fix(invalid.findings, invalid.folders))) throw error;
      reopen();
    }
  }
}
