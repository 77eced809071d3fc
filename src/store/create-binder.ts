import type { Store } from "../ports/store.js";

/** The names of the methods of a store that return promises. */
type MethodName = {
  [Name in keyof Store]: Store[Name] extends (...args: never[]) => Promise<unknown> ? Name : never;
}[keyof Store];

type Result<Name extends MethodName> = ReturnType<Store[Name]> | Awaited<ReturnType<Store[Name]>>;

/** Functions with the names of methods. Before the arguments of the method, each takes what the store gives it. */
type Operations<Given extends readonly unknown[], Name extends MethodName> = {
  [One in Name]: (...args: [...Given, ...Parameters<Store[One]>]) => Result<One>;
};

/** Returns methods of a store that call the operations with the same names. */
type Binder<Given extends readonly unknown[]> = <Name extends MethodName>(
  operations: Operations<Given, Name>,
) => Pick<Store, Name>;

/**
 * Returns a function that makes methods of operations. `provide` calls each operation with what the store gives it, such as its
 * connection or a transaction.
 */
export function createBinder<Given extends readonly unknown[]>(
  provide: (use: (...given: Given) => unknown) => Promise<unknown>,
): Binder<Given> {
  return (operations) => {
    const bind = (operation: (...args: never[]) => unknown) => {
      const call = operation as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => provide((...given) => call(...given, ...args));
    };
    const entries = Object.entries<(...args: never[]) => unknown>(operations);
    return Object.fromEntries(entries.map(([name, operation]) => [name, bind(operation)])) as never;
  };
}
