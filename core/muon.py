"""The Muon optimizer for weight matrices: each step moves a matrix by its orthogonalized momentum.

A tiny model that sees its text only a few times learns about twice as much per step with it as with AdamW.
The method: K. Jordan, "Muon: an optimizer for hidden layers in neural networks" (2024); written anew here so that
matrices of one shape are worked on together and in a precision that the CPU is fast in.
"""

from collections.abc import Iterable

import torch

# Odd polynomial a·x + b·x³ + c·x⁵ whose repeated use pulls all singular values towards 1 (Jordan 2024).
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ROUNDS = 5


class Muon(torch.optim.Optimizer):
    """Momentum, then orthogonalization; for two-dimensional parameters only (not for embeddings)."""

    def __init__(
        self, parameters: Iterable[torch.nn.Parameter], lr: float, momentum: float, compute_dtype: torch.dtype
    ) -> None:
        by_shape: dict[torch.Size, list[torch.nn.Parameter]] = {}
        for parameter in parameters:
            by_shape.setdefault(parameter.shape, []).append(parameter)
        self._compute_dtype = compute_dtype
        super().__init__([{"params": group} for group in by_shape.values()], {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step from the gradients that every parameter must have."""
        for group in self.param_groups:
            parameters, momentum = group["params"], group["momentum"]
            gradients = torch.stack([parameter.grad for parameter in parameters])
            state = self.state[parameters[0]]
            average = state.setdefault("average", torch.zeros_like(gradients))
            average.lerp_(gradients, 1 - momentum)
            directions = orthogonalized(gradients.lerp(average, momentum).to(self._compute_dtype))
            rows, columns = parameters[0].shape
            scale = max(1.0, rows / columns) ** 0.5
            for parameter, direction in zip(parameters, directions, strict=True):
                parameter.add_(direction.to(parameter.dtype), alpha=-group["lr"] * scale)


def orthogonalized(matrices: torch.Tensor) -> torch.Tensor:
    """Matrices (count, rows, columns) with the same singular vectors and singular values near 1."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(ROUNDS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x
