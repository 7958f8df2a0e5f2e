"""Each element of the gradients is clipped, and only once the step has used them."""
import torch
from torch import nn

torch.manual_seed(8)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
for _ in range(12):
    x = torch.randn(16, 3) * 10
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
    nn.utils.clip_grad_value_(model.parameters(), 0.01)
