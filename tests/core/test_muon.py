"""The optimizer of the practice model's schooling."""

import pytest
import torch

from core.muon import Muon, orthogonalized


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 32, 8), (2, 8, 32)])
def test_singular_values_are_drawn_towards_one(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalized(torch.randn(shape)))
    assert values.max() < 1.3
    assert values.median() > 0.6


def test_a_matrix_finds_its_target() -> None:
    torch.manual_seed(0)
    target = torch.randn(8, 8)
    weight = torch.nn.Parameter(torch.zeros(8, 8))
    optimizer = Muon([weight], lr=0.05, momentum=0.9, compute_dtype=torch.float32)
    start = (weight - target).norm().item()
    for _ in range(100):
        optimizer.zero_grad()
        ((weight - target) ** 2).sum().backward()
        optimizer.step()
    assert (weight - target).norm().item() < 0.2 * start
