/** PyTorch's option names in tapegrad's spelling: `T_max` is `tMax`. */
export const camelCase = (name: string): string =>
  (name.charAt(0).toLowerCase() + name.slice(1)).replace(/_(.)/g, (_, c: string) =>
    c.toUpperCase(),
  );
