/**
 * A language that formatters accept. Chromium on Linux without a locale reports "en-US@posix", which
 * none does, and uPlot asks for it while it is loaded: the whole page would stop there. So it is
 * mended in place, and this module must be evaluated before uPlot.
 */
export const language = mendLanguage();

function mendLanguage(): string {
  try {
    new Intl.NumberFormat(navigator.language);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    Object.defineProperty(navigator, "language", { value: "en-US" });
  }
  return navigator.language;
}
