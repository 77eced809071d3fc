/** Thrown by the code generator for a template that liquidjs has to render. `reason` names the tag, filter or variable. */
export class UnsupportedTemplateError extends Error {
  constructor(readonly reason: string) {
    super(`the code generator does not support ${reason}`);
  }
}
