import type { ProjectFinding, ValidationReport } from "../../checks/project-finding.js";
import { FINDING_CODES, type FindingCode } from "../../domain/validation/finding-codes.js";
import { FINDING_EXPLANATIONS, isExplainedFinding } from "../../domain/validation/finding-explanations.js";
import { ERROR_EXPLANATIONS } from "../../errors/error-explanations.js";

interface SarifOptions {
  version: string;
  /** Returns a path relative to the root of the repository. */
  toWorkspacePath(path: string): string;
}

/** Returns a path as a relative URI reference. A colon in its first segment would be read as a scheme. */
function formatUri(path: string): string {
  return path
    .split("/")
    .map((segment) => encodeURIComponent(segment))
    .join("/");
}

function formatRule(code: FindingCode) {
  const { meaning, fix } = isExplainedFinding(code) ? FINDING_EXPLANATIONS[code] : ERROR_EXPLANATIONS[code];
  return {
    id: code,
    shortDescription: { text: meaning },
    help: { text: [fix].flat().join(" ") },
    defaultConfiguration: { level: FINDING_CODES[code] },
  };
}

/** Returns a report as a SARIF 2.1.0 log, with a rule for each code that occurs. Silenced findings are suppressed results. */
export function formatSarif({ findings, silenced }: ValidationReport, { version, toWorkspacePath }: SarifOptions) {
  const codes = [...new Set([...findings, ...silenced].map(({ code }) => code))].sort();
  const formatResult = ({ code, severity, message, hint, ...location }: ProjectFinding) => ({
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: severity,
    message: { text: hint === undefined ? message : `${message}\n${hint}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: formatUri(toWorkspacePath(location.file)), uriBaseId: "%SRCROOT%" },
          region: { startLine: location.line, startColumn: location.column },
        },
        ...(location.pointer === "" ? {} : { logicalLocations: [{ fullyQualifiedName: location.pointer }] }),
      },
    ],
  });
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "knock validate", version, rules: codes.map(formatRule) } },
        columnKind: "utf16CodeUnits",
        results: [
          ...findings.map(formatResult),
          ...silenced.map(({ reason, ...finding }) => ({
            ...formatResult(finding),
            suppressions: [{ kind: "inSource", justification: reason }],
          })),
        ],
      },
    ],
  };
}
