/** The variables below `vars` that the service provides, not the environment. */
export const BUILT_IN_VARIABLES: readonly string[] = [
  "branding",
  "manage_preferences_url",
  "commercial_unsubscribe_url",
];
