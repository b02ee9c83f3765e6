"""From gradients to new weights: scaling, clipping and the optimizer's step."""

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

__all__: list[str] = []

_SKIPS = 20  # fp16 steps in a row that may overflow while the scale settles


class Updater:
    """The optimizer with what stands between it and the loss.

    Args:
        optimizer: Takes the steps.
        scaler: Keeps small fp16 gradients from vanishing, or None.
        clip: Longest gradient, or None.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        scaler: torch.amp.GradScaler | None,
        clip: float | None,
    ) -> None:
        self.optimizer, self.scaler, self.clip = optimizer, scaler, clip
        self.skipped = 0

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss to those that are there."""
        torch.autograd.backward(self.scaler.scale(loss) if self.scaler else loss)

    def step(self, model: nn.Module) -> bool:
        """Move the weights; False if fp16 overflows without end."""
        if self.clip is not None:
            if self.scaler:
                self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), self.clip)
        if self.scaler:
            self._scaled_step(self.scaler)
        else:
            self.optimizer.step()
        self.optimizer.zero_grad()
        return self.skipped <= _SKIPS

    def _scaled_step(self, scaler: torch.amp.GradScaler) -> None:
        """Step unless the gradients overflowed; the scaler then lowers its scale."""
        scale = scaler.get_scale()
        scaler.step(self.optimizer)
        scaler.update()
        self.skipped = self.skipped + 1 if scaler.get_scale() < scale else 0
