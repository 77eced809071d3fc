import type * as z from "zod/mini";
import type { stepPreviewSchema } from "./step-preview-schema.js";

/**
 * The content that a channel step would send, or the response to a step that sends a request, without a run. Nothing is
 * stored.
 */
export type StepPreview = z.infer<typeof stepPreviewSchema>;
