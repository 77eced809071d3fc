import { FINDING_CODES, isFindingCode } from "../domain/validation/finding-codes.js";
import type { LocatedFinding } from "../domain/validation/located-finding.js";
import { suggestNearest } from "../util/find-nearest.js";
import { TextPositions } from "../util/text-positions.js";

/** A rule that accepts findings with a code. Its location is that of the rule itself. */
export interface Silencer extends Omit<LocatedFinding, "code" | "message" | "hint"> {
  code: string;
  reason: string;
  covers(finding: LocatedFinding): boolean;
}

/** A finding that a silencer accepts. */
type SilencedFinding = LocatedFinding & { reason: string };

interface SilencedFindings {
  findings: LocatedFinding[];
  silenced: SilencedFinding[];
  /** The silencers that accepted nothing. */
  unused: Silencer[];
}

const COMMENT = /\{%-?\s*comment\s*-?%\}\s*knock-ignore\b(?<rule>(?:[^{]|\{(?!%))*)\{%-?\s*endcomment\s*-?%\}/gs;
const RULE = /^\s+(?<code>[\w-]+)\s*:\s*(?<reason>\S.*)$/s;

/**
 * Returns the silencers in the comments of a file. A comment covers its whole file; in a JSON file, which may contain many
 * templates, only its line. The code of an incomplete comment is empty.
 */
export function parseSilencerComments(file: string, text: string): Silencer[] {
  const positions = new TextPositions(text);
  return [...text.matchAll(COMMENT)].map((match): Silencer => {
    const { code = "", reason = "" } = RULE.exec(match.groups?.rule ?? "")?.groups ?? {};
    const { line, column } = positions.find(match.index);
    const isJson = file.endsWith(".json");
    const covers = (finding: LocatedFinding): boolean => finding.file === file && (!isJson || finding.line === line);
    return { code, reason: reason.trimEnd(), file, line, column, pointer: "", covers };
  });
}

/** Separates findings that a silencer accepts. A finding about a silencer itself cannot be silenced. */
export function applySilencers(findings: readonly LocatedFinding[], silencers: readonly Silencer[]): SilencedFindings {
  const unused = new Set(silencers);
  const kept: LocatedFinding[] = [];
  const silenced: SilencedFinding[] = [];
  for (const finding of findings) {
    const covering = silencers.filter(({ code, covers }) => code === finding.code && covers(finding));
    for (const silencer of covering) unused.delete(silencer);
    const [first] = covering;
    if (first === undefined) kept.push(finding);
    else silenced.push({ ...finding, reason: first.reason });
  }
  return { findings: kept, silenced, unused: [...unused] };
}

/** Returns the finding about a silencer that accepted nothing. */
export function describeUnusedSilencer({ code, file, line, column, pointer }: Silencer): LocatedFinding {
  const location = { file, line, column, pointer };
  if (code === "")
    return {
      ...location,
      code: "invalid_silencer",
      message: "the comment needs a code and a reason",
      hint: "Write {% comment %}knock-ignore CODE: reason{% endcomment %}.",
    };
  if (isFindingCode(code)) return { ...location, code: "unused_silencer", message: `no finding ${code} is silenced` };
  const suggestion = suggestNearest(code, Object.keys(FINDING_CODES));
  return { ...location, code: "invalid_silencer", message: `there is no finding code "${code}"${suggestion}` };
}
