/** The error of a template that cannot be rendered with the data of a run (E-192). */
export class RenderError extends Error {
  override readonly name = "RenderError";
}
