/** The CI services for which `knock init` writes jobs. */
export const CI_SERVICES = ["github", "gitlab"] as const;

export interface InitOptions {
  ci: (typeof CI_SERVICES)[number] | null;
}
