/** The kinds of resources that `knock new` creates. Each has a folder in `templates/` of the package. */
export const KINDS = ["workflow", "layout", "partial", "translation", "source"] as const;

export type Kind = (typeof KINDS)[number];

/** The templates of workflows, each a folder in `templates/workflow/`. */
export const WORKFLOW_TEMPLATES = ["batch", "digest", "reminder", "alert", "onboarding", "blank"] as const;

export type WorkflowTemplate = (typeof WORKFLOW_TEMPLATES)[number];
