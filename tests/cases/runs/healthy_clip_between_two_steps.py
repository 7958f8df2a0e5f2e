"""One backward for two optimizers, and each clips what it is about to step."""
import torch
from torch import nn

torch.manual_seed(9)
body, head = nn.Linear(4, 8), nn.Linear(8, 1)
optimizers = {module: torch.optim.SGD(module.parameters(), lr=0.01) for module in (body, head)}
for _ in range(14):
    x = torch.randn(16, 4)
    for optimizer in optimizers.values():
        optimizer.zero_grad()
    nn.functional.mse_loss(head(body(x).tanh()), x.sum(1, keepdim=True)).backward()
    for module, optimizer in optimizers.items():
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
