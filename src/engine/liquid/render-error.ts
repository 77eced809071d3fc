/** A template that could not be rendered for the data at hand (E-192). */
export class RenderError extends Error {
  override readonly name = "RenderError";
}
