/** Matches arguments that may contain an API key, or the password of a database as a value of any option. */
const SECRET_ARGUMENT = /^(?:--api-key|(?:-[^=]*=)?postgres(?:ql)?:)/i;

/** Returns whether a command line may contain a secret. */
export const hasSecretArgument = (argv: readonly string[]): boolean => argv.some((word) => SECRET_ARGUMENT.test(word));
