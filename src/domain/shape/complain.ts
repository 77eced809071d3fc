/** Called for each fault of what is read: where it is below the value, and what is wrong. */
export type Complain = (path: PropertyKey[], message: string) => void;

/** Returns a function that reports faults below a path. */
export function below(complain: Complain, ...base: PropertyKey[]): Complain {
  return (path, message) => complain([...base, ...path], message);
}
