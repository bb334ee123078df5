export const isPlain = (x: unknown): x is Record<string, unknown> =>
  typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/** The path of a part of a tree. */
export const below = (path: string, key: string, isArray: boolean): string =>
  isArray ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;

/** Calls `f` on every leaf with its path (`.loss`, `[0]`) and rebuilds the same structure. */
export function mapTree(
  tree: unknown,
  f: (leaf: unknown, path: string) => unknown,
  path = "",
): unknown {
  if (Array.isArray(tree)) return tree.map((x, i) => mapTree(x, f, below(path, `${i}`, true)));
  if (isPlain(tree)) {
    return Object.fromEntries(
      Object.entries(tree).map(([k, x]) => [k, mapTree(x, f, below(path, k, false))]),
    );
  }
  return f(tree, path);
}

/** The leaves in a fixed order, with their paths. */
export function leavesOf(tree: unknown): { leaf: unknown; path: string }[] {
  const found: { leaf: unknown; path: string }[] = [];
  mapTree(tree, (leaf, path) => {
    found.push({ leaf, path });
    return leaf;
  });
  return found;
}
