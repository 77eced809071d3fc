import type { JsonObject } from "../lib/json.js";
import type { Outline } from "../lib/outline.js";

/** A message of a scenario. */
export interface ReportedMessage {
  id: string;
  to: string;
  channel: { key: string; type: string };
  step: string;
  workflow: string;
  status: string;
  at: string;
  content: JsonObject;
  /** The content of its stored snapshot, if it differs. */
  previous: JsonObject | null;
}

interface Failure {
  step: number;
  subject: string;
  /** The comparison, and why the engine decided as it did. */
  text: string[];
  line: number;
}

export interface ReportedScenario {
  name: string;
  status: "passed" | "failed" | "broken" | "skipped";
  failures: Failure[];
  error: { message: string; hint: string | null; line: number } | null;
  skip: string | null;
  duration_ms: number;
  /** Null if the messages of all scenarios together are too long for a report. */
  messages: ReportedMessage[] | null;
}

const SHARES = ["steps", "branches", "conditions", "templates", "reasons"] as const;
type Shares = Record<(typeof SHARES)[number], { covered: number; total: number; percent: number }>;

/** A workflow with the parts that scenarios reached. */
export interface CoverageDiagram {
  key: string;
  outline: Outline;
  steps: Record<string, { isComplete: boolean; branches: number[] }>;
  missing: { step: string | null; text: string }[];
}

/** The problems that `--emails` found. */
export interface EmailReport {
  findings: {
    file: string;
    line: number;
    column: number;
    severity: "error" | "warning";
    code: string;
    message: string;
    hint?: string;
    messages: { scenario: string; to: string; message_id: string }[];
  }[];
  checked: number;
  silenced: number;
}

/** The results of `knock test`, which the reporter writes into the page. */
export interface ReportData {
  files: { file: string; scenarios: ReportedScenario[]; error: { message: string; hint: string | null } | null }[];
  summary: Record<"passed" | "failed" | "broken" | "skipped" | "files", number>;
  coverage: { total: Shares; workflows: (Shares & { workflow: string })[] } | null;
  diagrams: CoverageDiagram[];
  /** Null without `--emails`. */
  emails: EmailReport | null;
  duration_ms: number;
}

/** Returns the shares of a workflow as text, such as `steps 5 of 6`. */
export function formatShares(shares: Shares): string {
  return SHARES.filter((name) => shares[name].total > 0)
    .map((name) => `${name} ${shares[name].covered} of ${shares[name].total}`)
    .join(" · ");
}
