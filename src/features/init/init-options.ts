/** The CI services for which `knock init` writes jobs. */
export const CI_SERVICES = ["github", "gitlab"] as const;

/** The coding agents for which `knock init` installs the skill. */
export const AGENTS = ["claude", "codex", "copilot", "cursor", "gemini"] as const;

export interface InitOptions {
  ci: (typeof CI_SERVICES)[number] | null;
  /** Null if no files for coding agents are written, and empty for those that the repository uses. */
  agents: readonly (typeof AGENTS)[number][] | null;
  /** Whether changed files of the skill are replaced. */
  force: boolean;
}
