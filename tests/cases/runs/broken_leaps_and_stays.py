"""Adam with a learning rate that was meant for another optimizer: the first step throws all weights away."""
import torch
from torch import nn

torch.manual_seed(13)
model = nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1.0)
x = torch.randn(48, 6)
for _ in range(18):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
