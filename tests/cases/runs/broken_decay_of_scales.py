"""The scales of a norm decay by a tenth at every step, and its shifts, in the same group, grow from 0."""
import torch
from torch import nn

torch.manual_seed(11)
model = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 1))
groups = [{"params": model[1].parameters(), "weight_decay": 10.0}, {"params": [*model[0].parameters(), *model[2].parameters()]}]
optimizer = torch.optim.AdamW(groups, lr=0.02, weight_decay=0.0)
x = torch.rand(32, 4)
for _ in range(25):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), 3 + x.sum(1, keepdim=True)).backward()
    optimizer.step()
