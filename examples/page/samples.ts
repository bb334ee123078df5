import type { Prediction, Sample } from "./messages.ts";

const SIDE = 8;

/** Draws test digits into a list and returns a function that writes readings below them. */
export function drawSamples(list: HTMLElement, samples: readonly Sample[]) {
  const items = samples.map((sample) => {
    const item = document.createElement("li");
    const text = document.createElement("span");
    text.textContent = "–";
    item.append(drawDigit(sample), text);
    return { item, text, label: sample.label };
  });
  list.replaceChildren(...items.map(({ item }) => item));
  return (predictions: readonly Prediction[]): void => {
    items.forEach(({ item, text, label }, i) => {
      const { digit, probability } = predictions[i]!;
      item.classList.toggle("wrong", digit !== label);
      const sure = `${Math.round(probability * 100)}%`;
      text.textContent = digit === label ? `${digit} · ${sure}` : `✗${digit} · ${sure}`;
    });
  };
}

/** Dark ink on white, as in the data: 0 is paper and 1 ink. */
function drawDigit({ pixels, label }: Sample): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = SIDE;
  canvas.height = SIDE;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `a handwritten ${label}`);
  const image = new ImageData(SIDE, SIDE);
  pixels.forEach((ink, i) => {
    const gray = Math.round(255 * (1 - ink));
    image.data.set([gray, gray, gray, 255], i * 4);
  });
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}
