/** The CI services for which `knock init` writes a workflow. */
export const CI_SERVICES = ["github"] as const;

export interface InitOptions {
  ci: (typeof CI_SERVICES)[number] | null;
}
