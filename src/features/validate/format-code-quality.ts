import type { ValidationReport } from "../../checks/project-finding.js";
import { hashSha256 } from "../../util/hash.js";

/** The severities of GitLab's code quality reports. */
const SEVERITIES = { error: "major", warning: "minor" } as const;

/** Returns the findings of a report as a code quality report of GitLab. Silenced findings are left out. */
export function formatCodeQuality({ findings }: ValidationReport, toWorkspacePath: (path: string) => string) {
  const counts = new Map<string, number>();
  return findings.map(({ code, severity, message, hint, file, line, pointer }) => {
    const path = toWorkspacePath(file);
    // Lines move with every edit, and GitLab shows only the first finding of a fingerprint.
    const key = JSON.stringify([code, path, pointer, message]);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return {
      description: hint === undefined ? message : `${message} ${hint}`,
      check_name: code,
      fingerprint: Buffer.from(hashSha256(`${key} ${count}`)).toString("hex"),
      severity: SEVERITIES[severity],
      location: { path, lines: { begin: line } },
    };
  });
}
