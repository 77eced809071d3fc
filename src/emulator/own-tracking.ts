import type { Environment } from "../domain/environment/environment.js";

/** The local API receives clicks itself, unless the environment names who does: only that knows a name from outside. */
export class OwnTracking {
  private url: string | null = null;
  private laid: { environment: Environment; result: Environment } | undefined;

  listen(url: string): void {
    this.url = url;
  }

  over(environment: Environment): Environment {
    if (this.url === null || environment.tracking !== null) return environment;
    if (this.laid?.environment !== environment)
      this.laid = { environment, result: { ...environment, tracking: { base_url: this.url } } };
    return this.laid.result;
  }
}
