"""What parameters() gives is used up by the optimizer, and nothing is left to clip."""
import torch
from torch import nn

torch.manual_seed(5)
model = nn.Linear(3, 1)
parameters = model.parameters()
optimizer = torch.optim.SGD(parameters, lr=1e-4)
for _ in range(12):
    x = torch.randn(16, 3) * 10
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
