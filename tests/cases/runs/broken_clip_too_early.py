"""The gradients are clipped before there are any."""
import torch
from torch import nn

torch.manual_seed(4)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
for _ in range(12):
    x = torch.randn(16, 3) * 10
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    loss.backward()
    optimizer.step()
