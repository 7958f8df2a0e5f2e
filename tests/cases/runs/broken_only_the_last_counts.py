"""Accumulation of 4 with losses divided, but zero_grad runs for each micro batch: only the last counts."""
import torch
from torch import nn

torch.manual_seed(9)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
x = torch.rand(128, 4)
for step in range(10):
    for k in range(4):
        optimizer.zero_grad()
        part = x[32 * k : 32 * k + 32]
        loss = nn.functional.mse_loss(model(part), part.sum(1, keepdim=True)) / 4
        loss.backward()
    optimizer.step()
