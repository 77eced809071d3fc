import type { Context, Liquid } from "liquidjs";

/** The variables of a scope by name. */
type Variables = Record<string, unknown>;

/** Returns the scopes of a context, which are private in the types of liquidjs. */
export const getScopes = (context: Context): Variables[] => (context as unknown as { scopes: Variables[] }).scopes;

/** The variables of one rendering of a compiled template. A context of liquidjs is created when it is first needed. */
export class Frame {
  private constructor(
    /** The scope that the text is rendered with. */
    readonly environment: Variables,
    /** Limits the output in characters. */
    readonly maxOutput: number,
    private ownContext: Context | null,
    /** The variables that this text and earlier ones assigned. Null before the first of them is needed. */
    private assigned: Variables | null,
    private readonly createContext: (scope: Variables) => Context,
  ) {}

  /** Opens a frame for a text that shares no variables with others. */
  static forScope(scope: Variables, maxOutput: number, createContext: (scope: Variables) => Context): Frame {
    return new Frame(scope, maxOutput, null, null, createContext);
  }

  /** Opens a frame for a text that is rendered in a context, where earlier texts can have assigned variables. */
  static forContext(context: Context, maxOutput: number): Frame {
    return new Frame(context.environments, maxOutput, context, context.bottom(), () => context);
  }

  /** The variables that this text and earlier ones assigned. */
  get variables(): Variables {
    this.assigned ??= Object.create(null) as Variables;
    return this.assigned;
  }

  /** Returns the variables that earlier texts assigned. Null without any, so that no time is spent on looking for them. */
  findEarlierVariables(): Variables | null {
    for (const _name in this.assigned) return this.assigned;
    return null;
  }

  get context(): Context {
    if (this.ownContext === null) {
      this.ownContext = this.createContext(this.environment);
      getScopes(this.ownContext)[0] = this.variables;
    }
    return this.ownContext;
  }

  /** Keeps where a loop ended, from where `offset: continue` of a later text continues. */
  saveLoopEnd(register: string, end: number): void {
    this.ownContext?.setRegister(register, end);
  }

  /** Returns whether a text that was rendered in this context ended with `break` or `continue`, which also ends this text. */
  isInterrupted(): boolean {
    return this.ownContext !== null && (this.ownContext.breakCalled || this.ownContext.continueCalled);
  }
}

/** The `this` of a filter. Most filters do not read the context. */
export class FilterSelf {
  constructor(
    private readonly frame: Frame,
    readonly token: unknown,
    readonly liquid: Liquid,
  ) {}

  get context(): Context {
    return this.frame.context;
  }
}
