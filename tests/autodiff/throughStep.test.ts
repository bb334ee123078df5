import { grad, init, mul, square, sub, sum, type Tensor, tensor } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";

describe("differentiating through a step of gradient descent", () => {
  beforeAll(async () => {
    await init({ device: "cpu", precision: "float64" });
  });

  // Inner loss ½a(w - c)², so w' = w - η·a(w - c); outer loss ½(w' - d)².
  const [a, c, d] = [3, 0.5, -1];
  const inner = (w: Tensor) => mul(sum(square(sub(w, c))), a / 2);
  const outer = (w: Tensor, eta: Tensor) =>
    mul(sum(square(sub(sub(w, mul(eta, grad(inner)(w))), d))), 0.5);
  const [w, eta] = [2, 0.1];
  const stepped = w - eta * a * (w - c);

  it("gives the slope by where the step began", async () => {
    const slope = grad(outer)(tensor([w]), tensor(eta));
    expect((await slope.data())[0]).toBeCloseTo((stepped - d) * (1 - eta * a), 12);
  });

  it("and by its rate: a learned learning rate", async () => {
    const slope = grad((e: Tensor) => outer(tensor([w]), e))(tensor(eta));
    expect(await slope.item()).toBeCloseTo(-(stepped - d) * a * (w - c), 12);
  });

  it("also through five steps", async () => {
    const far = (start: Tensor): Tensor => {
      let at = start;
      for (let i = 0; i < 5; i++) at = sub(at, mul(grad(inner)(at), eta));
      return mul(sum(square(sub(at, d))), 0.5);
    };
    const shrink = (1 - eta * a) ** 5;
    const end = c + (w - c) * shrink;
    expect((await grad(far)(tensor([w])).data())[0]).toBeCloseTo((end - d) * shrink, 12);
  });
});
