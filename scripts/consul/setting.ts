/** Value of an environment variable; one that is set to nothing counts as not set, as in a shell's `${NAME:-...}`. */
export function setting(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}
